/** Brokers in memory: a test carries for the sandbox, and sees what was cut. */
import type { AccessId } from '../../src/domain/ids.ts';
import { BrokerFault, type BrokerSpec, type Brokers, type BrokerTold } from '../../src/ports/brokers.ts';

export type MemoryBroker = {
  readonly spec: BrokerSpec;
  readonly told: BrokerTold;
  /** The reason that it was closed for, once it was. */
  readonly closed: () => string | undefined;
  /** As if the directory of its sockets had gone with the sandbox. */
  loseSockets(): void;
};

export type MemoryBrokers = Brokers & {
  /** Every broker that was opened, oldest first. */
  readonly opened: readonly MemoryBroker[];
  /** Accesses for which another process carries. */
  readonly taken: Set<AccessId>;
};

export function memoryBrokers(): MemoryBrokers {
  const opened: MemoryBroker[] = [];
  const taken = new Set<AccessId>();
  return {
    opened,
    taken,
    open: async (spec, told) => {
      const { access } = spec;
      if (taken.has(access)) throw new BrokerFault('taken', 'another process carries for it');
      let why: string | undefined;
      let stands = true;
      const loseSockets = (): void => {
        stands = false;
      };
      opened.push({ spec, told, closed: () => why, loseSockets });
      return {
        access,
        stands: () => stands,
        close: async (reason) => {
          why ??= reason;
        },
      };
    },
  };
}
