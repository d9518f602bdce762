/**
 * One attached terminal and its recording. Bytes go from the shell to the recording and then to whoever looks on; the
 * slowest writer holds back the shell, a slow watcher is let go. It lives on while nobody is attached, so that a reload
 * finds it again, and ends once: with the shell, by a cut, when it was idle, or when it cannot be recorded.
 */
import type { AccessId, SessionId } from '../domain/ids.ts';
import type { Person } from '../domain/people.ts';
import type { Clock } from '../ports/clock.ts';
import type { Recording, RecordingDigest } from '../ports/recordings.ts';
import type { Terminal, TerminalSize } from '../ports/terminals.ts';
import { makeScrollback } from './scrollback.ts';

/** Someone who sees the terminal: the requester, who also types, or a watcher. */
export type Viewer = {
  readonly person: Person;
  readonly writes: boolean;
  show(bytes: Uint8Array): void;
  /** Bytes shown that the viewer's screen has not taken yet. */
  behind(): number;
  /** Who watches now, by name. */
  watched(names: readonly string[]): void;
  /** The session is over for this viewer. */
  over(why: string): void;
};

export type Attachment = {
  type(bytes: Uint8Array): Promise<void>;
  resize(size: TerminalSize): void;
  /** The screen has taken more: the shell may go on. */
  caughtUp(): void;
  detach(): void;
};

export type Session = {
  readonly id: SessionId;
  readonly access: AccessId;
  readonly openedAt: number;
  attach(viewer: Viewer): Attachment;
  /** Ends it with this reason; whoever looks on is told at once. */
  cut(why: string): void;
  /** Resolves once the recording is closed. */
  readonly ended: Promise<SessionEnd>;
};

export type SessionEnd = { readonly why: string; readonly digest: RecordingDigest };

export type SessionParts = {
  readonly id: SessionId;
  readonly access: AccessId;
  readonly terminal: Terminal;
  readonly recording: Recording;
  readonly size: TerminalSize;
  readonly idleMs: number;
  readonly recordInput: boolean;
  readonly clock: Clock;
  /** Why a shell ended that nobody here cut: the sandbox may have been closed under it. */
  readonly whyEnded: () => Promise<string>;
};

/** What a writer's screen may be behind before the shell waits for it. */
const windowBytes = 512 * 1024;
/** What the shell may write while nobody is attached, before it waits for somebody. */
const unseenBytes = 1024 * 1024;

export function startSession(parts: SessionParts): Session {
  const { id, access, terminal, recording, clock } = parts;
  const { stream } = terminal;
  const viewers = new Set<Viewer>();
  const scrollback = makeScrollback();
  const over = new AbortController();
  const ending = new Promise<void>((resolve) => over.signal.addEventListener('abort', () => resolve()));
  const openedAt = clock.now();
  let size = parts.size;
  let why = '';
  let unseen = 0;
  let typedAt = openedAt;
  let goOn = Promise.withResolvers<void>();

  const cut = (reason: string): void => {
    if (over.signal.aborted) return;
    why = reason;
    over.abort();
    for (const viewer of viewers) viewer.over(reason);
    stream.destroy();
  };

  const mustWait = (): boolean => {
    const writers = [...viewers].filter(({ writes }) => writes);
    return writers.length === 0
      ? unseen > unseenBytes
      : writers.some((viewer) => viewer.behind() > windowBytes);
  };

  /** Lets the pump look again. */
  const wake = (): void => {
    goOn.resolve();
    goOn = Promise.withResolvers();
  };

  const showAll = (chunk: Uint8Array): void => {
    scrollback.add(chunk);
    unseen += chunk.length;
    for (const viewer of viewers) {
      if (!viewer.writes && viewer.behind() > windowBytes) {
        viewers.delete(viewer);
        viewer.over('your connection is too slow to watch this; open it again');
        tellWatched();
        continue;
      }
      viewer.show(chunk);
      if (viewer.writes) unseen = 0;
    }
  };

  const tellWatched = (): void => {
    const names = [...new Set([...viewers].filter(({ writes }) => !writes).map(({ person }) => person.name))];
    for (const viewer of viewers) viewer.watched(names);
  };

  const pump = async (): Promise<void> => {
    for await (const chunk of stream) {
      await recording.output(chunk);
      showAll(chunk);
      while (mustWait() && !over.signal.aborted) await Promise.race([goOn.promise, ending]);
    }
  };

  const watchIdle = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const left = typedAt + parts.idleMs - clock.now();
      if (left <= 0) return cut('nothing was typed for too long');
      await clock.sleep(left, over.signal);
    }
  };

  const live = async (): Promise<SessionEnd> => {
    void watchIdle().catch(() => {});
    void recording.broken.then((reason) => cut(`it cannot be recorded: ${reason}`));
    // A stream that breaks has ended; what broke it was said by whoever cut it.
    await pump().catch(() => {});
    if (!over.signal.aborted) cut(await parts.whyEnded());
    return { why, digest: await recording.end() };
  };

  return {
    id,
    access,
    openedAt,
    cut,
    ended: live(),
    attach: (viewer) => {
      viewer.show(scrollback.bytes());
      viewers.add(viewer);
      if (viewer.writes) unseen = 0;
      tellWatched();
      wake();
      if (over.signal.aborted) viewer.over(why);
      return {
        type: async (bytes) => {
          if (!viewer.writes || !viewers.has(viewer) || over.signal.aborted) return;
          typedAt = clock.now();
          if (parts.recordInput) await recording.input(bytes);
          if (!stream.write(bytes)) await Promise.race([drained(stream), ending]);
        },
        resize: (wanted) => {
          if (!viewer.writes || over.signal.aborted) return;
          if (wanted.cols === size.cols && wanted.rows === size.rows) return;
          size = wanted;
          recording.resize(size);
          void terminal.resize(size).catch(() => {});
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

function drained(stream: Terminal['stream']): Promise<void> {
  return new Promise((resolve) => stream.once('drain', resolve));
}
