/**
 * The broker: the only way out of a sandbox. It listens on Unix sockets in a directory that the host laid into the
 * sandbox, and carries what the target's policy allows.
 *
 * - Nothing is carried, and no credential handed out, before the ledger holds the entry that says so: a `told` that
 *   rejects refuses what it was asked about.
 * - Names are resolved by the broker, once per connection, and the address that was judged is the one connected to.
 * - Connections and bytes are bounded, and a flood of attempts is counted, not recorded one by one.
 * - `open` returns once the sockets stand. An access has one broker at a time; what a dead process left is replaced.
 * - `close` cuts every connection before it resolves, and waits a bounded time until the ends are on the record.
 *   Closing twice is closing once.
 * - A keeper throws `BrokerFault` and nothing else.
 */
import type { AccessId, ConnectionId } from '../domain/ids.ts';
import type { Credentials } from './grants.ts';
import type { SocketPlace } from './sandboxes.ts';

/** What the proxy may connect to. In `host`, a first label `*` stands for any one label. */
export type EgressLine = { readonly host: string; readonly port: number; readonly private: boolean };

export type Forward = {
  readonly name: string;
  /** Port on the sandbox's loopback. */
  readonly listen: number;
  readonly to: { readonly host: string; readonly port: number };
  readonly private: boolean;
};

export type BrokerSpec = {
  readonly access: AccessId;
  readonly sockets: SocketPlace;
  readonly egress: readonly EgressLine[];
  readonly forwards: readonly Forward[];
  /** What a caller of the credentials endpoint must show. */
  readonly credentialsToken: string;
};

export type Connection = {
  readonly id: ConnectionId;
  /** `proxy`, or the name of the forward. */
  readonly by: string;
  readonly host: string;
  readonly port: number;
};

export type Carried = {
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly seconds: number;
  readonly why: string;
};

/**
 * An attempt that was refused, also one that was refused after it was opened. Those cut before they had named a destination
 * stand together, as host `*`, port 0.
 */
export type Blocked = {
  readonly by: string;
  readonly host: string;
  readonly port: number;
  readonly why: string;
  /** How many attempts this stands for. */
  readonly count: number;
};

/**
 * What the broker asks of the flow. Each resolves once the ledger holds the entry. `closed` and `blocked` are told again
 * after a rejection, so a telling that took effect and yet rejected comes twice.
 */
export type BrokerTold = {
  opened(connection: Connection): Promise<void>;
  /** Follows every `opened` that resolved, also one that resolved too late for anything to be carried. */
  closed(connection: Connection, carried: Carried): Promise<void>;
  blocked(attempt: Blocked): Promise<void>;
  /** Fresh credentials, already on the record. */
  vend(): Promise<Credentials>;
};

export type Broker = {
  readonly access: AccessId;
  /** False once its sockets are not where they were put: they went with the sandbox, or another broker's took their place. */
  stands(): boolean;
  /** Cuts every connection with this reason and takes the sockets away. */
  close(why: string): Promise<void>;
};

/** The sockets are named `proxy`, `credentials` and `forward-<name>`. */
export interface Brokers {
  open(spec: BrokerSpec, told: BrokerTold): Promise<Broker>;
}

/** The host failed to open a broker. */
export class BrokerFault extends Error {
  override readonly name = 'BrokerFault';
  /** `invalid`: the spec can never be opened. `taken`: another process carries for this access. */
  readonly code: 'unavailable' | 'invalid' | 'taken';
  readonly retryable: boolean;

  constructor(code: BrokerFault['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.retryable = code !== 'invalid';
  }
}
