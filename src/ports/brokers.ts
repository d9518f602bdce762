/**
 * The broker: the only way out of a sandbox. It listens on Unix sockets in a directory that the host laid into the
 * sandbox, and carries what the target's policy allows.
 *
 * - Nothing is carried, and no credential handed out, before the ledger holds the entry that says so: a `told` that
 *   rejects refuses what it was asked about.
 * - Names are resolved by the broker, once per connection, and the address that was judged is the one connected to.
 * - Connections and bytes are bounded, and a flood of attempts is counted, not recorded one by one.
 * - `close` cuts every connection before it resolves.
 */
import type { AccessId, ConnectionId } from '../domain/ids.ts';
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

export type Blocked = {
  readonly by: string;
  readonly host: string;
  readonly port: number;
  readonly why: string;
  /** How many attempts this stands for. */
  readonly count: number;
};

/** As the AWS SDKs read them from a container credentials endpoint. */
export type Credentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Epoch milliseconds; never later than the access's end. */
  readonly expiresAt: number;
};

/** What the broker asks of the flow. Each resolves once the ledger holds the entry. */
export type BrokerTold = {
  opened(connection: Connection): Promise<void>;
  closed(connection: Connection, carried: Carried): Promise<void>;
  blocked(attempt: Blocked): Promise<void>;
  /** Fresh credentials, already on the record. */
  vend(): Promise<Credentials>;
};

export type Broker = {
  readonly access: AccessId;
  /** Cuts every connection with this reason and takes the sockets away. */
  close(why: string): Promise<void>;
};

/** The sockets are named `proxy`, `credentials` and `forward-<name>`. */
export interface Brokers {
  open(spec: BrokerSpec, told: BrokerTold): Promise<Broker>;
}
