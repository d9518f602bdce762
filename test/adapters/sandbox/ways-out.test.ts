/** The ways out of a sandbox, tried on the local driver; and what their scripts' last words mean. */
import { expect, test } from 'vitest';
import { newAccess } from '../../contract/sandboxes.ts';
import { localGround } from './local-ground.ts';
import { localWays } from './ways-out/local.ts';
import { standingOf } from './ways-out/on-host.ts';
import { waysOutHold } from './ways-out/suite.ts';
import { verdictOf } from './ways-out/way.ts';

waysOutHold('the local driver', async () => {
  await using parts = new AsyncDisposableStack();
  const ground = parts.use(await localGround());
  const access = newAccess();
  const other = newAccess();
  await Promise.all([access, other].map((one) => ground.open(one, 600_000)));
  const keepers = ground.processes(access);
  const kept = parts.move();
  return {
    call: (script) => ground.bash(access, script),
    terminal: () => ground.sandboxes.terminal(access, { cols: 80, rows: 24 }),
    probe: () => ground.sandboxes.probe(access),
    probeOther: () => ground.sandboxes.probe(other),
    onHost: async () => standingOf(keepers),
    ownWays: localWays({
      place: ground.place(access),
      other: ground.place(other),
      keepers,
    }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
});

test.each([
  ['', 'not tried'],
  ['bash: python3: command not found', 'not tried'],
  ['held: EPERM\nTraceback', 'not tried'],
  ['held: ', 'not tried'],
  ['not tried: EINVAL', 'not tried'],
  ['out: it gave 0\r\n', 'out'],
  ['some words\nheld: EPERM\n', 'held'],
])('what %j says is: %s', (said, verdict) => {
  expect(verdictOf(said)).toBe(verdict);
});
