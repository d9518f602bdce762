/** Ack of the slash command at 50 at once: an ask that is judged and committed, against a bare Bolt app that only acks. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { openWorld, type World } from '../test/support/world.ts';
import { type Figure, percentile } from './figures.ts';

const perRound = 100;
const rounds = 10;
const requesters = Array.from({ length: 100 }, (_, index) => ({
  id: `U0R${String(index).padStart(3, '0')}`,
  name: `r${index}`,
}));

export async function benchAck(): Promise<readonly Figure[]> {
  const users = requesters.map(({ id }) => id);
  await using world = await openWorld({
    seed: (seed) => {
      seed.people = [...(seed.people ?? []), ...requesters];
      seed.usergroups = [{ id: 'S0PAY', handle: 'payments', users }];
    },
  });
  const secret = world.slack.signingSecret;
  const bot = await world.startBot({ LOG_LEVEL: 'error' });
  const bare = spawn(process.execPath, ['bench/bare-bolt.ts', secret], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const load = new Worker(new URL('ask-load.ts', import.meta.url), { workerData: { secret, users } });
  const round = async (port: number): Promise<readonly number[]> => {
    load.postMessage({ port, count: perRound });
    const [samples] = await once(load, 'message');
    return samples;
  };
  try {
    const [line] = (await once(bare.stdout, 'data')) as [Buffer];
    const barePort = Number(line.toString());
    for (let warm = 0; warm < 3; warm += 1) {
      await round(bot.port);
      await round(barePort);
    }
    const ours: number[] = [];
    const baseline: number[] = [];
    for (let index = 0; index < rounds; index += 1) {
      ours.push(...(await round(bot.port)));
      // The cards and messages that follow an ask would burden the baseline, which has none.
      await untilTold(world);
      baseline.push(...(await round(barePort)));
    }
    return [50, 99].map((p) => ({
      what: `ack of an ask, 50 at once, p${p}`,
      ours: percentile(ours, p),
      baseline: percentile(baseline, p),
      unit: 'ms',
      aim: p === 99 ? 'within 2' : 'told only',
    }));
  } finally {
    await load.terminate();
    bare.kill('SIGTERM');
  }
}

/** Waits until Slack was told nothing new for half a second. */
async function untilTold(world: World): Promise<void> {
  const told = (): number => Object.values(world.slack.counts()).reduce((sum, each) => sum + each, 0);
  for (let before = -1; before !== told(); ) {
    before = told();
    await wait(500);
  }
}
