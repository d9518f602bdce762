/**
 * Which file inside a sandbox somebody means by a path, and why it is not handed out. Nothing is resolved here: `..` is
 * refused, and where links lead is looked at inside, by what was opened.
 */

/** The first three are read off the path, the others by looking inside. */
export type FileFlaw =
  | 'unnamed'
  | 'malformed'
  | 'outside'
  | 'absent'
  | 'directory'
  | 'special'
  | 'unreadable';

/** The directories inside a sandbox that are its person's own; every driver lays them there. */
export const ownPlaces = { home: '/home/engineer', tmp: '/tmp' } as const;

/** Bytes of the longest path that is taken: it must fit an entry of the trail as a whole. */
export const pathBytesMax = 1_000;

/** The absolute path: `report.csv` and `~/report.csv` lie in the home directory. */
export function ownPath(text: string): { readonly path: string } | { readonly flaw: FileFlaw } {
  const { home, tmp } = ownPlaces;
  if (text === '') return { flaw: 'unnamed' };
  if (text.includes('\0') || !text.isWellFormed()) return { flaw: 'malformed' };
  const written = text.startsWith('/') ? text : `${home}/${text.replace(/^~(\/|$)/, '')}`;
  const parts = written.split('/').filter((part) => part !== '' && part !== '.');
  const path = `/${parts.join('/')}`;
  const isOwn = [home, tmp].some((place) => path === place || path.startsWith(`${place}/`));
  if (!isOwn || parts.includes('..')) return { flaw: 'outside' };
  return Buffer.byteLength(path) > pathBytesMax ? { flaw: 'malformed' } : { path };
}
