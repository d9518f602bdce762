import { describe, expect, it } from 'vitest';
import { endOf, isFinished } from '../../src/domain/access.ts';
import { effects, owed, warnAt } from '../../src/domain/owed.ts';
import { noon } from '../support/builders.ts';
import { after, type LifeName, lives } from '../support/lives.ts';

const end = noon + 60_000 + 45 * 60_000;
const notify = { effect: 'notify', at: 0 };

it.each<[LifeName, unknown]>([
  ['waiting', [notify, { effect: 'lapse', at: noon + 8 * 3_600_000 }]],
  ['rejected', [notify]],
  ['withdrawn', [notify]],
  ['lapsed', [notify]],
  ['approved', [notify, { effect: 'provision', at: 0 }]],
  ['provisioning (sandbox)', [notify, { effect: 'provision', at: 0 }]],
  ['provisioning (grant)', [notify, { effect: 'provision', at: 0 }, { effect: 'revoke', at: end }]],
  ['active', [notify, { effect: 'revoke', at: end }, { effect: 'warn', at: end - 5 * 60_000 }]],
  ['active (warned)', [notify, { effect: 'revoke', at: end }]],
  ['revoking (both left)', [notify, { effect: 'revoke', at: 0 }]],
  ['revoking (grant left)', [notify, { effect: 'revoke', at: 0 }]],
  ['revoked', [notify]],
  ['failed', [notify]],
])('%s is owed', (life, expected) => expect(owed(lives[life])).toEqual(expected));

describe('every access', () => {
  const all = Object.values(lives);

  it('with an end that is not over is owed its revoke, at that end or at once', () => {
    for (const access of all.filter((each) => !isFinished(each) && endOf(each) !== undefined)) {
      const due = owed(access).find(({ effect }) => effect === 'revoke')?.at;
      expect(due).toBe(access.state === 'revoking' ? 0 : endOf(access));
    }
  });

  it('that is not over is owed more than words, and one that is over nothing else', () => {
    for (const access of all) expect(owed(access).length > 1).toBe(!isFinished(access));
  });

  it('is owed each effect at most once, and only known ones', () => {
    for (const access of all) {
      const names = owed(access).map(({ effect }) => effect);
      expect(new Set(names).size).toBe(names.length);
      for (const name of names) expect(effects).toContain(name);
    }
  });
});

it.each([
  [8 * 3_600_000, 5 * 60_000],
  [25 * 60_000, 5 * 60_000],
  [10 * 60_000, 2 * 60_000],
  [60_000, 12_000],
])('warns of the end of %i ms this long before: %i ms', (length, before) =>
  expect(warnAt(noon, noon + length)).toBe(noon + length - before),
);

it('warns again after an extension', () => {
  const extended = after(lives['active (warned)'], ['extend']);
  expect(owed(extended)).toContainEqual({ effect: 'warn', at: end + 10 * 60_000 - 5 * 60_000 });
});
