/**
 * Bytes of a terminal -> lines of a recording. Each direction is decoded as one stream of UTF-8, so that a character
 * split over two pieces comes out whole, and the text is what a TextDecoder makes of all bytes together (a byte order
 * mark included, for it was shown). Bytes that come within a few milliseconds share an event.
 */
import { type CastCode, eventLine } from '../../domain/cast.ts';

export type EventBuffer = {
  /** Characters and bytes that were not taken yet. */
  readonly size: number;
  bytes(code: 'o' | 'i', bytes: Uint8Array): void;
  event(code: 'r' | 'm' | 'x', data: string): void;
  /** Ends both streams: characters that were begun and not finished come out as U+FFFD. */
  finish(): void;
  /** The lines so far, each once. */
  take(): readonly Uint8Array[];
  /** From the beginning to the last event, whole milliseconds. */
  readonly lastMs: number;
};

/** How much earlier than it was shown a byte may stand. */
const coalesceMs = 8;
/** Bytes of an event, about: its end is not waited for where more comes at once. */
const eventMax = 64 * 1024;

/** `elapsedMs`: since the beginning. It may go backwards; the recording does not. */
export function eventBuffer(elapsedMs: () => number): EventBuffer {
  const decoders = {
    o: new TextDecoder('utf-8', { ignoreBOM: true }),
    i: new TextDecoder('utf-8', { ignoreBOM: true }),
  };
  let lines: Uint8Array[] = [];
  let linesSize = 0;
  let lastMs = 0;
  /** Still taking bytes. */
  let open: { readonly code: 'o' | 'i'; readonly atMs: number; text: string } | undefined;

  function seal(): void {
    if (open === undefined) return;
    push(open.atMs, open.code, open.text);
    open = undefined;
  }

  function push(atMs: number, code: CastCode, data: string): void {
    const line = Buffer.from(eventLine(atMs - lastMs, code, data));
    lastMs = atMs;
    lines.push(line);
    linesSize += line.length;
  }

  function now(): number {
    return Math.max(Math.floor(elapsedMs()), open?.atMs ?? lastMs);
  }

  function add(code: 'o' | 'i', text: string): void {
    if (text === '') return;
    const atMs = now();
    const fits =
      open?.code === code && atMs - open.atMs <= coalesceMs && open.text.length + text.length <= eventMax;
    if (open !== undefined && fits) {
      open.text += text;
      return;
    }
    seal();
    open = { code, atMs, text };
  }

  return {
    get size() {
      return linesSize + (open?.text.length ?? 0);
    },
    get lastMs() {
      return open?.atMs ?? lastMs;
    },
    bytes(code, bytes) {
      for (let at = 0; at < bytes.length; at += eventMax)
        add(code, decoders[code].decode(bytes.subarray(at, at + eventMax), { stream: true }));
    },
    event(code, data) {
      const atMs = now();
      seal();
      push(atMs, code, data);
    },
    finish() {
      for (const code of ['o', 'i'] as const) add(code, decoders[code].decode());
    },
    take() {
      seal();
      const taken = lines;
      lines = [];
      linesSize = 0;
      return taken;
    },
  };
}
