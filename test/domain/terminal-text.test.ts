import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CastEvent } from '../../src/domain/cast.ts';
import { commandFinder, commandMax, commandsMax } from '../../src/domain/cast-commands.ts';
import { foundMax, lineFinder } from '../../src/domain/cast-search.ts';
import { oscMax, type TerminalPart, terminalReader } from '../../src/domain/terminal-text.ts';

function commandsIn(events: Iterable<CastEvent>) {
  const finder = commandFinder();
  for (const event of events) finder.read(event);
  return finder.commands();
}

function linesIn(events: Iterable<CastEvent>, wanted: string) {
  const finder = lineFinder(wanted);
  for (const event of events) finder.read(event);
  return finder.found();
}

const shown = (...pieces: readonly string[]): readonly CastEvent[] =>
  pieces.map((data, n) => ({ atMs: n * 100, code: 'o', data }));

function join(parts: readonly TerminalPart[]): { text: string; oscs: readonly string[] } {
  return {
    text: parts.map((part) => (part.kind === 'text' ? part.text : '')).join(''),
    oscs: parts.flatMap((part) => (part.kind === 'osc' ? [part.text] : [])),
  };
}

describe('what a terminal shows', () => {
  it.each([
    ['plain\r\nlines\t', 'plain\r\nlines\t', []],
    ['\x1b[1;31mred\x1b[0m', 'red', []],
    ['\x1b[?25l\x1b[2Kx\x9b3my', 'xy', []],
    ['\x1b(Bx\x1b=y\x1bMz', 'xyz', []],
    ['a\x1b]0;title\x07b', 'ab', ['0;title']],
    ['a\x1b]8;;http://x\x1b\\link\x9d0;c1\x9c.', 'alink.', ['8;;http://x', '0;c1']],
    ['\x1bPq#0;2\x1b\\x\x1b_apc\x9cy\x1b^pm\x1b\\z', 'xyz', []],
    ['a\x1b]0;broken\x1b[1mb', 'ab', []],
    ['a\x1b]0;cancelled\x18b', 'ab', []],
    ['a\x1b]0;one\x1b]0;two\x07b', 'ab', ['0;two']],
    ['\x1bP string \x1b]0;osc\x07x', 'x', ['0;osc']],
    ['a\x1b', 'a', []],
  ])('%j is %j', (text, plain, oscs) =>
    expect(join(terminalReader().read(text))).toEqual({ text: plain, oscs }),
  );

  it('is the same in whatever pieces', () => {
    const piece = fc.constantFrom(
      '\x1b',
      '[',
      ']',
      '0',
      ';',
      'm',
      '\x07',
      '\\',
      '\x9c',
      '\x9d',
      'P',
      'x',
      ' ',
      '\x18',
      '\n',
    );
    return fc.assert(
      fc.property(fc.array(piece), (chars) => {
        const reader = terminalReader();
        const parts = chars.flatMap((char) => reader.read(char));
        expect(join(parts)).toEqual(join(terminalReader().read(chars.join(''))));
      }),
    );
  });

  it('holds a bounded part of a string that never ends', () => {
    const reader = terminalReader();
    reader.read('\x1b]0;');
    for (let n = 0; n < 100; n += 1) expect(reader.read('x'.repeat(10_000))).toEqual([]);
    const [part] = reader.read('\x07');
    expect(part?.text).toHaveLength(oscMax);
  });
});

describe('the commands of a recording', () => {
  const texts = (...pieces: readonly string[]): readonly string[] =>
    commandsIn(shown(...pieces)).map(({ text }) => text);

  it('are those that the shell marked, each at its time', () =>
    expect(
      commandsIn([
        ...shown('$ ls\r\n', '\x1b]633;E;ls -l\x07\x1b]133;C\x07total 0\r\n', '\x1b]633;E;exit\x1b\\'),
        { atMs: 300, code: 'i', data: '\x1b]633;E;typed\x07' },
      ]),
    ).toEqual([
      { atMs: 100, text: 'ls -l' },
      { atMs: 200, text: 'exit' },
    ]));

  it.each([
    ['echo a\\x3b echo b', 'echo a; echo b'],
    ['printf \\\\x3b', 'printf \\x3b'],
    ['a\\\\\\x3bb', 'a\\;b'],
    ['for i in 1 2\\x0ado\\x0A  echo\\x0adone', 'for i in 1 2 do   echo done'],
    ['ls;a nonce', 'ls'],
    ['\\x1b[31mred\\x00\\x07', '[31mred'],
    ['\\xzz \\x4', '\\xzz \\x4'],
    ['rm \u202egpj.exe\u2066', 'rm gpj.exe'],
    ['  spaces  ', 'spaces'],
    ['\ud83d\udca5 \ud83d', '\ud83d\udca5 \ufffd'],
  ])('%j reads %j', (escaped, text) => expect(texts(`\x1b]633;E;${escaped}\x07`)).toEqual([text]));

  it('may be split anywhere', () => {
    const whole = 'x\x1b]633;E;echo a\\x3b b\x1b\\y';
    for (let at = 0; at <= whole.length; at += 1)
      expect(texts(whole.slice(0, at), whole.slice(at)), `${at}`).toEqual(['echo a; b']);
    expect(texts(...whole)).toEqual(['echo a; b']);
  });

  it.each([
    ['no text', '\x1b]633;E;\x07\x1b]633;E\x07'],
    ['other marks', '\x1b]633;A\x07\x1b]633;P;Cwd=/\x07\x1b]133;E;x\x07'],
    ['broken off', '\x1b]633;E;rm -rf /\x1b[0m\x1b]633;E;rm -rf /\x18'],
    ['never ended', '\x1b]633;E;rm -rf /'],
    ['nothing but controls', '\x1b]633;E;\\x07\\x1b\x07'],
  ])('are none where marks have %s', (_, data) => expect(texts(data)).toEqual([]));

  it('do not hide behind a mark that never ends', () =>
    expect(texts('\x1b]633;E;cover', `${'x'.repeat(1e6)}\x1b]633;E;id\x07`)).toEqual(['id']));

  it('are bounded in length and number', () => {
    expect(texts(`\x1b]633;E;${'\\x41'.repeat(10_000)}\x07`)).toEqual(['A'.repeat(commandMax)]);
    expect(texts(`\x1b]633;E;${'A'.repeat(1e6)}\x07`)[0]).toHaveLength(commandMax);
    const finder = commandFinder();
    finder.read({ atMs: 0, code: 'o', data: '\x1b]633;E;x\x07'.repeat(commandsMax + 5) });
    expect(finder.commands()).toHaveLength(commandsMax);
    expect(finder.count()).toBe(commandsMax + 5);
  });
});

describe('a search in a recording', () => {
  it('finds text across events and escape sequences, at the time at which it stood there', () =>
    expect(
      linesIn(
        shown('$ ', 'c\x1b[1mat', ' /etc/PASS', 'wd\r\nroot:x\r\n', 'cat /etc/passwd'),
        'cat /etc/passwd',
      ),
    ).toEqual([
      { atMs: 300, line: '$ cat /etc/PASSwd' },
      { atMs: 400, line: 'cat /etc/passwd' },
    ]));

  it('takes what is sought literally', () => {
    expect(linesIn(shown('a+b (c) [d] {e} \\f ^$ | - / .\n'), '+b (C) [D] {E} \\f ^$ | - / .')).toHaveLength(
      1,
    );
    expect(linesIn(shown('abc\n'), 'a.c')).toEqual([]);
    expect(linesIn(shown('abc\n'), ' ')).toEqual([]);
    expect(linesIn(shown('abc\n'), '')).toEqual([]);
    expect(linesIn(shown('Straße ÄÖ \u{1f4a5}\n'), 'straße äö \u{1f4a5}')).toHaveLength(1);
  });

  it('finds what was shown and then written over', () => {
    expect(linesIn(shown('secret\rxxxxxx\r\n'), 'secret')).toEqual([{ atMs: 0, line: 'secret' }]);
    expect(linesIn(shown('secret\b\b\b\b\b\bxxxxxx\r\n'), 'secret')).toHaveLength(1);
    expect(linesIn(shown('secret\x1b[2K\x1b[1Gnothing\r\n'), 'secret')).toHaveLength(1);
  });

  it('tells each line once, and does not look into titles', () => {
    expect(linesIn(shown('aa aa\naa\n'), 'aa')).toHaveLength(2);
    expect(linesIn(shown('\x1b]0;hidden\x07\x1b]633;E;hidden\x07'), 'hidden')).toEqual([]);
  });

  it('is bounded, and finds text in a line without an end', () => {
    expect(linesIn(shown('hit\n'.repeat(foundMax + 5)), 'hit')).toHaveLength(foundMax);
    // Over every border of the pieces in which so long a line is searched.
    for (const before of [8_180, 8_185, 8_190, 8_191, 8_192, 8_193, 16_380, 1_000_000]) {
      const [found] = linesIn(shown('x'.repeat(before), 'needle', 'x'.repeat(20_000)), 'needle');
      expect(found, `${before}`).toMatchObject({ atMs: 100, line: expect.stringContaining('needle') });
      expect(found?.line.length).toBeLessThanOrEqual(300);
    }
  });

  it('takes little time for millions of events', () => {
    const begun = performance.now();
    const events = (function* (): Generator<CastEvent> {
      for (let n = 0; n < 500_000; n += 1) yield { atMs: n, code: 'o', data: '\x07' };
      for (let n = 0; n < 500_000; n += 1) yield { atMs: n, code: 'o', data: 'a' };
    })();
    expect(linesIn(events, `${'a'.repeat(199)}b`)).toEqual([]);
    expect(performance.now() - begun).toBeLessThan(15_000);
  });
});
