import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CastEvent, castReader, eventLine, headerLine } from '../../src/domain/cast.ts';

const header = headerLine({ cols: 80, rows: 24, timestamp: 1_504_467_315, title: 'a "title"\n' });

function read(...pieces: readonly string[]) {
  const reader = castReader();
  const events = pieces.flatMap((piece) => reader.read(piece));
  return { events, header: reader.header, unreadable: reader.unreadable };
}

describe('a recording', () => {
  it('is spelt as asciicast v3', () => {
    expect(header).toBe(
      '{"version":3,"term":{"cols":80,"rows":24,"type":"xterm-256color"},"timestamp":1504467315,"title":"a \\"title\\"\\n"}\n',
    );
    expect(eventLine(1_001, 'o', '\x1b[1mHi\r\n')).toBe('[1.001,"o","\\u001b[1mHi\\r\\n"]\n');
    expect(eventLine(0, 'x', '0')).toBe('[0,"x","0"]\n');
  });

  it('reads as the documents of the format show it', () => {
    const text = [
      '{"version": 3, "term": {"cols": 80, "rows": 24, "type": "xterm-256color"}, "timestamp": 1504467315, "title": "Demo", "env": {"SHELL": "/bin/zsh"}}',
      '# event stream follows the header',
      '[0.248, "o", "Hello"]',
      '[3.500, "m", ""]',
      '[0.5, "?", "a code of the future"]',
      '# resized',
      '[2.050, "r", "90x30"]',
      '[0.887, "x", "0"]',
      '',
    ].join('\n');
    expect(read(text)).toEqual({
      header: { cols: 80, rows: 24, timestamp: 1_504_467_315, title: 'Demo' },
      unreadable: 0,
      events: [
        { atMs: 248, code: 'o', data: 'Hello' },
        { atMs: 3_748, code: 'm', data: '' },
        { atMs: 6_298, code: 'r', data: '90x30' },
        { atMs: 7_185, code: 'x', data: '0' },
      ],
    });
  });

  const someEvents = fc.array(
    fc.record({
      atMs: fc.nat(10_000_000),
      code: fc.constantFrom('o', 'i', 'r', 'm', 'x' as const),
      data: fc.string({ unit: 'grapheme' }),
    }),
  );
  it('comes back as it was written, in whatever pieces, to the millisecond', () =>
    fc.assert(
      fc.property(someEvents, fc.array(fc.nat(200), { minLength: 1 }), (unsorted, lengths) => {
        const events: CastEvent[] = unsorted.toSorted((one, other) => one.atMs - other.atMs);
        const text = `${header}${events.map(({ atMs, code, data }, n) => eventLine(atMs - (events[n - 1]?.atMs ?? 0), code, data)).join('')}`;
        const pieces: string[] = [];
        for (let at = 0, n = 0; at < text.length; n += 1) {
          const length = (lengths[n % lengths.length] ?? 0) + 1;
          pieces.push(text.slice(at, at + length));
          at += length;
        }
        expect(read(...pieces)).toMatchObject({ events, unreadable: 0 });
      }),
    ));

  it.each([
    ['not JSON', '[0.1, "o"'],
    ['an object', '{"o": 1}'],
    ['a negative interval', '[-1, "o", "x"]'],
    ['an endless interval', '[1e999, "o", "x"]'],
    ['text for a time', '["1", "o", "x"]'],
    ['too much', '[0, "o", "x", 1]'],
    ['another header', header.trim()],
  ])('is read on after a line that is %s', (_, line) => {
    const { events, unreadable } = read(`${header}[1,"o","a"]\n${line}\n[1,"o","b"]\n`);
    expect(events).toEqual([
      { atMs: 1_000, code: 'o', data: 'a' },
      { atMs: 2_000, code: 'o', data: 'b' },
    ]);
    expect(unreadable).toBe(1);
  });

  it('leaves out a tail that was never finished', () =>
    expect(read(header, '[1,"o","a"]\n[1,"o","torn').events).toEqual([
      { atMs: 1_000, code: 'o', data: 'a' },
    ]));

  it('has no events without a header of its version', () => {
    for (const first of [
      '# a comment\n',
      '{"version":2,"width":80,"height":24}\n',
      '\n',
      '{"version":3,"term":{"cols":0,"rows":1}}\n',
    ])
      expect(read(first, header, '[1,"o","a"]\n')).toEqual({ events: [], header: undefined, unreadable: 3 });
  });

  it('gives up on a line without an end, and reads on after it', () => {
    const reader = castReader();
    reader.read(header);
    for (let n = 0; n < 100; n += 1) reader.read('x'.repeat(100_000));
    expect(reader.read('\n[1,"o","a"]\n')).toEqual([{ atMs: 1_000, code: 'o', data: 'a' }]);
    expect(reader.unreadable).toBe(1);
  });
});
