/**
 * One attached terminal and its recording. Bytes go from the shell to the recording and then to whoever looks on; the
 * slowest writer holds back the shell, a slow watcher is let go. It lives on while nobody is attached, so that a reload
 * finds it again, and ends once: with the shell, by a cut, when it was idle, or when it cannot be recorded.
 */
import type { AccessId, SessionId } from '../domain/ids.ts';
import type { Person } from '../domain/people.ts';
import { isTyped } from '../domain/terminal-answers.ts';
import type { Blocked } from '../ports/brokers.ts';
import type { Clock } from '../ports/clock.ts';
import type { Recording, RecordingDigest } from '../ports/recordings.ts';
import type { Terminal, TerminalSize } from '../ports/terminals.ts';
import { resizing } from './resizing.ts';
import { makeScrollback } from './scrollback.ts';

/** Someone who sees the terminal: the requester, who also types, or a watcher. */
export type Viewer = {
  readonly person: Person;
  readonly writes: boolean;
  show(bytes: Uint8Array): void;
  /** Bytes shown that the viewer's screen has not taken yet. */
  behind(): number;
  /** The terminal has this size from here on: first of all, and whenever it changes. */
  sized(size: TerminalSize): void;
  /** Who watches now, by name. */
  watched(names: readonly string[]): void;
  /** Something inside tried to connect and was refused. */
  blocked(attempt: Blocked): void;
  /** The session is over for this viewer. `again`: whether its access goes on, so that there may be another. */
  over(why: string, again: boolean): void;
};

export type Attachment = {
  /** Resolves once the shell has taken it, or will take nothing any more; never rejects. */
  type(bytes: Uint8Array): Promise<void>;
  resize(size: TerminalSize): void;
  /** The screen has taken more: the shell may go on. */
  caughtUp(): void;
  detach(): void;
};

export type Session = {
  readonly id: SessionId;
  readonly access: AccessId;
  readonly target: string;
  readonly openedAt: number;
  attach(viewer: Viewer): Attachment;
  /** Tells everybody. */
  blocked(attempt: Blocked): void;
  /** Ends it with this reason; whoever looks on is told at once, and that there is no other where `again` is false. */
  cut(why: string, options?: { readonly again: boolean }): void;
  /** Resolves once the recording is closed. */
  readonly ended: Promise<SessionEnd>;
};

export type SessionEnd = { readonly why: string; readonly digest: RecordingDigest };

export type SessionParts = {
  readonly id: SessionId;
  readonly access: AccessId;
  readonly target: string;
  readonly terminal: Terminal;
  readonly recording: Recording;
  readonly size: TerminalSize;
  /** Shown and recorded before anything of the shell's. */
  readonly greeting: string;
  readonly idleMs: number;
  readonly recordInput: boolean;
  readonly clock: Clock;
  /** Why the access is over, where a shell ended that nobody here cut: the sandbox may have been closed under it. */
  readonly whyOver: () => Promise<string | undefined>;
};

/** What a writer's screen may be behind before the shell waits for it. */
const windowBytes = 512 * 1024;
/** What the shell may write while nobody is attached, before it waits for somebody. */
const unseenBytes = 1024 * 1024;
/** Each costs a copy of every byte. */
const mostViewers = 32;

export function startSession(parts: SessionParts): Session {
  const { id, access, target, terminal, recording, clock } = parts;
  const { stream } = terminal;
  const viewers = new Set<Viewer>();
  const scrollback = makeScrollback();
  const over = new AbortController();
  const openedAt = clock.now();
  let end = { why: '', again: true };
  let unseen = 0;
  let typedAt = openedAt;
  let told: readonly string[] = [];
  /** Resolved and made anew whenever what the pump waits for may have come: a screen caught up, somebody came or left. */
  let goOn = Promise.withResolvers<void>();
  /** The same for what is typed: the shell takes more. */
  let room = Promise.withResolvers<void>();
  /** What is typed in several tabs goes to the shell one after the other, in the order of the recording. */
  let typed = Promise.resolve();

  const wake = (): void => {
    goOn.resolve();
    goOn = Promise.withResolvers();
  };
  const makeRoom = (): void => {
    room.resolve();
    room = Promise.withResolvers();
  };
  stream.on('drain', makeRoom).once('close', makeRoom);
  // What breaks a stream is noticed where it is read; without a listener it would end the process.
  stream.on('error', () => {});

  const cut = (why: string, { again } = { again: true }): void => {
    if (over.signal.aborted) return;
    end = { why, again };
    over.abort();
    for (const viewer of viewers) viewer.over(why, again);
    stream.destroy();
    wake();
    makeRoom();
  };

  const mustWait = (): boolean => {
    const writers = [...viewers].filter(({ writes }) => writes);
    return writers.length === 0
      ? unseen > unseenBytes
      : writers.some((viewer) => viewer.behind() > windowBytes);
  };

  const showAll = (chunk: Uint8Array): void => {
    scrollback.add(chunk);
    unseen += chunk.length;
    for (const viewer of viewers) {
      if (!viewer.writes && viewer.behind() > windowBytes) {
        viewers.delete(viewer);
        viewer.over('your connection is too slow to watch this; open it again', true);
        tellWatched();
        continue;
      }
      viewer.show(chunk);
      if (viewer.writes) unseen = 0;
    }
  };

  const watchers = (): readonly string[] => [
    ...new Set([...viewers].filter(({ writes }) => !writes).map(({ person }) => person.name)),
  ];

  /** Only when it changed: connections that come and go are no news. */
  const tellWatched = (): void => {
    const names = watchers();
    if (names.join('\n') === told.join('\n')) return;
    told = names;
    for (const viewer of viewers) viewer.watched(names);
  };

  const show = async (chunk: Uint8Array): Promise<void> => {
    await recording.output(chunk);
    showAll(chunk);
  };

  const pump = async (): Promise<void> => {
    await show(Buffer.from(parts.greeting));
    for await (const chunk of stream) {
      await show(chunk);
      while (mustWait() && !over.signal.aborted) await goOn.promise;
    }
  };

  const write = async (bytes: Uint8Array): Promise<void> => {
    if (over.signal.aborted) return;
    if (parts.recordInput) await recording.input(bytes);
    if (over.signal.aborted || stream.write(bytes)) return;
    await room.promise;
  };

  const sizes = resizing(parts, over.signal, (now) => {
    for (const viewer of viewers) viewer.sized(now);
  });

  const watchIdle = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const left = typedAt + parts.idleMs - clock.now();
      if (left <= 0) return cut('nothing was typed for too long');
      await clock.sleep(Math.min(left, longestSleepMs), over.signal);
    }
  };

  const live = async (): Promise<SessionEnd> => {
    void watchIdle().catch(() => {});
    void recording.broken.then((reason) => cut(`it cannot be recorded: ${reason}`));
    // A stream that breaks has ended; what broke it was said by whoever cut it.
    await pump().catch(() => {});
    if (!over.signal.aborted) {
      const why = await parts.whyOver();
      cut(why ?? 'the shell ended', { again: why === undefined });
    }
    return { why: end.why, digest: await recording.end() };
  };

  return {
    id,
    access,
    target,
    openedAt,
    cut,
    ended: live(),
    blocked: (attempt) => {
      for (const viewer of viewers) viewer.blocked(attempt);
    },
    attach: (viewer) => {
      viewer.sized(sizes.now());
      viewer.show(scrollback.bytes());
      if (over.signal.aborted) viewer.over(end.why, end.again);
      else if (viewers.size >= mostViewers) viewer.over('too many look at this terminal already', true);
      else {
        viewers.add(viewer);
        if (viewer.writes) unseen = 0;
        tellWatched();
        viewer.watched(told);
        wake();
      }
      return {
        type: (bytes) => {
          if (!viewer.writes || !viewers.has(viewer)) return Promise.resolve();
          if (isTyped(bytes)) typedAt = clock.now();
          // What cannot be recorded is not typed: the recording itself says that it is broken.
          typed = typed.then(() => write(bytes)).catch(() => {});
          return typed;
        },
        resize: (wanted) => {
          if (viewer.writes && viewers.has(viewer)) sizes.want(wanted);
        },
        caughtUp: wake,
        detach: () => {
          if (!viewers.delete(viewer)) return;
          tellWatched();
          wake();
        },
      };
    },
  };
}

/** Longer timers than this fire at once. */
const longestSleepMs = 24 * 3_600_000;
