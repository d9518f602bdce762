/**
 * Finds a text in what a recording shows, escape sequences left out, letters' case no matter. Looks at characters in
 * the order in which they were printed, not where a screen would have put them. A backspace takes nothing back: what was
 * shown is found, whatever was printed over it.
 */
import type { CastEvent } from './cast.ts';
import { terminalReader } from './terminal-text.ts';

/** `atMs` is when the text stood there whole; `line` the printed line around it. */
export type Found = { readonly atMs: number; readonly line: string };

export const searchMax = 200;
export const foundMax = 1_000;
const excerptMax = 300;
/** Longer lines are searched in overlapping pieces. */
const lineMax = 8_192;

export type LineFinder = {
  /** Takes the events in order. */
  read(event: CastEvent): void;
  /** The first hit of each line, in order, `foundMax` at most. Nothing is read after this. */
  found(): readonly Found[];
};

/** A longer text than `searchMax` is cut off; an empty one is found nowhere. */
export function lineFinder(wanted: string): LineFinder {
  const text = wanted.slice(0, searchMax).toWellFormed();
  const found: Found[] = [];
  if (text.trim() === '') return { read: () => {}, found: () => found };
  const pattern = new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'iu');
  const reader = terminalReader();
  let line = '';
  /** Lengths that the line had before the pieces printed at these times. */
  let times: { readonly length: number; readonly atMs: number }[] = [];

  function search(keep: number): void {
    const hit = pattern.exec(line);
    if (hit !== null && found.length < foundMax)
      found.push({ atMs: timeAt(times, hit.index + hit[0].length), line: excerpt(line, hit.index) });
    const rest = hit === null ? line.slice(line.length - Math.min(keep, line.length)) : '';
    times = rest === '' ? [] : [{ length: 0, atMs: times.at(-1)?.atMs ?? 0 }];
    line = rest;
  }

  /** A piece without line breaks. */
  function print(piece: string, atMs: number): void {
    for (let from = 0; from < piece.length; from += lineMax) {
      const shown = piece.slice(from, from + lineMax).replace(/\p{Cc}/gu, '');
      if (shown !== '') times.push({ length: line.length, atMs });
      line += shown;
      if (line.length >= lineMax) search(text.length - 1);
    }
  }

  return {
    read: ({ code, data, atMs }) => {
      if (code !== 'o' || found.length >= foundMax) return;
      for (const part of reader.read(data)) {
        if (part.kind !== 'text') continue;
        for (const piece of part.text.split(/([\r\n]+)/)) {
          if (/^[\r\n]/.test(piece)) search(0);
          else print(piece, atMs);
        }
      }
    },
    found: () => {
      search(0);
      return found;
    },
  };
}

function timeAt(times: readonly { readonly length: number; readonly atMs: number }[], end: number): number {
  return times.findLast(({ length }) => length < end)?.atMs ?? 0;
}

function excerpt(line: string, at: number): string {
  const from = Math.max(0, Math.min(at - excerptMax / 3, line.length - excerptMax));
  return line
    .slice(from, from + excerptMax)
    .toWellFormed()
    .trim();
}
