/** Every entry that a change of a record writes is known to tell of one, or is left out with a reason. */
import { expect, it } from 'vitest';
import { isFinished } from '../../src/domain/access.ts';
import { mustBeNewest, tellsChange, tellsEnd, tellsOver } from '../../src/domain/changes.ts';
import { isRefused } from '../../src/domain/refusal.ts';
import { step } from '../../src/domain/step.ts';
import { noon } from '../support/builders.ts';
import { commands, lives } from '../support/lives.ts';

/** Told without a change too; or of a failed try to take away, from before which the record gives no more. */
const leftOut = ['sweep.repaired', 'grant.failed', 'sandbox.failed', 'alarm.raised', 'alarm.cleared'];

const steps = Object.values(lives).flatMap((access) =>
  Object.values(commands).flatMap((command) => {
    const outcomes = [noon + 60_000, noon + 9 * 3_600_000].map((now) => step(access, command, now));
    return outcomes.flatMap((outcome) => (isRefused(outcome) ? [] : [{ access, outcome }]));
  }),
);

it('holds for every step of every life', () => {
  expect(steps.length).toBeGreaterThan(30);
  for (const { outcome } of steps)
    for (const { action } of outcome.entries)
      expect([action, tellsChange(action)]).toEqual([action, !leftOut.includes(action)]);
});

it('a step out of what gives something tells a change, or leaves what is given as it was', () => {
  for (const { access, outcome } of steps) {
    if (!mustBeNewest(access) || outcome.entries.some(({ action }) => tellsChange(action))) continue;
    expect([outcome.next.state, access.state]).toEqual(
      access.state === 'approved' ? ['provisioning', 'approved'] : [access.state, access.state],
    );
  }
});

it('what is over is told to be, and only that', () => {
  for (const { outcome } of steps) {
    const newest = outcome.entries.findLast(({ action }) => tellsChange(action))?.action;
    if (newest === undefined) continue;
    expect([newest, tellsOver(newest)]).toEqual([newest, isFinished(outcome.next)]);
    expect([newest, tellsEnd(newest)]).toEqual([newest, !mustBeNewest(outcome.next)]);
  }
});
