/** Keeps the `Grants` port with IAM roles: one per access. Each verb has its own file. */
import type { Clock } from '../../ports/clock.ts';
import { GrantFault, type Grants } from '../../ports/grants.ts';
import type { Aws, GrantProgress } from './aws.ts';
import { check } from './check.ts';
import type { AwsClients } from './clients.ts';
import { issue } from './issue.ts';
import { list } from './list.ts';
import type { Run } from './patience.ts';
import { revoke } from './revoke.ts';
import { setEnd } from './set-end.ts';
import { faultOf, troubleOf } from './trouble.ts';
import { vend } from './vend.ts';

export type AwsGrantsDeps = AwsClients & {
  /** First 12 hex digits of the SHA-256 of the public key. */
  readonly install: string;
  readonly clock: Clock;
  /** Default 5000. */
  readonly settleMs?: number;
  /** Default 120000. */
  readonly patienceMs?: number;
  readonly onProgress?: (progress: GrantProgress) => void;
};

export function awsGrants(deps: AwsGrantsDeps): Grants {
  const aws: Aws = {
    ...deps,
    settleMs: deps.settleMs ?? 5_000,
    patienceMs: deps.patienceMs ?? 120_000,
    onProgress: deps.onProgress ?? (() => undefined),
  };
  const during = async <T>(
    what: string,
    signal: AbortSignal | undefined,
    act: (run: Run) => Promise<T>,
  ): Promise<T> => {
    const until = aws.clock.now() + aws.patienceMs;
    try {
      return await act({ clock: aws.clock, until, ...(signal ? { signal } : {}) });
    } catch (error) {
      throw error instanceof GrantFault ? error : faultOf(troubleOf(error), what);
    }
  };
  return {
    issue: (spec, signal) => during('issue', signal, (run) => issue(aws, run, spec)),
    setEnd: (access, endsAt, signal) => during('setEnd', signal, (run) => setEnd(aws, run, access, endsAt)),
    vend: (of, signal) => during('vend', signal, (run) => vend(aws, run, of)),
    revoke: (access, signal) => during('revoke', signal, (run) => revoke(aws, run, access)),
    list: (signal) => during('list', signal, (run) => list(aws, run)),
    check: (parts) => during('check', undefined, (run) => check(aws, run, parts)),
  };
}
