/**
 * At most one holder at a time, as far as clocks allow: it spares double work and is never what safety rests on.
 */
export interface Leases {
  /**
   * Runs `work` while holding the lease `name`, renewing it; returns undefined without running where somebody else
   * holds it. `work`'s signal aborts when the lease is lost.
   */
  during<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>;
}
