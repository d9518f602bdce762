/** Which paths name a file of the person's own, and which are refused before anything inside is asked. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ownPath, pathBytesMax } from '../../src/domain/own-path.ts';

const home = '/home/engineer';

it.each([
  ['report.csv', `${home}/report.csv`],
  ['~/report.csv', `${home}/report.csv`],
  ['./a//b/./c.txt', `${home}/a/b/c.txt`],
  ['~', home],
  [`${home}/x`, `${home}/x`],
  ['/tmp/x', '/tmp/x'],
  ['/tmp', '/tmp'],
  ['~ana/x', `${home}/~ana/x`],
  ['-rf', `${home}/-rf`],
  [' blank ', `${home}/ blank `],
  ['a\nb', `${home}/a\nb`],
  ['..data', `${home}/..data`],
  ['grüße/日本', `${home}/grüße/日本`],
])('%j is %j', (text, path) => expect(ownPath(text)).toEqual({ path }));

it.each([
  ['', 'unnamed'],
  ['/', 'outside'],
  ['/etc/passwd', 'outside'],
  ['/proc/self/environ', 'outside'],
  ['/tmpx/y', 'outside'],
  ['/home/engineerx', 'outside'],
  ['/home/engineer/../../etc/passwd', 'outside'],
  ['../x', 'outside'],
  ['a/../b', 'outside'],
  ['~/..', 'outside'],
  ['/tmp/..', 'outside'],
  ['//etc/passwd', 'outside'],
  ['a\0b', 'malformed'],
  ['a\ud800', 'malformed'],
  ['x'.repeat(pathBytesMax), 'malformed'],
  ['ü'.repeat(pathBytesMax / 2), 'malformed'],
])('%j is refused as %s', (text, flaw) => expect(ownPath(text)).toEqual({ flaw }));

describe('whatever is written', () => {
  const pieces = fc.constantFrom('/', '.', '..', '~', 'home', 'engineer', 'tmp', 'etc', 'a', '\n', '');
  it('a path that is taken lies in one of the places, and is taken as it is again', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const found = ownPath(parts.join(''));
        if ('flaw' in found) return;
        expect(found.path).toMatch(/^\/(home\/engineer|tmp)(\/|$)/);
        expect(found.path.split('/')).not.toContain('..');
        expect(ownPath(found.path)).toEqual(found);
      }),
    );
  });
});
