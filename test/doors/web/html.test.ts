/** Nothing that somebody wrote becomes markup. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { html } from '../../../src/doors/web/html.ts';

const nasty = fc.oneof(
  fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('utf16le')),
  fc.string({ unit: fc.constantFrom('<', '>', '"', "'", '&', ';', '#', '3', '9', 'a', '`', '=', ' ') }),
  fc.constantFrom('<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '&lt;', '&#60;', '</title>'),
);

const decode = (text: string): string =>
  text.replace(
    /&(amp|lt|gt|quot|#39);/g,
    (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" })[name] ?? '',
  );

it('escapes every value, in text and in attributes, and loses nothing of it', () => {
  fc.assert(
    fc.property(nasty, (value) => {
      const { text } = html`<p title="${value}">${value}</p>`;
      const [, title, inner] = /^<p title="([^"]*)">([^<]*)<\/p>$/s.exec(text) ?? [];
      expect(title).toBe(inner);
      expect(inner).not.toMatch(/[<>"']/);
      expect(decode(inner ?? '')).toBe(value);
    }),
  );
});

it('takes what a template made as it is, also in lists, and nothing that only looks like it', () => {
  const made = html`<b>${'<'}</b>`;
  expect(html`${made}${[made, made]}${undefined}${3}`.text).toBe('<b>&lt;</b>'.repeat(3).concat('3'));
  expect(html`${['<', ['>', made]]}`.text).toBe('&lt;&gt;<b>&lt;</b>');
  const forged = JSON.parse(JSON.stringify({ ...made, toString: undefined }));
  // What came over a wire has no mark of a template. Its type would be refused; its text must not be markup either.
  expect(html`${String(forged)}`.text).toBe('[object Object]');
  expect(Object.keys(forged)).toEqual(['text']);
});
