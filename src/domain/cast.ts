/**
 * The format of a recording: asciicast v3, one JSON value a line. A header, then `[interval, code, data]`, where the
 * interval is in seconds since the event before; lines that begin with `#` are comments.
 * https://docs.asciinema.org/manual/asciicast/v3
 *
 * Reading takes the text in pieces cut anywhere. What cannot be read is skipped and counted, so that the rest of a
 * harmed file still replays; a line that was never finished is a tail torn by a crash, and is left out.
 */
import { z } from 'zod';

export type CastHeader = {
  readonly cols: number;
  readonly rows: number;
  /** Unix seconds. */
  readonly timestamp?: number | undefined;
  readonly title?: string | undefined;
};

/** `o` shown, `i` typed, `r` resized ("80x24"), `m` a marker, `x` the exit status; a reader passes over others. */
export type CastCode = 'o' | 'i' | 'r' | 'm' | 'x';

export type CastEvent = {
  /** Milliseconds since the recording began. */
  readonly atMs: number;
  readonly code: CastCode;
  readonly data: string;
};

export type CastReader = {
  /** Undefined until the first line was read, and for ever where that is no header of version 3. */
  readonly header: CastHeader | undefined;
  /** Lines that are neither header, event nor comment. */
  readonly unreadable: number;
  /** The events of the lines that `text` finishes. */
  read(text: string): readonly CastEvent[];
};

/** Longer lines count as unreadable. A writer's events hold 64 Ki characters, at most six times that when escaped. */
const lineMax = 4 * 1024 * 1024;

const headerShape = z.looseObject({
  version: z.literal(3),
  term: z.looseObject({ cols: z.int().min(1), rows: z.int().min(1) }),
  timestamp: z.number().optional(),
  title: z.string().optional(),
});
const eventShape = z.tuple([z.number().min(0).max(1e9), z.string(), z.string()]);

export function headerLine({ cols, rows, timestamp, title }: CastHeader): string {
  const header = { version: 3, term: { cols, rows, type: 'xterm-256color' }, timestamp, title };
  return `${JSON.stringify(header)}\n`;
}

/** `intervalMs` is a whole number: differences of whole milliseconds add up without error. */
export function eventLine(intervalMs: number, code: CastCode, data: string): string {
  return `[${intervalMs / 1_000},"${code}",${JSON.stringify(data)}]\n`;
}

/** The header that a first line spells. */
export function parseHeader(line: string): CastHeader | undefined {
  const parsed = headerShape.safeParse(parseJson(line));
  if (!parsed.success) return undefined;
  const { term, timestamp, title } = parsed.data;
  return { cols: term.cols, rows: term.rows, timestamp, title };
}

/** The event that a line spells, its time in microseconds since the one before. */
export function parseEvent(line: string): { intervalUs: number; code: string; data: string } | undefined {
  const parsed = eventShape.safeParse(parseJson(line));
  if (!parsed.success) return undefined;
  const [interval, code, data] = parsed.data;
  return { intervalUs: Math.round(interval * 1e6), code, data };
}

export function isComment(line: string): boolean {
  return line.startsWith('#');
}

export function castReader(): CastReader {
  let header: CastHeader | undefined;
  let unreadable = 0;
  let lines = 0;
  let atUs = 0;
  let held: string[] = [];
  let heldLength = 0;

  function hold(piece: string): void {
    heldLength += piece.length;
    if (heldLength > lineMax) held = [];
    else held.push(piece);
  }

  function readLine(): CastEvent | undefined {
    const line = heldLength > lineMax ? undefined : held.join('').replace(/\r$/, '');
    held = [];
    heldLength = 0;
    lines += 1;
    if (lines === 1) {
      header = line === undefined ? undefined : parseHeader(line);
      if (header === undefined) unreadable += 1;
      return undefined;
    }
    if (line === '' || (line !== undefined && isComment(line))) return undefined;
    const event = line === undefined || header === undefined ? undefined : parseEvent(line);
    if (event === undefined) {
      unreadable += 1;
      return undefined;
    }
    // Also that of an event whose code is unknown: the next one's interval begins there.
    atUs += event.intervalUs;
    return isCode(event.code) ? { atMs: atUs / 1_000, code: event.code, data: event.data } : undefined;
  }

  return {
    get header() {
      return header;
    },
    get unreadable() {
      return unreadable;
    },
    read(text) {
      const events: CastEvent[] = [];
      let from = 0;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
        hold(text.slice(from, end));
        from = end + 1;
        const event = readLine();
        if (event !== undefined) events.push(event);
      }
      if (from < text.length) hold(text.slice(from));
      return events;
    },
  };
}

function isCode(code: string): code is CastCode {
  return code.length === 1 && 'oirmx'.includes(code);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
