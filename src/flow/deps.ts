/** The ports that flows stand on. Each flow names just those it uses: `Pick<Flow, 'ledger' | 'clock'>`. */
import type { Logger } from 'pino';
import type { AccessId, SessionId } from '../domain/ids.ts';
import type { Brokers } from '../ports/brokers.ts';
import type { Clock } from '../ports/clock.ts';
import type { Directory } from '../ports/directory.ts';
import type { Grants } from '../ports/grants.ts';
import type { Leases } from '../ports/lease.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Notices } from '../ports/notices.ts';
import type { PolicySource } from '../ports/policy-source.ts';
import type { Recordings } from '../ports/recordings.ts';
import type { SandboxFiles } from '../ports/sandbox-files.ts';
import type { Sandboxes } from '../ports/sandboxes.ts';
import type { SignOuts } from '../ports/sign-outs.ts';
import type { Spool } from '../ports/spool.ts';
import type { Terminals } from '../ports/terminals.ts';
import type { Timers } from '../ports/timers.ts';
import type { TrailChannel } from '../ports/trail-channel.ts';

export type Flow = {
  readonly ledger: Ledger;
  readonly timers: Timers;
  readonly grants: Grants;
  readonly sandboxes: Sandboxes;
  readonly terminals: Terminals;
  readonly files: SandboxFiles;
  readonly spool: Spool;
  readonly brokers: Brokers;
  readonly recordings: Recordings;
  readonly directory: Directory;
  readonly notices: Notices;
  readonly channel: TrailChannel;
  readonly policy: PolicySource;
  readonly leases: Leases;
  readonly signOuts: SignOuts;
  readonly clock: Clock;
  readonly newId: () => AccessId;
  readonly newSessionId: () => SessionId;
  /** What a sandbox shows to the broker for credentials; the same for one access, whoever asks. */
  readonly credentialsToken: (access: AccessId) => string;
  readonly install: string;
  /** Address of the web pages, without a slash at its end; absent where nobody can sign in to them. */
  readonly pages?: string;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>;
};
