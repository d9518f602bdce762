/**
 * A world behind gates, in which one life is lived after another: each with the bot that the one before has left, once
 * all that belongs to earlier lives is done and told.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { queueNames, queuePrefix } from '../../../src/adapters/bullmq/queues.ts';
import { type Bot, openWorld, type World } from '../world.ts';
import { type Gates, openGates } from './gates.ts';

export type Ground = AsyncDisposable & {
  readonly world: World;
  readonly gates: Gates;
  /** The bot that stands, or stood last. */
  readonly bot: Bot;
  /** Accesses that were asked for in earlier lives. */
  readonly past: string[];
  /** Starts a bot in the place of one that has ended. */
  startBot(): Promise<void>;
};

export async function openGround(): Promise<Ground> {
  await using parts = new AsyncDisposableStack();
  const world = parts.use(await openWorld());
  const gates = parts.use(
    await openGates({ redisUrl: world.redis.url, awsUrl: world.aws.url, slackUrl: world.slack.apiUrl }),
  );
  let bot = await world.startBot(gates.env);
  const owned = parts.move();
  return {
    world,
    gates,
    get bot() {
      return bot;
    },
    past: [],
    startBot: async () => {
      bot = await world.startBot(gates.env);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A job that is to run within this time belongs to what is under way: its effects would be taken for the next life's. */
const soonMs = 60_000;

/** Waits until every job is done, everybody is told, and the channel tells what the stream does. */
export async function untilQuiet({ world, bot }: Ground): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until; await wait(50)) {
    const jobs = await world.withRedis((redis) =>
      Promise.all([
        redis.scard('{prod-access}:untold'),
        ...queueNames.flatMap((name) => [
          redis.llen(`${queuePrefix}:${name}:wait`),
          redis.llen(`${queuePrefix}:${name}:active`),
          // A delayed job's score is its time in milliseconds, followed by twelve bits that keep the order.
          redis.zcount(`${queuePrefix}:${name}:delayed`, '-inf', (Date.now() + soonMs) * 0x1000),
        ]),
      ]),
    );
    if (jobs.some((count) => count > 0)) continue;
    const written = (await world.entries()).length;
    // The first two tell of the bot's start and of its policy.
    if (written >= 2 && audited(world).length >= written) return;
  }
  throw new Error(`something goes on and does not end:\n${bot.output().slice(-3_000)}`);
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

/** Direct messages of the bot about an access, with this tag. */
export function direct(world: World, id: string, tag: string) {
  return [...world.slack.workspace.messages]
    .filter(([channel]) => channel.startsWith('D'))
    .flatMap(([, messages]) => messages)
    .map(({ metadata }) => payloadOf(metadata))
    .filter((payload) => payload.access === id && payload.tag === tag);
}

function payloadOf(
  metadata: { readonly event_payload?: unknown } | undefined,
): Readonly<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).catch({}).parse(metadata?.event_payload);
}
