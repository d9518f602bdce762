/**
 * A terminal over WebSocket, session, recording and sandbox, against a bare PTY on the host with the same shell: how
 * long an echo takes, and how fast output comes. Whoever types and reads is in a process of its own (typist.ts).
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type Figure, percentile } from './figures.ts';
import { openWorkplace } from './workplace.ts';

const rounds = 10;
const keysPerRound = 100;
const outputRounds = 3;

/** What the typist is asked; it answers with samples: milliseconds, or megabytes per second. */
export type Typing = {
  readonly on: 'terminal' | 'pty';
  readonly what: 'keys' | 'output';
  readonly count: number;
};

export async function benchTerminal(): Promise<readonly Figure[]> {
  await using place = await openWorkplace();
  const [access = ''] = await place.accesses(1);
  const typist = fork('bench/typist.ts', [place.socketUrl(access), place.cookie], { execArgv: [] });
  const ask = async (typing: Typing): Promise<readonly number[]> => {
    const answer = once(typist, 'message');
    typist.send(typing);
    const [samples] = (await answer) as [readonly number[]];
    return samples;
  };
  try {
    await once(typist, 'message');
    const keys = await inTurn(rounds, (on) => ask({ on, what: 'keys', count: keysPerRound }));
    const output = await inTurn(outputRounds, (on) => ask({ on, what: 'output', count: 1 }));
    return [
      ...[50, 99].map((p) => ({
        what: `echo of a keystroke, p${p}`,
        ours: percentile(keys.ours, p),
        baseline: percentile(keys.baseline, p),
        unit: 'ms',
        addedPer: 1,
        aim: p === 99 ? 'under 3 ms added' : 'told only',
      })),
      {
        what: 'output of 100 MB',
        ours: percentile(output.ours, 50),
        baseline: percentile(output.baseline, 50),
        unit: 'MB/s',
        aim: 'at least 0.5',
      },
    ];
  } finally {
    typist.kill('SIGTERM');
  }
}

type Samples = { readonly ours: readonly number[]; readonly baseline: readonly number[] };

/** Both by turns, so that whatever else the machine does meets both; the first turn warms up. */
async function inTurn(
  count: number,
  ask: (on: Typing['on']) => Promise<readonly number[]>,
): Promise<Samples> {
  const ours: number[] = [];
  const baseline: number[] = [];
  for (let round = 0; round <= count; round += 1) {
    const [onTerminal, onPty] = [await ask('terminal'), await ask('pty')];
    if (round === 0) continue;
    ours.push(...onTerminal);
    baseline.push(...onPty);
  }
  return { ours, baseline };
}
