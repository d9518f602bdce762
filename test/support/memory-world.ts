/** All ports in memory, a clock that stands, and the few words in which stories are told. */
import { randomBytes } from 'node:crypto';
import { type AccessId, idBytes, idFrom } from '../../src/domain/ids.ts';
import type { Policy } from '../../src/domain/policy.ts';
import { isRefused, type Refusal, type Refused } from '../../src/domain/refusal.ts';
import type { Ask } from '../../src/domain/request.ts';
import { castVote } from '../../src/flow/cast-vote.ts';
import type { Flow } from '../../src/flow/deps.ts';
import { openRequest } from '../../src/flow/open-request.ts';
import { runEffect } from '../../src/flow/run-effect.ts';
import { type Misses, sweepLedger } from '../../src/flow/sweep.ts';
import { isStored, type Stored } from '../../src/ports/ledger.ts';
import { makePolicy, newId, noon } from './builders.ts';
import { type HandClock, handClock } from './hand-clock.ts';
import { type HarmedLedger, harmedLedger } from './harmed-ledger.ts';
import { type MemoryBrokers, memoryBrokers } from './memory-brokers.ts';
import { type MemoryDirectory, memoryDirectory } from './memory-directory.ts';
import { type MemoryFiles, memoryFiles } from './memory-files.ts';
import { type MemoryGrants, memoryGrants } from './memory-grants.ts';
import { type MemoryLeases, memoryLeases } from './memory-leases.ts';
import { memoryLedger } from './memory-ledger.ts';
import { type MemoryNotices, memoryNotices } from './memory-notices.ts';
import { type MemoryRecordings, memoryRecordings } from './memory-recordings.ts';
import { type MemorySandboxes, memorySandboxes } from './memory-sandboxes.ts';
import { type MemorySignOuts, memorySignOuts } from './memory-sign-outs.ts';
import { type MemorySpool, memorySpool } from './memory-spool.ts';
import { type MemoryTerminals, memoryTerminals } from './memory-terminals.ts';
import { type MemoryTimers, memoryTimers } from './memory-timers.ts';
import { type MemoryTrailChannel, memoryTrailChannel } from './memory-trail-channel.ts';

const install = '0123456789ab';

export type MemoryWorld = {
  readonly deps: Flow;
  readonly clock: HandClock;
  readonly ledger: HarmedLedger;
  readonly timers: MemoryTimers;
  readonly directory: MemoryDirectory;
  readonly grants: MemoryGrants;
  readonly sandboxes: MemorySandboxes;
  readonly terminals: MemoryTerminals;
  readonly files: MemoryFiles;
  readonly spool: MemorySpool;
  readonly recordings: MemoryRecordings;
  readonly brokers: MemoryBrokers;
  readonly notices: MemoryNotices;
  readonly leases: MemoryLeases;
  readonly signOuts: MemorySignOuts;
  readonly channel: MemoryTrailChannel;
  /** What stood in the log above info. */
  readonly log: readonly string[];
  setPolicy(policy: Policy): void;
  /** Moves every clock. */
  tick(ms: number): void;
  /** Runs what the timers say is due until nothing is; a failed effect comes again a second later. */
  runDue(): Promise<void>;
  /** Lets `seconds` pass, a second at a time, running what is due. */
  live(seconds: number): Promise<void>;
  /** The same without any timer: only the sweep acts. */
  liveBySweep(seconds: number): Promise<void>;
  ask(change?: Partial<Ask>, requester?: string): Promise<AccessId>;
  vote(id: AccessId, voter: string, answer?: 'approve' | 'deny'): Promise<Stored | Refused>;
  stored(id: AccessId): Promise<Stored>;
  /** The actions of this access in the trail, in order. */
  told(id: AccessId): Promise<readonly string[]>;
};

/** `wrap` puts something between the flows and the ports, such as a process that dies. */
export function memoryWorld(
  first: Policy = makePolicy(),
  wrap: (deps: Flow) => Flow = (deps) => deps,
): MemoryWorld {
  let policy = first;
  const log: string[] = [];
  const note = (level: string) => (_: unknown, text?: string) => void log.push(`${level}: ${text ?? ''}`);
  const clock = handClock(noon);
  const ledger = harmedLedger(memoryLedger());
  const timers = memoryTimers();
  const directory = memoryDirectory();
  const grants = memoryGrants({ clock, install });
  const sandboxes = memorySandboxes(install, noon);
  const terminals = memoryTerminals();
  const files = memoryFiles();
  const spool = memorySpool();
  const recordings = memoryRecordings();
  const brokers = memoryBrokers();
  const notices = memoryNotices();
  const leases = memoryLeases();
  const signOuts = memorySignOuts(clock);
  const channel = memoryTrailChannel();
  const deps = wrap({
    ledger,
    timers,
    grants,
    sandboxes,
    terminals,
    files,
    spool,
    recordings,
    brokers,
    directory,
    notices,
    channel,
    leases,
    signOuts,
    clock,
    policy: { current: () => policy },
    newId,
    newSessionId: () => idFrom('ses', randomBytes(idBytes)),
    credentialsToken: (access) => `token of ${access}`,
    install,
    log: { debug: () => {}, info: () => {}, warn: note('warn'), error: note('error') },
  });
  const world: MemoryWorld = {
    deps,
    clock,
    ledger,
    timers,
    directory,
    grants,
    sandboxes,
    terminals,
    files,
    spool,
    recordings,
    brokers,
    notices,
    leases,
    signOuts,
    channel,
    log,
    setPolicy: (next) => {
      policy = next;
    },
    tick: (ms) => {
      clock.tick(ms);
      sandboxes.clock.now = clock.now();
    },
    runDue: async () => {
      for (let due = timers.due(clock.now()); due.length > 0; due = timers.due(clock.now())) {
        for (const timer of due) {
          try {
            await runEffect(deps, timer.effect, timer.access);
          } catch {
            await timers.schedule([{ ...timer, at: clock.now() + 1_000 }]);
          }
        }
      }
    },
    live: async (seconds) => {
      await world.runDue();
      for (let second = 0; second < seconds; second += 1) {
        world.tick(1_000);
        await world.runDue();
      }
    },
    liveBySweep: async (seconds) => {
      const misses: Misses = new Map();
      for (let second = 0; second < seconds; second += 1) {
        world.tick(1_000);
        await sweepLedger(deps, misses, () => 0);
      }
    },
    ask: async (change = {}, requester = 'U0ANA') => {
      const ask: Ask = {
        target: 'payments-db',
        duration: '45m',
        reason: 'checkout answers 500, INC-4821',
        ...change,
      };
      const stored = await openRequest(deps, {
        requester: { id: requester, name: requester.slice(2).toLowerCase() },
        ask,
      });
      if (isRefused(stored)) throw new Error(`refused: ${JSON.stringify(stored.refused)}`);
      return stored.access.request.id;
    },
    vote: async (id, voter, answer = 'approve') => {
      const [card] = await notices.posted(id, 'card');
      if (card === undefined) await runEffect(deps, 'notify', id);
      const [standing] = await notices.posted(id, 'card');
      return castVote(deps, {
        access: id,
        voter: { id: voter, name: voter.slice(2).toLowerCase() },
        answer,
        card: standing ?? { channel: 'C0NONE', ts: '0' },
      });
    },
    stored: async (id) => {
      const read = await ledger.read(id);
      if (!isStored(read)) throw new Error(`${id} is ${JSON.stringify(read)}`);
      return read;
    },
    told: async (id) => {
      const trail = await ledger.trail(0, 10_000);
      return trail.filter(({ entry }) => entry.access === id).map(({ entry }) => entry.action);
    },
  };
  return world;
}

/** The refusal, or a failure where there was none. */
export function refusalOf(outcome: Stored | Refused): Refusal {
  if (!isRefused(outcome)) throw new Error(`not refused, but ${outcome.access.state}`);
  return outcome.refused;
}
