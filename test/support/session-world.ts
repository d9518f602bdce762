/** An active access on memory ports, and the few words in which stories of its terminals are told. */
import { vi } from 'vitest';
import type { AccessId, SessionId } from '../../src/domain/ids.ts';
import type { Person } from '../../src/domain/people.ts';
import { isRefused, type Refusal, type Refused } from '../../src/domain/refusal.ts';
import type { Attachment, Session, Viewer } from '../../src/flow/session.ts';
import type { TerminalSize } from '../../src/ports/terminals.ts';
import type { MemoryWorld } from './memory-world.ts';

export const ana: Person = { id: 'U0ANA', name: 'ana' };
export const lea: Person = { id: 'U0LEA', name: 'lea' };
export const size = { cols: 80, rows: 24 };

/** Asked for and approved by both lines; `duration` as people write it, or the target's own. */
export async function activeAccess(world: MemoryWorld, duration?: string): Promise<AccessId> {
  const id = await world.ask(duration === undefined ? {} : { duration });
  await world.vote(id, 'U0LEA');
  await world.vote(id, 'U0SEC');
  await world.live(1);
  return id;
}

/** Waits until `check` holds: what is due by itself needs only that others get their turn. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 5_000, interval: 1 });
}

/** Gives everybody else their turn, often enough that what could happen by itself has. */
export async function allTurns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export function opened(outcome: Session | Refused): Session {
  if (isRefused(outcome)) throw new Error(`refused: ${JSON.stringify(outcome.refused)}`);
  return outcome;
}

export function refusal(outcome: Session | Refused): Refusal {
  if (!isRefused(outcome)) throw new Error(`not refused: ${outcome.id}`);
  return outcome.refused;
}

export type Screen = Viewer & {
  readonly text: () => string;
  readonly watchedBy: () => readonly string[];
  /** The size that it was told last. */
  readonly size: () => TerminalSize | undefined;
  readonly overBecause: () => string | undefined;
  /** The destinations that it was told were refused. */
  readonly blockedHosts: () => readonly string[];
  /** Whether it was told that there may be another terminal. */
  readonly again: () => boolean | undefined;
  /** The screen takes everything that it was shown, from now on at once or only now. */
  catchUp(attachment: Attachment): void;
};

/** `isSlow`: it takes nothing until it is told to. */
export function screen(person: Person, options: { writes?: boolean; isSlow?: boolean } = {}): Screen {
  const { writes = true, isSlow = false } = options;
  const chunks: Uint8Array[] = [];
  let behind = 0;
  let names: readonly string[] = [];
  const hosts: string[] = [];
  let why: string | undefined;
  let again: boolean | undefined;
  let told: TerminalSize | undefined;
  return {
    person,
    writes,
    show: (bytes) => {
      chunks.push(bytes);
      if (isSlow) behind += bytes.length;
    },
    behind: () => behind,
    watched: (now) => {
      names = now;
    },
    blocked: ({ host }) => {
      hosts.push(host);
    },
    blockedHosts: () => hosts,
    sized: (now) => {
      told = now;
    },
    over: (reason, isAgain) => {
      why ??= reason;
      again ??= isAgain;
    },
    text: () => Buffer.concat(chunks).toString('latin1'),
    watchedBy: () => names,
    size: () => told,
    overBecause: () => why,
    again: () => again,
    catchUp: (attachment) => {
      behind = 0;
      attachment.caughtUp();
    },
  };
}

/** The recording as it stands. */
export async function recorded(world: MemoryWorld, access: AccessId, session: SessionId): Promise<string> {
  const stream = await world.recordings.read(access, session);
  let text = '';
  for await (const piece of stream ?? []) text += String(piece);
  return text;
}

/** What the trail says of sessions, in order: the action, and why where it ended. */
export async function sessionTrail(world: MemoryWorld, access: AccessId): Promise<readonly string[]> {
  return (await world.ledger.trail(0, 10_000))
    .filter(({ entry }) => entry.access === access && /^session|refused/.test(entry.action))
    .map(({ entry: { action, details } }) =>
      [action, details.why ?? details.code].filter((each) => each !== undefined).join(': '),
    );
}
