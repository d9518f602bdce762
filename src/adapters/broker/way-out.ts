/** What the doors of one access share: its bounds and counts, what it reports to, and how it looks at the world. */
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { AccessId, ConnectionId } from '../../domain/ids.ts';
import type { BrokerTold } from '../../ports/brokers.ts';
import type { Clock } from '../../ports/clock.ts';
import type { BlockedReport } from './blocked-report.ts';
import type { Bounds } from './bounds.ts';
import type { Dial } from './dial.ts';
import type { Found } from './find-addresses.ts';

export type BrokerLog = Pick<Logger, 'warn' | 'error'>;

export type WayOut = {
  readonly access: AccessId;
  readonly told: BrokerTold;
  readonly bounds: Bounds;
  readonly clock: Clock;
  readonly log: BrokerLog;
  readonly report: BlockedReport;
  readonly dial: Dial;
  readonly find: (host: string, may: { readonly private: boolean }) => Promise<Found>;
  readonly newId: () => ConnectionId;
  /** Connections whose opening the ledger has not yet answered for. */
  readonly unconfirmed: Set<ConnectionId>;
  /** Why the broker was closed; undefined while it carries. */
  cut(): string | undefined;
  /** Work that closing waits for. */
  track(work: Promise<void>): void;
};

/** Serves one connection. The client is destroyed once it settles, if not before. */
export type Serve = (way: WayOut, client: Socket) => Promise<void>;
