/** Leases in memory: one holder of a name at a time, and a lease can be lost while its holder works. */
import type { Leases } from '../../src/ports/lease.ts';

export type MemoryLeases = Leases & {
  /** The holder's signal aborts, and somebody else may take it. */
  lose(name: string): void;
  readonly held: readonly string[];
};

export function memoryLeases(): MemoryLeases {
  const holders = new Map<string, AbortController>();
  return {
    get held() {
      return [...holders.keys()];
    },
    lose: (name) => {
      holders.get(name)?.abort(new Error(`the lease ${name} was lost`));
      holders.delete(name);
    },
    async during(name, work) {
      if (holders.has(name)) return undefined;
      const holder = new AbortController();
      holders.set(name, holder);
      try {
        return await work(holder.signal);
      } finally {
        if (holders.get(name) === holder) holders.delete(name);
      }
    },
  };
}
