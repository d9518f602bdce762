/**
 * Grants without AWS: the same promises, kept in a map. Several installs may share one store, as they may share an
 * account. Failures are injected per verb, before the effect or after it (an answer that was lost).
 */
import type { AccessId } from '../../src/domain/ids.ts';
import { type Grant, GrantFault, type Grants } from '../../src/ports/grants.ts';

type Verb = 'issue' | 'setEnd' | 'vend' | 'revoke' | 'list';
type Kept = Grant & { readonly install: string };

export type GrantStore = Map<AccessId, Kept>;

export type MemoryGrants = Grants & {
  /** The next `times` calls of `verb` end in `fault`; `after` only once the effect is there. */
  fail(verb: Verb, fault: GrantFault, options?: { times?: number; when?: 'before' | 'after' }): void;
  /** Credentials that somebody wears; what is returned says whether they work at the moment. */
  wear(access: AccessId, requester: string): () => boolean;
  /** Calls so far, failed ones included. */
  readonly calls: readonly { readonly verb: Verb; readonly access?: AccessId }[];
};

export function memoryGrants(deps: {
  readonly clock: { now(): number };
  readonly install?: string;
  readonly store?: GrantStore;
}): MemoryGrants {
  const { clock, install = '0123456789ab', store = new Map() } = deps;
  const calls: { verb: Verb; access?: AccessId }[] = [];
  const waiting: { verb: Verb; fault: GrantFault; times: number; when: 'before' | 'after' }[] = [];

  const strike = (verb: Verb, when: 'before' | 'after') => {
    const at = waiting.findIndex((one) => one.verb === verb && one.when === when);
    const struck = waiting[at];
    if (!struck) return;
    struck.times -= 1;
    if (struck.times === 0) waiting.splice(at, 1);
    throw struck.fault;
  };
  const during = async <T>(
    verb: Verb,
    access: AccessId | undefined,
    signal: AbortSignal | undefined,
    act: () => T,
  ): Promise<T> => {
    calls.push(access === undefined ? { verb } : { verb, access });
    await Promise.resolve();
    if (signal?.aborted) throw new GrantFault('unavailable', 'stopped', { retryable: true });
    strike(verb, 'before');
    const result = act();
    strike(verb, 'after');
    return result;
  };
  const own = (access: AccessId): Kept | undefined => {
    const kept = store.get(access);
    if (kept && kept.install !== install) throw no('foreign', `${access} is another install's`);
    return kept;
  };
  const publicly = ({ install: _, ...grant }: Kept): Grant => grant;

  return {
    calls,
    fail(verb, fault, { times = 1, when = 'before' } = {}) {
      waiting.push({ verb, fault, times, when });
    },
    wear(access, requester) {
      const vended = store.get(access);
      const fits = (kept: Kept | undefined) => kept?.requester === requester && clock.now() < kept.endsAt;
      return () => vended !== undefined && fits(store.get(access));
    },
    issue: ({ access, requester, target, aws, endsAt }, signal) =>
      during('issue', access, signal, () => {
        if (endsAt % 1000 !== 0) throw no('invalid', 'the end is not a whole second');
        if (endsAt <= clock.now()) throw no('gone', 'its end has passed');
        own(access);
        const arn = `arn:aws:iam::${aws.account}:role/prod-access/${access}`;
        const kept: Kept = { access, arn, requester, target, endsAt, install };
        store.set(access, kept);
        return publicly(kept);
      }),
    setEnd: (access, endsAt, signal) =>
      during('setEnd', access, signal, () => {
        if (endsAt % 1000 !== 0) throw no('invalid', 'the end is not a whole second');
        const kept = own(access);
        if (!kept) throw no('gone', `${access} has no grant`);
        store.set(access, { ...kept, endsAt });
      }),
    vend: ({ access, endsAt }, signal) =>
      during('vend', access, signal, () => {
        if (!own(access) || clock.now() >= endsAt) throw no('gone', `${access} has no grant`);
        const accessKeyId = `ASIA${calls.length}`;
        return { accessKeyId, secretAccessKey: 'secret', sessionToken: 'token', expiresAt: endsAt };
      }),
    revoke: (access, signal) =>
      during('revoke', access, signal, () => {
        if (own(access)) store.delete(access);
      }),
    list: (signal) =>
      during('list', undefined, signal, () =>
        [...store.values()].filter((kept) => kept.install === install).map(publicly),
      ),
    check: async (parts) => parts.map(({ account }) => ({ check: 'grants', ok: true, detail: account })),
  };
}

function no(code: GrantFault['code'], message: string): GrantFault {
  return new GrantFault(code, message, { retryable: false });
}
