/**
 * A process that dies at one of its calls to the outside: just before the call took effect, or just after, before it
 * heard of it. From then on it can do nothing, until `restart`.
 */
import type { Flow } from '../../src/flow/deps.ts';

export type Death = { readonly at: number; readonly when: 'before' | 'after' };

export type Mortal = {
  readonly wrap: (deps: Flow) => Flow;
  /** Calls that took effect or were tried so far. */
  readonly calls: readonly string[];
  readonly died: boolean;
  restart(): void;
};

class Died extends Error {
  override readonly name = 'Died';
}

export function mortal(death: Death): Mortal {
  const calls: string[] = [];
  let state: 'alive' | 'dead' | 'again' = 'alive';

  const around = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    if (state === 'dead') throw new Died(name);
    calls.push(name);
    const fatal = state === 'alive' && calls.length === death.at;
    if (fatal) state = 'dead';
    if (fatal && death.when === 'before') throw new Died(name);
    const result = await act();
    if (fatal) throw new Died(name);
    return result;
  };

  return {
    calls,
    get died() {
      return state !== 'alive';
    },
    restart: () => {
      state = 'again';
    },
    wrap: (deps) => {
      const { ledger, timers, grants, sandboxes, notices } = deps;
      return {
        ...deps,
        ledger: {
          ...ledger,
          commit: (...args) => around('ledger.commit', () => ledger.commit(...args)),
          append: (...args) => around('ledger.append', () => ledger.append(...args)),
          told: (...args) => around('ledger.told', () => ledger.told(...args)),
        },
        timers: { schedule: (...args) => around('timers.schedule', () => timers.schedule(...args)) },
        grants: {
          ...grants,
          issue: (...args) => around('grants.issue', () => grants.issue(...args)),
          setEnd: (...args) => around('grants.setEnd', () => grants.setEnd(...args)),
          revoke: (...args) => around('grants.revoke', () => grants.revoke(...args)),
        },
        sandboxes: {
          ...sandboxes,
          open: (...args) => around('sandboxes.open', () => sandboxes.open(...args)),
          setDeadline: (...args) => around('sandboxes.setDeadline', () => sandboxes.setDeadline(...args)),
          close: (...args) => around('sandboxes.close', () => sandboxes.close(...args)),
        },
        notices: {
          posted: (...args) => notices.posted(...args),
          upsert: (...args) => around('notices.upsert', () => notices.upsert(...args)),
        },
      };
    },
  };
}
