/** Recordings in memory. `crash` is the death of every writer; `break` is a disk that takes no more. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { eventLine, headerLine } from '../../src/domain/cast.ts';
import { chainAfter, chainLine, chainStart } from '../../src/domain/cast-chain.ts';
import { isAccessId, isSessionId, type SessionId } from '../../src/domain/ids.ts';
import {
  type Recording,
  type RecordingDigest,
  RecordingFault,
  type RecordingOf,
  type Recordings,
} from '../../src/ports/recordings.ts';

type Kept = {
  readonly of: RecordingOf;
  text: string;
  state: 'open' | 'dead' | 'settled';
  isClosed: boolean;
  fault?: RecordingFault;
  readonly broken: PromiseWithResolvers<string>;
};

export type MemoryRecordings = Recordings & {
  crash(): void;
  break(session: SessionId, why: string): void;
};

export function memoryRecordings(): MemoryRecordings {
  const all = new Map<SessionId, Kept>();

  function close(kept: Kept, last: string): RecordingDigest {
    if (!kept.isClosed) {
      kept.text += last;
      kept.text += chainLine(chainAfter(chainStart, [Buffer.from(kept.text)]));
      kept.isClosed = true;
    }
    const bytes = Buffer.from(kept.text);
    return { seconds: 0, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  function record(kept: Kept): Recording {
    const decoders = { o: new TextDecoder(), i: new TextDecoder() };
    const take = async (code: 'o' | 'i', bytes: Uint8Array): Promise<void> => {
      if (kept.fault !== undefined) throw kept.fault;
      if (kept.isClosed) throw new RecordingFault('the recording has ended');
      kept.text += eventLine(0, code, decoders[code].decode(bytes, { stream: true }));
    };
    return {
      output: (bytes) => take('o', bytes),
      input: (bytes) => take('i', bytes),
      resize({ cols, rows }) {
        if (!kept.isClosed && kept.fault === undefined) kept.text += eventLine(0, 'r', `${cols}x${rows}`);
      },
      async end(status) {
        const rest = decoders.o.decode();
        if (rest !== '' && !kept.isClosed) kept.text += eventLine(0, 'o', rest);
        return close(
          kept,
          status === undefined ? eventLine(0, 'm', 'ended') : eventLine(0, 'x', `${status}`),
        );
      },
      broken: kept.broken.promise,
    };
  }

  return {
    async begin(of) {
      const { access, session, size, startedAt, title } = of;
      if (!isAccessId(access) || !isSessionId(session)) throw new RecordingFault('no well-formed name');
      if (all.has(session)) throw new RecordingFault('it exists already');
      const text = headerLine({ ...size, timestamp: Math.floor(startedAt / 1_000), title });
      const kept: Kept = { of, text, state: 'open', isClosed: false, broken: Promise.withResolvers() };
      all.set(session, kept);
      return record(kept);
    },
    orphans: async () =>
      [...all.values()]
        .filter(({ state }) => state === 'dead')
        .map((kept) => ({
          of: kept.of,
          digest: close(kept, eventLine(0, 'm', 'cut off: the recorder died')),
        })),
    async settled(_access, session) {
      const kept = all.get(session);
      if (kept !== undefined) kept.state = 'settled';
    },
    async read(access, session) {
      const kept = all.get(session);
      return kept?.of.access === access ? Readable.from([Buffer.from(kept.text)]) : undefined;
    },
    crash() {
      for (const kept of all.values()) if (kept.state === 'open') kept.state = 'dead';
    },
    break(session, why) {
      const kept = all.get(session);
      if (kept === undefined) throw new Error(`${session} was never begun`);
      kept.fault = new RecordingFault(why);
      kept.broken.resolve(why);
    },
  };
}
