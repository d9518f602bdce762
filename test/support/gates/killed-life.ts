/**
 * One life of an access on the real parts, in which the bot may die at one effect: people try again where nothing seemed
 * to happen, as people do.
 */
import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { of } from '../wiki-life.ts';
import { type Bot, openWorld, type World } from '../world.ts';
import { openGates, type When } from './gates.ts';

export type Whom = 'process' | 'group';

export type Death = { readonly effect: string; readonly when: When; readonly whom: Whom };

/** `end`: it lasts six seconds. `done`: it may last long, and the requester gives it back once it is active. */
export type Ending = 'end' | 'done';

export type Lived = AsyncDisposable & {
  readonly world: World;
  readonly id: string;
  /** Every effect, in order, each named once. */
  readonly effects: readonly string[];
  readonly died: boolean;
  /** The bot that stood at the end. */
  readonly bot: Bot;
};

export async function live(ending: Ending, death?: Death): Promise<Lived> {
  await using parts = new AsyncDisposableStack();
  const world = parts.use(await openWorld());
  const gates = parts.use(
    await openGates({ redisUrl: world.redis.url, awsUrl: world.aws.url, slackUrl: world.slack.apiUrl }),
  );
  let bot = await world.startBot(gates.env);
  await world.slack.waitFor(() => audited(world).includes(2), 15_000);

  const effects: string[] = [];
  let reborn: Promise<void> | undefined;
  const die = (): void => {
    const gone = bot.kill(death?.whom);
    gates.keeper = () => undefined;
    reborn = gone.then(async () => {
      bot = await world.startBot(gates.env);
    });
    // Whoever awaits it hears of it.
    reborn.catch(() => {});
  };
  const seen = (named: string): boolean => {
    // The second time that a role is assumed is the proof that it is refused.
    const effect = named === 'aws AssumeRole' && effects.includes(named) ? `${named} again` : named;
    if (effects.includes(effect)) return false;
    effects.push(effect);
    return effect === death?.effect;
  };
  gates.keeper = (effect) =>
    seen(effect) && death !== undefined ? { when: death.when, kill: die } : undefined;
  // Messages are edited only while they are behind: a life in which each edit is made is one whose AWS waits for them.
  if (death === undefined || death.effect.startsWith('slack')) {
    gates.holdAws = async (effect) => {
      if (effect !== 'aws CreateRole' && effect !== 'aws PutRolePolicy revoked') return;
      for (const until = Date.now() + 5_000; reborn === undefined && Date.now() < until; await wait(20)) {
        if ((await world.withRedis((redis) => redis.scard('{prod-access}:untold'))) === 0) return;
      }
    };
  }
  const watcher = parts.adopt(
    watchSandboxes(`${world.dir}/data`, (effect) => {
      if (reborn === undefined && seen(effect)) die();
    }),
    (each) => each.close(),
  );

  /** Acts and waits for an entry. Only where the bot died meanwhile is there something to do once more. */
  const insist = async (action: string, act: () => Promise<unknown>): Promise<string> => {
    for (;;) {
      await reborn;
      const before = reborn;
      await act();
      const deadline = Date.now() + 30_000;
      let id: string | undefined;
      do {
        if (before !== reborn) await reborn;
        else await wait(30);
        id = (await world.entries()).find((each) => each.action === action)?.access;
      } while (id === undefined && before === reborn && Date.now() < deadline);
      if (id !== undefined) return id;
      if (before === reborn) throw new Error(`no ${action} within 30 s:\n${bot.output().slice(-3_000)}`);
    }
  };
  const say = (text: string) => () =>
    world.slack.human.command('U0ANA', 'C0GENERAL', '/prod-access', text).catch(() => {});

  const lasts = ending === 'end' ? '6s' : '10m';
  const id = await insist('access.requested', say(`wiki ${lasts} the wiki is down and must be read`));
  await insist('vote.approved', async () => {
    const card = await world.slack.waitFor(() => cards(world, id)[0], 30_000);
    await world.slack.human.click('U0LEA', { channel: 'C0APPROVE', ts: card.ts }, 'approve').catch(() => {});
  });
  if (ending === 'done') {
    await world.untilEntry(of(id, 'access.active'), 40_000);
    await insist('access.ending', say(`done ${id}`));
  }
  await world.untilEntry(of(id, 'access.revoked'), 60_000);
  await world.slack.waitFor(() => direct(world, 'over').length > 0, 30_000);
  await wait(300);
  watcher.close();
  await reborn;
  const owned = parts.move();
  return {
    world,
    id,
    effects,
    died: reborn !== undefined,
    bot,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The sandbox driver writes its state to disk before each step; seen within about a millisecond of the write. */
function watchSandboxes(dataDir: string, saw: (effect: string) => void): { close(): void } {
  const dir = join(dataDir, 'sandboxes');
  mkdirSync(dir, { recursive: true });
  const watchers: FSWatcher[] = [];
  const written = new Map<string, number>();
  const own = (file: string | null): void => {
    if (file === null || file.startsWith('.')) return;
    const times = (written.get(file) ?? 0) + 1;
    written.set(file, times);
    if (file === 'state.json') saw(times === 1 ? 'sandbox named' : 'sandbox fenced');
    if (file === 'deadline') saw(times === 1 ? 'sandbox deadline set' : 'sandbox deadline moved');
    if (file === 'bwrap.args') saw('sandbox laid down');
  };
  watchers.push(
    watch(dir, (_, name) => {
      if (name === null || !name.startsWith('acc_')) return;
      if (watchers.length > 1) return saw('sandbox directory removed');
      watchers.push(watch(join(dir, name), (_kind, file) => own(file)));
      saw('sandbox directory made');
    }),
  );
  return {
    close: () => {
      for (const watcher of watchers) watcher.close();
    },
  };
}

/** Numbers of the entries in #prod-audit, in the order of the posts. */
export function audited(world: World): readonly number[] {
  return (world.slack.workspace.messages.get('C0AUDIT') ?? []).flatMap(({ metadata }) => {
    const seqs = payloadOf(metadata).seqs;
    return Array.isArray(seqs) ? seqs.map(Number) : [];
  });
}

/** The cards of an access in the approvals channel. */
export function cards(world: World, id: string) {
  return world.slack.human
    .messages('C0APPROVE', 'U0LEA')
    .filter((each) => JSON.stringify(each.blocks ?? '').includes(id));
}

/** Direct messages of the bot with this tag. */
export function direct(world: World, tag: string) {
  return [...world.slack.workspace.messages]
    .filter(([channel]) => channel.startsWith('D'))
    .flatMap(([, messages]) => messages)
    .filter(({ metadata }) => payloadOf(metadata).tag === tag);
}

function payloadOf(
  metadata: { readonly event_payload?: unknown } | undefined,
): Readonly<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).catch({}).parse(metadata?.event_payload);
}
