/**
 * The sandboxes port in memory, with a clock set by hand: a sandbox stands until its deadline, its close, or
 * `destroy`. Keeps the contract; test/contract/sandboxes.ts holds it to it.
 */
import type { AccessId } from '../../src/domain/ids.ts';
import {
  type Readiness,
  type Sandbox,
  type Sandboxes,
  SandboxFault,
  type SandboxSpec,
} from '../../src/ports/sandboxes.ts';

export type MemorySandboxes = Sandboxes & {
  /** Set by hand; nothing else moves it. */
  readonly clock: { now: number };
  /** What `readiness` answers. */
  ready: Readiness;
  /** The fault that the next calls of a verb throw, until taken out. */
  readonly faults: Map<'open' | 'setDeadline' | 'probe' | 'close' | 'list', SandboxFault>;
  /** How often each access was really opened: adopting does not count. */
  readonly opened: Map<AccessId, number>;
  /** As if the host had lost it. */
  destroy(access: AccessId): void;
  /** As if it had died with its supervisor, or with its host: its files are left. */
  kill(access: AccessId): void;
};

export function memorySandboxes(install: string, now = 0): MemorySandboxes {
  const clock = { now };
  const kept = new Map<AccessId, Sandbox>();
  const dead = new Set<AccessId>();
  const opened = new Map<AccessId, number>();
  const faults: MemorySandboxes['faults'] = new Map();

  function left(access: AccessId): Sandbox | undefined {
    const sandbox = kept.get(access);
    if (sandbox !== undefined && sandbox.deadline <= clock.now && !dead.has(access)) kept.delete(access);
    return kept.get(access);
  }
  const standing = (access: AccessId): Sandbox | undefined => (dead.has(access) ? undefined : left(access));
  function mustStand(access: AccessId): Sandbox {
    const sandbox = standing(access);
    if (sandbox !== undefined) return sandbox;
    throw new SandboxFault('gone', `no sandbox stands for ${access}`, { retryable: false });
  }
  function failIfTold(verb: 'open' | 'setDeadline' | 'probe' | 'close' | 'list'): void {
    const fault = faults.get(verb);
    if (fault !== undefined) throw fault;
  }
  const unavailable = (why: string): SandboxFault =>
    new SandboxFault('unavailable', why, { retryable: false });

  return {
    clock,
    faults,
    opened,
    ready: { ready: true, limitsHeldBy: 'cgroup-v2' },
    async readiness() {
      return this.ready;
    },
    async open({ labels, deadline }: SandboxSpec) {
      failIfTold('open');
      const adopted = standing(labels.access);
      if (adopted !== undefined) return adopted;
      if (labels.install !== install)
        throw unavailable(`this driver opens for ${install}, not ${labels.install}`);
      if (deadline <= clock.now) throw unavailable('the deadline has passed already');
      const sandbox: Sandbox = {
        labels,
        deadline,
        driver: 'memory',
        sockets: { dir: '/nowhere', gid: 0 },
        limitsHeldBy: 'cgroup-v2',
        checks: 1,
      };
      kept.set(labels.access, sandbox);
      dead.delete(labels.access);
      opened.set(labels.access, (opened.get(labels.access) ?? 0) + 1);
      return sandbox;
    },
    async setDeadline(access, deadline) {
      failIfTold('setDeadline');
      kept.set(access, { ...mustStand(access), deadline });
    },
    async probe(access) {
      failIfTold('probe');
      mustStand(access);
      return [{ check: 'probe-complete', holds: true, saw: 'yes' }];
    },
    async close(access) {
      failIfTold('close');
      kept.delete(access);
      dead.delete(access);
    },
    async list() {
      failIfTold('list');
      const all = [...kept.keys()].map(left).filter((sandbox) => sandbox !== undefined);
      return all.map((sandbox) => ({ ...sandbox, stands: !dead.has(sandbox.labels.access) }));
    },
    destroy(access) {
      kept.delete(access);
    },
    kill(access) {
      dead.add(access);
    },
  };
}
