/**
 * Takes in what file.sh says. It runs as the sandbox's own user, who can make it say anything: so each number is held
 * against what was asked for, and nothing is waited for without an end.
 */
import { Readable } from 'node:stream';
import { type FileFlaw, ownPlaces } from '../../domain/own-path.ts';
import type { ReadFile } from '../../ports/sandbox-files.ts';
import { firstLine, stuck } from './first-line.ts';
import { insideDoor } from './local/bwrap-arguments.ts';

/** From the start to the last byte; what reads inside is killed then, too. */
export const readSeconds = 60;

/** What is run inside. The path is an argument of its own and never part of a program's text. */
export function readerArguments(path: string, mostBytes: number): readonly string[] {
  return ['/bin/bash', `${insideDoor}/file`, path, String(mostBytes), ...Object.values(ownPlaces)];
}

export async function readOut(source: Readable, mostBytes: number): Promise<ReadFile> {
  const said = await firstLine(source, readingIn);
  if ('bytes' in said && said.bytes <= mostBytes)
    return { bytes: said.bytes, stream: exactly(source, said.bytes) };
  source.destroy();
  return 'bytes' in said ? { tooBig: said.bytes } : said;
}

type Said = { readonly bytes: number } | Exclude<ReadFile, { readonly bytes: number }>;

const flaws: readonly FileFlaw[] = ['absent', 'directory', 'special', 'unreadable', 'outside'];

function readingIn(line: string): Said | undefined {
  const [, word, digits] = /^(file|big) (\d{1,19})$/.exec(line) ?? [];
  // A sparse file can claim more than can be counted exactly.
  const bytes = Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
  if (word !== undefined) return word === 'file' ? { bytes } : { tooBig: bytes };
  const flaw = flaws.find((each) => each === line);
  return flaw === undefined ? undefined : { flaw };
}

/** So many bytes of it and no more. Destroying the one destroys the other. */
function exactly(source: Readable, bytes: number): Readable {
  let left = bytes;
  const late = setTimeout(() => out.destroy(stuck('the file was not read in time')), readSeconds * 1_000);
  const out = new Readable({
    read: () => {
      source.resume();
    },
    destroy: (error, done) => {
      clearTimeout(late);
      source.destroy();
      done(error);
    },
  });
  const fall = (): void => {
    if (left > 0) out.destroy(stuck('the file became shorter, or its reading was cut, before its end'));
  };
  const take = (chunk: Buffer): void => {
    const part = chunk.subarray(0, left);
    left -= part.length;
    if (!out.push(part)) source.pause();
    if (left === 0) finish();
  };
  const finish = (): void => {
    source.off('data', take);
    source.destroy();
    out.push(null);
  };
  // Whoever comes to read only later is told then.
  out.on('error', () => {});
  source.on('error', fall);
  source.on('close', fall);
  if (left === 0) finish();
  else if (source.closed) fall();
  else source.on('data', take);
  return out;
}
