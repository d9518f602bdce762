import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chainAfter,
  chainLine,
  chainReader,
  chainStart,
  verifyRecording,
} from '../../src/domain/cast-chain.ts';

/** A file written in these pieces, each of whole lines. */
function fileOf(pieces: readonly string[]): Buffer {
  let chain = chainStart;
  return Buffer.concat(
    pieces.map((piece) => {
      chain = chainAfter(chain, [Buffer.from(piece)]);
      return Buffer.from(`${piece}${chainLine(chain)}`);
    }),
  );
}

const file = fileOf(['{"version":3}\n', '[0,"o","a"]\n# a comment\n', '[1,"o","b"]\n[1,"o","c"]\n']);
const lines = file
  .toString()
  .split('\n')
  .map((line) => `${line}\n`);

describe('a chained recording', () => {
  it('has the hash that its document says', () => {
    const first = createHash('sha256')
      .update(`${'0'.repeat(64)}{"version":3}\n`)
      .digest('hex');
    const second = createHash('sha256').update(`${first}[0,"o","a"]\n# a comment\n`).digest('hex');
    expect(
      file
        .toString()
        .startsWith(`{"version":3}\n# chain ${first}\n[0,"o","a"]\n# a comment\n# chain ${second}\n`),
    ).toBe(true);
  });

  it('is whole to its last chain line, and a prefix wherever else it is cut', () => {
    expect(verifyRecording(file)).toEqual({ kind: 'whole' });
    const ends = [2, 5, 8].map((count) => Buffer.byteLength(lines.slice(0, count).join('')));
    for (let length = 0; length < file.length; length += 1) {
      const last = ends.findLast((end) => end <= length) ?? 0;
      expect(verifyRecording(file.subarray(0, length))).toEqual(
        last === length && last > 0 ? { kind: 'whole' } : { kind: 'prefix', bytes: last },
      );
    }
  });

  it('shows every byte that was changed, added or taken, up to its last chain line', () => {
    for (let at = 0; at < file.length; at += 1) {
      const changed = Buffer.from(file);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const added = Buffer.concat([file.subarray(0, at), Buffer.from('x'), file.subarray(at)]);
      const taken = Buffer.concat([file.subarray(0, at), file.subarray(at + 1)]);
      // What breaks the very last chain line leaves what no chain line speaks of.
      for (const harmed of [changed, added, taken])
        expect(verifyRecording(harmed).kind, `${at}`).not.toBe('whole');
    }
  });

  it.each([
    ['[0,"o","a"]', '[0,"o","z"]', 5],
    ['[1,"o","c"]\n', '', 7],
    ['# a comment', '# b comment', 5],
    ['# chain ', '# chain x', 2],
  ])('with %j made %j is altered at line %i', (from, to, line) =>
    expect(verifyRecording(Buffer.from(file.toString().replace(from, to)))).toEqual({
      kind: 'altered',
      line,
    }),
  );

  it('reads the same in whatever pieces', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            '#',
            '\n',
            '# chain ',
            'a',
            '#\n',
            `# chain ${'0'.repeat(64)}`,
            `# ${'x'.repeat(80)}`,
            'é\n',
          ),
        ),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }),
        (written, lengths) => {
          const bytes = Buffer.concat([fileOf([`${written.join('')}\n`, 'end\n']), Buffer.from('torn')]);
          const reader = chainReader();
          for (let at = 0, n = 0; at < bytes.length; n += 1) {
            const length = lengths[n % lengths.length] ?? 1;
            reader.read(bytes.subarray(at, at + length));
            at += length;
          }
          expect(reader.verdict()).toEqual(verifyRecording(bytes));
        },
      ),
    ));

  it('tells where its last chain line ends, though it be wrong', () => {
    const reader = chainReader();
    const said = `# chain ${'a'.repeat(64)}\n`;
    reader.read(Buffer.from(`x\n${said}y\n`));
    expect(reader.last()).toEqual({ end: 2 + said.length, chain: 'a'.repeat(64) });
    expect(reader.verdict()).toEqual({ kind: 'altered', line: 2 });
  });
});
