/** Names of files in a header: whatever somebody called theirs, the header holds one name and ends where we end it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attachment } from '../../../src/doors/web/attachment.ts';

const named = (name: string): string => attachment(`/home/engineer/${name}`);

it.each([
  ['report.csv', 'report.csv', 'report.csv'],
  ['two words.txt', 'two words.txt', 'two%20words.txt'],
  ['größe.csv', 'gr__e.csv', 'gr%C3%B6%C3%9Fe.csv'],
  ['日本.txt', '__.txt', '%E6%97%A5%E6%9C%AC.txt'],
  ['🎉.txt', '_.txt', '%F0%9F%8E%89.txt'],
  ['a"; filename="b.exe', 'a__ filename=_b.exe', 'a_%3B%20filename%3D_b.exe'],
  ['a\r\nset-cookie: x=y', 'a set-cookie_ x=y', 'a%20set-cookie_%20x%3Dy'],
  ['50%41.txt', '50_41.txt', '50%2541.txt'],
  ["it's (1)!*.txt", "it's (1)!_.txt", 'it%27s%20%281%29%21_.txt'],
  ['gpj.\u202eexe', 'gpj.exe', 'gpj.exe'],
  ['a\\..\\b', 'a_.._b', 'a_.._b'],
  ['..', '_', '_'],
  ['.bashrc', '_bashrc', '_bashrc'],
  ['C:x|<y>?', 'C_x__y__', 'C_x__y__'],
  ['\u200b\u0007', 'download', 'download'],
  ['', 'download', 'download'],
])('%j', (name, plain, extended) =>
  expect(named(name)).toBe(`attachment; filename="${plain}"; filename*=UTF-8''${extended}`),
);

it('keeps the end of a long name, which says what it is', () => {
  const header = named(`${'🎉'.repeat(200)}.csv`);
  expect(header).toMatch(/\.csv$/);
  expect(decodeURIComponent(/''(.*)$/.exec(header)?.[1] ?? '')).toBe(`${'🎉'.repeat(116)}.csv`);
});

describe('whatever the name', () => {
  it('is one quoted name and one of the letters that are allowed, and no path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => {
        const header = named(name);
        const [, plain = '', extended = ''] =
          /^attachment; filename="([\x20-\x7e]*)"; filename\*=UTF-8''([A-Za-z0-9._~%-]+)$/.exec(header) ?? [];
        expect(plain).toMatch(/^[^"\\%;/]+$/);
        const decoded = decodeURIComponent(extended);
        expect(decoded).not.toMatch(/[/\\\p{Cc}\u202e]/u);
        expect(decoded).not.toMatch(/^\.+$/);
      }),
    );
  });
});
