/** What every keeper of the sign-outs port must do; run on the memory twin and on Redis. */
import { describe, expect, it } from 'vitest';
import type { SignOuts } from '../../src/ports/sign-outs.ts';
import { noon } from '../support/builders.ts';

export type SignOutsGround = {
  /** Two processes of one install. */
  readonly one: SignOuts;
  readonly other: SignOuts;
  /** Lets time pass for them. */
  readonly pass: (ms: number) => Promise<void>;
};

const hour = 3_600_000;

export function signOutsContract(name: string, make: () => SignOutsGround): void {
  describe(`sign-outs kept by ${name}`, () => {
    it('are none of somebody who never signed out', async () => {
      const { one } = make();
      await one.mark('U0ANA', noon, hour);
      expect(await one.last('U0BEN')).toBeUndefined();
    });

    it('are told to every process as soon as they are marked', async () => {
      const { one, other } = make();
      await one.mark('U0ANA', noon, hour);
      expect(await other.last('U0ANA')).toBe(noon);
    });

    it('never move back, in whatever order they come', async () => {
      const { one, other } = make();
      await one.mark('U0ANA', noon + 1, hour);
      await other.mark('U0ANA', noon, hour);
      expect(await one.last('U0ANA')).toBe(noon + 1);
      const times = Array.from({ length: 40 }, (_, at) => noon + ((at * 7) % 40) * 1_000);
      await Promise.all(times.map((at, nth) => (nth % 2 ? one : other).mark('U0ANA', at, hour)));
      expect(await one.last('U0ANA')).toBe(noon + 39_000);
    });

    it('are kept as long as was asked for at the longest, and then go by themselves', async () => {
      const { one, pass } = make();
      await one.mark('U0ANA', noon, 2_000);
      await one.mark('U0ANA', noon + 1, 50);
      await one.mark('U0BEN', noon, 50);
      await one.mark('U0BEN', noon - 1, 2_000);
      await pass(500);
      expect([await one.last('U0ANA'), await one.last('U0BEN')]).toEqual([noon + 1, noon]);
      await pass(2_000);
      expect([await one.last('U0ANA'), await one.last('U0BEN')]).toEqual([undefined, undefined]);
    });
  });
}
