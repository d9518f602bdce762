import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRefused } from '../../src/domain/refusal.ts';
import { type Ask, checkAsk, cleanText, parseAsk, reasonMax, ticketMax } from '../../src/domain/request.ts';

describe('what a person wrote', () => {
  it.each([
    ['control characters', 'a\u0000b\u0007c\u001bd\u007fe\u009bf', 'a b c d e f'],
    ['lines and paragraphs', 'one\r\ntwo\u2028three\u2029four\tfive', 'one two three four five'],
    ['bidirectional overrides', 'user\u202ednuofer\u202c ok\u2066\u2069\u200f\u061c', 'userdnuofer ok'],
    ['zero width', 'pay\u200bments\u200c\u200d\ufeff\u2060-db', 'payments-db'],
    ['soft hyphens', 'pass\u00adword', 'password'],
    ['tag characters', 'a\u{e0041}\u{e007f}b', 'ab'],
    ['variation selectors', 'a\ufe0fb\u{e0100}', 'ab'],
    ['fillers that look like nothing', '\u3164\u115f\u1160\uffa0\u2800\u034f', ''],
    ['private use and unassigned', 'a\ue000\u{f0000}\u0378b', 'ab'],
    ['lone surrogates', 'a\ud800b\udc00c', 'a\ufffdb\ufffdc'],
    ['spaces of all kinds', '  a \u00a0\u2003\u3000 b  ', 'a b'],
    ['decomposed letters', 'e\u0301', '\u00e9'],
    ['letters kept apart by something invisible', 'e\u200d\u0301', '\u00e9'],
    ['mentions, which the door escapes', '<!channel> & <@U1>', '<!channel> & <@U1>'],
    ['emoji', 'on fire \u{1f525}', 'on fire \u{1f525}'],
  ])('is made safe: %s', (_, text, clean) => expect(cleanText(text)).toBe(clean));

  it('is clean after one pass, in one line, well-formed, and without anything invisible', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    const nasty = fc.array(
      fc.constantFrom(
        '\u202e',
        '\u200b',
        '\ud83d',
        '\u0000',
        '\n',
        '\u0301',
        'e',
        ' ',
        '\u2066',
        '\u3164',
        '\u1100',
        '\u1161',
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          nasty.map((each) => each.join('')),
        ),
        (wild) => {
          const clean = cleanText(wild);
          expect(clean).toBe(cleanText(clean));
          expect(clean).toBe(clean.normalize('NFC'));
          expect(clean.isWellFormed()).toBe(true);
          expect(clean).not.toMatch(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
          expect(clean).not.toMatch(/^\s|\s$|\s\s/);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is cut between characters, never within one', () => {
    expect(cleanText('ab\u{1f525}\u{1f525}', 3)).toBe('ab\u{1f525}');
    expect(cleanText('ab cd', 3)).toBe('ab');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, most) => {
        const clean = cleanText(text, most);
        expect(clean.isWellFormed()).toBe(true);
        expect([...clean].length).toBeLessThanOrEqual(most);
        expect(cleanText(text).startsWith(clean)).toBe(true);
      }),
    );
  });
});

describe('a one-line ask', () => {
  it.each<[string, Ask]>([
    [
      'payments-db 45m checkout 500s, INC-4821',
      { target: 'payments-db', duration: '45m', reason: 'checkout 500s, INC-4821' },
    ],
    ['payments-db checkout 500s', { target: 'payments-db', reason: 'checkout 500s' }],
    ['payments-db 5x oops', { target: 'payments-db', duration: '5x', reason: 'oops' }],
    ['payments-db 45m', { target: 'payments-db', duration: '45m', reason: '' }],
    ['payments-db', { target: 'payments-db', reason: '' }],
    ['', { target: '', reason: '' }],
    ['  payments-db \n 1h\t a   b ', { target: 'payments-db', duration: '1h', reason: 'a b' }],
    ['payments-db -5m no', { target: 'payments-db', reason: '-5m no' }],
    ['Payments-DB 45min Checkout', { target: 'payments-db', duration: '45min', reason: 'Checkout' }],
    ['payments-db 45 minutes checkout', { target: 'payments-db', duration: '45minutes', reason: 'checkout' }],
    ['payments-db 500 errors', { target: 'payments-db', duration: '500', reason: 'errors' }],
  ])('%j', (text, ask) => expect(parseAsk(text)).toEqual(ask));
});

describe('an ask against its target', () => {
  const terms = { maxMs: 4 * 3_600_000, defaultMs: 3_600_000, reasonMin: 10 };
  const ask = (change: Partial<Ask> = {}): Ask => ({
    target: 'db',
    reason: 'checkout answers 500',
    ...change,
  });

  it('has the default duration where none is given', () =>
    expect(checkAsk(ask(), terms)).toEqual({ durationMs: 3_600_000, reason: 'checkout answers 500' }));

  it('may ask for exactly the most, and no more', () => {
    expect(checkAsk(ask({ duration: '4h' }), terms)).toMatchObject({ durationMs: terms.maxMs });
    expect(checkAsk(ask({ duration: '241m' }), terms)).toEqual({
      refused: { code: 'duration-too-long', askedMs: 241 * 60_000, maxMs: terms.maxMs },
    });
  });

  it('is told which duration cannot be read, made safe and short', () => {
    expect(checkAsk(ask({ duration: '5\u202ex' }), terms)).toEqual({
      refused: { code: 'duration-malformed', text: '5x' },
    });
    const long = checkAsk(ask({ duration: '\u{1f525}'.repeat(90) }), terms);
    expect(long).toEqual({ refused: { code: 'duration-malformed', text: '\u{1f525}'.repeat(40) } });
  });

  it('counts the reason in characters, after it was made safe', () => {
    expect(checkAsk(ask({ reason: ' \u200b ' }), terms)).toEqual({ refused: { code: 'reason-missing' } });
    expect(checkAsk(ask({ reason: '\u3164'.repeat(20) }), terms)).toEqual({
      refused: { code: 'reason-missing' },
    });
    expect(checkAsk(ask({ reason: 'too short' }), terms)).toEqual({
      refused: { code: 'reason-too-short', min: 10, length: 9 },
    });
    expect(checkAsk(ask({ reason: '\u{1f525}'.repeat(10) }), terms)).toHaveProperty('reason');
    expect(checkAsk(ask({ reason: '\u{1f525}'.repeat(reasonMax) }), terms)).toHaveProperty('reason');
    expect(checkAsk(ask({ reason: 'x'.repeat(reasonMax + 1) }), terms)).toEqual({
      refused: { code: 'reason-too-long', max: reasonMax, length: reasonMax + 1 },
    });
  });

  it('is told all that is wrong with it at once', () => {
    const wrong = ask({ duration: '0m', reason: 'no', ticket: 'x' });
    expect(checkAsk(wrong, { ...terms, ticket: 'INC-[0-9]+' })).toEqual({
      refused: { code: 'duration-malformed', text: '0m' },
      also: [
        { code: 'reason-too-short', min: 10, length: 2 },
        { code: 'ticket-missing', pattern: 'INC-[0-9]+' },
      ],
    });
  });

  describe('that needs a ticket', () => {
    const ticketed = { ...terms, ticket: 'INC-[0-9]+' };
    const missing = { refused: { code: 'ticket-missing', pattern: 'INC-[0-9]+' } };

    it.each([
      ['in the reason', ask({ reason: 'see INC-4821, checkout is down' }), 'INC-4821'],
      ['at its start', ask({ reason: 'INC-1: checkout is down' }), 'INC-1'],
      ['at its end', ask({ reason: 'checkout is down (INC-77)' }), 'INC-77'],
      ['in its field', ask({ ticket: ' INC-5 ' }), 'INC-5'],
      [
        'in its field, which wins over the reason',
        ask({ reason: 'as in INC-1, again', ticket: 'INC-2' }),
        'INC-2',
      ],
    ])('takes it %s', (_, asked, ticket) => expect(checkAsk(asked, ticketed)).toMatchObject({ ticket }));

    it.each([
      ['nowhere', ask()],
      ['as a part of a word', ask({ reason: 'the XINC-4821 outage' })],
      ['with letters after it', ask({ reason: 'the INC-4821b outage' })],
      ['as a part of a longer dashed word', ask({ reason: 'the PRE-INC-1-POST outage' })],
      ['with more around it in its field', ask({ ticket: 'INC-5 and more' })],
      [
        'wrong in its field, though right in the reason',
        ask({ reason: 'as in INC-1, again', ticket: 'nope' }),
      ],
    ])('refuses it %s', (_, asked) => expect(checkAsk(asked, ticketed)).toEqual(missing));

    it('reads the pattern as one, alternatives included', () => {
      const either = { ...terms, ticket: 'INC-[0-9]+|CHG-[0-9]+' };
      expect(checkAsk(ask({ ticket: 'CHG-2' }), either)).toMatchObject({ ticket: 'CHG-2' });
      expect(isRefused(checkAsk(ask({ ticket: 'INC-1 or so' }), either))).toBe(true);
    });
  });

  it('keeps a ticket that nobody asked for, made safe, short and well-formed', () => {
    expect(checkAsk(ask({ ticket: 'OPS-1\u202e' }), terms)).toMatchObject({ ticket: 'OPS-1' });
    const checked = checkAsk(ask({ ticket: `${'x'.repeat(ticketMax - 1)}\u{1f525}\u{1f525}` }), terms);
    const kept = 'ticket' in checked ? checked.ticket : undefined;
    expect(kept).toBe(`${'x'.repeat(ticketMax - 1)}\u{1f525}`);
    expect(checkAsk(ask({ ticket: '  ' }), terms)).not.toHaveProperty('ticket');
  });
});
