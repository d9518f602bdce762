/** What every keeper of the `Grants` port must do. Called once for each keeper, inside a test file of its own. */
import { describe, expect, test } from 'vitest';
import type { AccessId } from '../../src/domain/ids.ts';
import { GrantFault, type GrantSpec, type Grants } from '../../src/ports/grants.ts';
import { newId } from '../support/builders.ts';

export type GrantsUnderTest = AsyncDisposable & {
  readonly grants: Grants;
  /** Another install on the same account. */
  readonly stranger: Grants;
  readonly clock: { now(): number; advance(ms: number): void };
  /** Vends credentials. What is returned tries them. */
  vend(access: AccessId, requester: string): Promise<() => Promise<boolean>>;
  /** The next call of `verb` loses its answer after its effect, in a way that a keeper cannot wait out. */
  loseAnswer(verb: 'issue' | 'revoke'): void;
};

const minute = 60_000;

export function grantsContract(name: string, start: () => Promise<GrantsUnderTest>): void {
  describe(`grants kept by ${name}`, () => {
    test('issue gives working credentials to the requester and to nobody else, and is listed', async () => {
      await using world = await start();
      const { grants, clock, vend } = world;
      const spec = specFor(newId(), clock);
      const grant = await grants.issue(spec);
      expect(grant).toMatchObject({
        access: spec.access,
        requester: 'U0ALICE',
        target: 'payments-db',
        endsAt: spec.endsAt,
      });
      expect(await grants.list()).toEqual([grant]);
      expect(await (await vend(spec.access, 'U0ALICE'))()).toBe(true);
      expect(await (await vend(spec.access, 'U0MALLORY'))()).toBe(false);
    });

    test('issue again is one grant, with the end asked for last', async () => {
      await using world = await start();
      const { grants, clock, vend } = world;
      const spec = specFor(newId(), clock);
      await grants.issue(spec);
      const later = { ...spec, endsAt: spec.endsAt + minute };
      expect(await grants.issue(later)).toMatchObject({ endsAt: later.endsAt });
      expect(await grants.list()).toMatchObject([{ access: spec.access, endsAt: later.endsAt }]);
      expect(await (await vend(spec.access, 'U0ALICE'))()).toBe(true);
    });

    test('a grant ends by itself, to the second, and stands until it is revoked', async () => {
      await using world = await start();
      const { grants, clock, vend } = world;
      const spec = specFor(newId(), clock);
      await grants.issue(spec);
      const works = await vend(spec.access, 'U0ALICE');
      clock.advance(spec.endsAt - clock.now() - 1);
      expect(await works()).toBe(true);
      clock.advance(1);
      expect(await works()).toBe(false);
      expect(await grants.list()).toHaveLength(1);
    });

    test('setEnd moves the end both ways', async () => {
      await using world = await start();
      const { grants, clock, vend } = world;
      const spec = specFor(newId(), clock);
      await grants.issue(spec);
      const works = await vend(spec.access, 'U0ALICE');
      await grants.setEnd(spec.access, spec.endsAt + minute);
      expect(await grants.list()).toMatchObject([{ endsAt: spec.endsAt + minute }]);
      clock.advance(spec.endsAt - clock.now());
      expect(await works()).toBe(true);
      await grants.setEnd(spec.access, spec.endsAt - minute);
      clock.advance(10_000);
      expect(await works()).toBe(false);
    });

    test('setEnd without a grant is gone, and no use to try again', async () => {
      await using world = await start();
      const { grants, clock } = world;
      const fault = await faultOf(grants.setEnd(newId(), inMinutes(clock, 5)));
      expect(fault).toMatchObject({ code: 'gone', retryable: false });
    });

    test('revoke takes back what was vended, leaves nothing, and may be repeated', async () => {
      await using world = await start();
      const { grants, clock, vend } = world;
      const spec = specFor(newId(), clock);
      await grants.issue(spec);
      const works = await vend(spec.access, 'U0ALICE');
      await grants.revoke(spec.access);
      expect(await works()).toBe(false);
      expect(await grants.list()).toEqual([]);
      await grants.revoke(spec.access);
      await grants.revoke(newId());
    });

    test('two revokes at once are one', async () => {
      await using world = await start();
      const { grants, clock, vend } = world;
      const spec = specFor(newId(), clock);
      await grants.issue(spec);
      const works = await vend(spec.access, 'U0ALICE');
      await Promise.all([grants.revoke(spec.access), grants.revoke(spec.access)]);
      expect(await grants.list()).toEqual([]);
      expect(await works()).toBe(false);
    });

    test('ending one grant leaves the other', async () => {
      await using world = await start();
      const { grants, clock, vend } = world;
      const [one, other] = [specFor(newId(), clock), specFor(newId(), clock)];
      await Promise.all([grants.issue(one), grants.issue(other)]);
      const works = await vend(other.access, 'U0ALICE');
      await grants.revoke(one.access);
      expect(await works()).toBe(true);
      expect(await grants.list()).toMatchObject([{ access: other.access }]);
    });

    test("another install's grant is not listed, issued over, moved or revoked", async () => {
      await using world = await start();
      const { grants, stranger, clock, vend } = world;
      const spec = specFor(newId(), clock);
      const grant = await grants.issue(spec);
      expect(await stranger.list()).toEqual([]);
      const attempts = [
        stranger.issue(spec),
        stranger.setEnd(spec.access, spec.endsAt + minute),
        stranger.revoke(spec.access),
      ];
      for (const attempt of attempts)
        expect(await faultOf(attempt)).toMatchObject({ code: 'foreign', retryable: false });
      expect(await grants.list()).toEqual([grant]);
      expect(await (await vend(spec.access, 'U0ALICE'))()).toBe(true);
    });

    test('an end that is past, or no whole second, is refused', async () => {
      await using world = await start();
      const { grants, clock } = world;
      const spec = specFor(newId(), clock);
      const past = await faultOf(grants.issue({ ...spec, endsAt: inMinutes(clock, -1) }));
      expect(past).toMatchObject({ code: 'gone', retryable: false });
      const odd = await faultOf(grants.issue({ ...spec, endsAt: spec.endsAt + 1 }));
      expect(odd).toMatchObject({ code: 'invalid', retryable: false });
      expect(await grants.list()).toEqual([]);
    });

    test('a stopped call says that it may be repeated', async () => {
      await using world = await start();
      const { grants, clock } = world;
      const spec = specFor(newId(), clock);
      const stopped = AbortSignal.abort();
      for (const attempt of [grants.issue(spec, stopped), grants.revoke(spec.access, stopped)])
        expect(await faultOf(attempt)).toMatchObject({ code: 'unavailable', retryable: true });
      expect(await grants.list()).toEqual([]);
    });

    test('a lost answer is healed by repeating', async () => {
      await using world = await start();
      const { grants, clock, loseAnswer, vend } = world;
      const spec = specFor(newId(), clock);
      loseAnswer('issue');
      expect(await faultOf(grants.issue(spec))).toMatchObject({ retryable: true });
      const grant = await grants.issue(spec);
      expect(await grants.list()).toEqual([grant]);
      const works = await vend(spec.access, 'U0ALICE');
      loseAnswer('revoke');
      expect(await faultOf(grants.revoke(spec.access))).toMatchObject({ retryable: true });
      await grants.revoke(spec.access);
      expect(await grants.list()).toEqual([]);
      expect(await works()).toBe(false);
    });

    test('check answers in lines', async () => {
      await using world = await start();
      const { grants, clock } = world;
      const lines = await grants.check([specFor(newId(), clock).aws]);
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) expect(line).toMatchObject({ ok: true });
    });
  });
}

export function specFor(access: AccessId, clock: { now(): number }): GrantSpec {
  return {
    access,
    requester: 'U0ALICE',
    target: 'payments-db',
    endsAt: inMinutes(clock, 10),
    aws: {
      account: '123456789012',
      region: 'eu-west-1',
      boundary: 'arn:aws:iam::123456789012:policy/prod-access-boundary',
      managed: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
    },
  };
}

export async function faultOf(doing: Promise<unknown>): Promise<GrantFault> {
  try {
    await doing;
  } catch (error) {
    if (error instanceof GrantFault) return error;
    throw error;
  }
  throw new Error('there was no fault');
}

function inMinutes(clock: { now(): number }, minutes: number): number {
  return Math.floor(clock.now() / 1000) * 1000 + minutes * minute;
}
