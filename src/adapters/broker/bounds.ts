/** How much one access may ask of the broker. What exceeds a bound is refused, counted and recorded. */
export type Bounds = {
  /** Connections out of the sandbox at once, those that are still being judged included. */
  readonly connections: number;
  /** Connections at once whose opening the ledger has not yet confirmed. */
  readonly unconfirmed: number;
  readonly attemptsPerSecond: number;
  readonly credentialCallsPerSecond: number;
  /** Bytes that one connection carries, both directions together. */
  readonly bytes: number;
  /** For a request's head, and for the ClientHello after it. */
  readonly firstBytesMs: number;
  readonly lookupMs: number;
  /** For the ledger to confirm an opening, and for fresh credentials. */
  readonly confirmMs: number;
  /** For each address that is tried. */
  readonly connectMs: number;
  readonly idleMs: number;
  /** As `idleMs`, once one side has said all it had to say. */
  readonly halfClosedMs: number;
  /** How long closing waits until the ends are on the record. */
  readonly closeMs: number;
  /** How long a telling that the ledger rejects is tried again. */
  readonly patienceMs: number;
};

export const usualBounds: Bounds = {
  connections: 64,
  unconfirmed: 20,
  attemptsPerSecond: 10,
  credentialCallsPerSecond: 50,
  bytes: 16 * 1024 ** 3,
  firstBytesMs: 10_000,
  lookupMs: 5_000,
  confirmMs: 10_000,
  connectMs: 5_000,
  idleMs: 3_600_000,
  halfClosedMs: 60_000,
  closeMs: 10_000,
  patienceMs: 600_000,
};
