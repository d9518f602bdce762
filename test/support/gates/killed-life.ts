/**
 * One life of an access on the real parts, in which the bot may die at one effect: people try again where nothing seemed
 * to happen, as people do.
 */
import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { of } from '../wiki-life.ts';
import type { When } from './gates.ts';
import { cards, direct, type Ground, untilQuiet } from './ground.ts';

export type Whom = 'process' | 'group';

export type Death = { readonly effect: string; readonly when: When; readonly whom: Whom };

/** `end`: it lasts six seconds. `done`: it may last an hour, and the requester gives it back once it is active. */
export type Ending = 'end' | 'done';

export type Lived = {
  readonly id: string;
  /** Every effect, in order, each named once. */
  readonly effects: readonly string[];
  /** In the gap that was meant. */
  readonly died: boolean;
};

/** One life at a time in each ground. */
export async function live(ground: Ground, ending: Ending, death?: Death): Promise<Lived> {
  const { world, gates, past } = ground;
  await untilQuiet(ground);
  const before = (await world.entries()).length;
  const effects: string[] = [];
  let reborn: Promise<void> | undefined;
  const die = (): void => {
    const gone = ground.bot.kill(death?.whom);
    gates.keeper = () => undefined;
    reborn = gone.then(() => ground.startBot());
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
  // Messages are edited only while they are behind: a life in which each edit is made is one in which AWS, and whoever
  // gives the access back, wait for them.
  const waitsForEdits = death === undefined || death.effect.startsWith('slack');
  const untilTold = async (): Promise<void> => {
    if (!waitsForEdits) return;
    for (const until = Date.now() + 5_000; reborn === undefined && Date.now() < until; await wait(20)) {
      if ((await world.withRedis((redis) => redis.scard('{prod-access}:untold'))) === 0) return;
    }
  };
  gates.holdAws = async (effect) => {
    if (effect === 'aws CreateRole' || effect === 'aws PutRolePolicy revoked') await untilTold();
  };
  using _watcher = watchSandboxes(`${world.dir}/data`, (effect) => {
    if (reborn === undefined && seen(effect)) die();
  });

  /** Acts and waits for an entry. Only where the bot died meanwhile is there something to do once more. */
  const insist = async (action: string, act: () => Promise<unknown>): Promise<string> => {
    for (;;) {
      await reborn;
      const stood = reborn;
      await act();
      const deadline = Date.now() + 30_000;
      let id: string | undefined;
      do {
        if (stood !== reborn) await reborn;
        else await wait(30);
        id = (await world.entries()).slice(before).find((each) => each.action === action)?.access;
      } while (id === undefined && stood === reborn && Date.now() < deadline);
      if (id !== undefined) return id;
      if (stood === reborn)
        throw new Error(`no ${action} within 30 s:\n${ground.bot.output().slice(-3_000)}`);
    }
  };
  const say = (text: string) => () =>
    world.slack.human.command('U0ANA', 'C0GENERAL', '/prod-access', text).catch(() => {});

  const lasts = ending === 'end' ? '6s' : '1h';
  const id = await insist('access.requested', say(`wiki ${lasts} the wiki is down and must be read`));
  await insist('vote.approved', async () => {
    const card = await world.slack.waitFor(() => cards(world, id)[0], 30_000);
    await world.slack.human.click('U0LEA', { channel: 'C0APPROVE', ts: card.ts }, 'approve').catch(() => {});
  });
  if (ending === 'done') {
    await world.untilEntry(of(id, 'access.active'), 40_000);
    await untilTold();
    await insist('access.ending', say(`done ${id}`));
  }
  const over = await world.untilEntry(of(id, 'access.revoked', 'access.failed'), 60_000);
  // A busy machine may have no grant yet when six seconds are over. Such a life did not come to what follows on a grant.
  const isCutShort = ending === 'end' && over.action === 'access.failed';
  if (isCutShort && death === undefined) throw new Error(`${id} was over before it was active`);
  if (!isCutShort) await world.slack.waitFor(() => direct(world, id, 'over').length > 0, 30_000);
  // What comes last is died in, too, and what a death has left to be done is done before anybody looks.
  await untilQuiet(ground);
  gates.keeper = () => undefined;
  await reborn;
  await untilQuiet(ground);
  past.push(id);
  return { id, effects, died: reborn !== undefined && !isCutShort };
}

/** The sandbox driver writes its state to disk before each step; seen within about a millisecond of the write. */
function watchSandboxes(dataDir: string, saw: (effect: string) => void): Disposable {
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
    [Symbol.dispose]: () => {
      for (const watcher of watchers) watcher.close();
    },
  };
}
