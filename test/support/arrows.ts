/**
 * The direction of the arrows, read off the import statements. Works on texts, so that the rules themselves can be
 * tested on small made-up trees.
 */
import { posix } from 'node:path';

export type Sources = ReadonlyMap<string, string>;

/**
 * Where each room may look. Paths are under src/, a name ending in `/` is a folder. A room also sees itself, but for
 * `adapters` and `doors`, whose kinds (adapters/aws, doors/slack) do not see each other.
 */
const rooms = [
  { room: 'main.ts', sees: ['run-cli.ts'] },
  // The composition root, in three files: the command line's world, the bot, and what acts without its doors.
  { room: 'run-cli.ts', sees: ['*'] },
  { room: 'app.ts', sees: ['*'] },
  {
    room: 'assemble.ts',
    sees: ['store.ts', 'recordings.ts', 'config.ts', 'adapters/', 'flow/', 'ports/', 'domain/'],
  },
  { room: 'doctor.ts', sees: ['config.ts', 'adapters/', 'doors/web/', 'domain/'] },
  { room: 'recordings.ts', sees: ['adapters/', 'ports/', 'domain/', 'config.ts'] },
  { room: 'store.ts', sees: ['adapters/', 'ports/', 'domain/', 'config.ts', 'log.ts'] },
  { room: 'foreground.ts', sees: ['ports/', 'domain/'] },
  { room: 'background.ts', sees: ['flow/', 'ports/', 'domain/'] },
  { room: 'metrics.ts', sees: ['flow/', 'ports/', 'domain/'] },
  { room: 'config.ts', sees: ['config-variables.ts', 'signing-key.ts', 'domain/'] },
  { room: 'config-variables.ts', sees: ['signing-key.ts', 'domain/'] },
  { room: 'signing-key.ts', sees: ['domain/'] },
  { room: 'log.ts', sees: ['domain/'] },
  // The command line is also where an operator's own process is put together.
  {
    room: 'doors/cli/',
    sees: [
      'app.ts',
      'store.ts',
      'config.ts',
      'log.ts',
      'flow/',
      'ports/',
      'domain/',
      'words/',
      'playground/',
    ],
  },
  { room: 'doors/', sees: ['flow/', 'ports/', 'domain/', 'words/'] },
  { room: 'flow/', sees: ['domain/', 'ports/', 'words/'] },
  { room: 'adapters/', sees: ['ports/', 'domain/', 'words/'] },
  { room: 'ports/', sees: ['domain/'] },
  { room: 'words/', sees: ['domain/', 'ports/'] },
  { room: 'domain/', sees: [] },
  // The playground shows and clears away the sandboxes of its own install.
  { room: 'playground/', sees: ['config.ts', 'domain/', 'ports/', 'adapters/sandbox/local/'] },
] as const;

/** Packages that a pure room may use; the other rooms may use any. */
const packages: Readonly<Record<string, readonly string[]>> = {
  'domain/': ['zod', 'canonicalize', 'node:crypto', 'node:net'],
  'ports/': ['node:stream'],
  'words/': [],
  'flow/': ['pino', 'node:stream'],
};

export const linesMax = 300;

/** Everything that is wrong with these sources, one line each; empty where the house is in order. */
export function faultsOf(sources: Sources): readonly string[] {
  const imports = new Map([...sources].map(([path, text]) => [path, importsOf(path, text)]));
  return [
    ...[...imports].flatMap(([path, targets]) => targets.flatMap((target) => arrowFault(path, target) ?? [])),
    ...cyclesOf(imports),
    ...[...sources].flatMap(([path, text]) => fileFaults(path, text)),
  ].sort();
}

/** What a file imports: paths under src/ for its own, names for packages. */
export function importsOf(path: string, text: string): readonly string[] {
  const found = [
    ...withoutComments(text).matchAll(
      /^\s*(?:import|export)\b[^'";]*\bfrom\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
    ),
  ].map(([, one, two, three]) => one ?? two ?? three ?? '');
  return [...new Set(found.map((name) => (name.startsWith('.') ? resolve(path, name) : name)))];
}

function resolve(path: string, name: string): string {
  return posix.normalize(posix.join(posix.dirname(path), name));
}

function isOwn(target: string): boolean {
  return target.endsWith('.ts');
}

function roomOf(path: string): (typeof rooms)[number] | undefined {
  return rooms.find(({ room }) => path === room || (room.endsWith('/') && path.startsWith(room)));
}

/** `adapters/aws` of `adapters/aws/role.ts`; a file that stands alone is its own kind. */
function kindOf(path: string): string {
  return path.split('/').slice(0, 2).join('/');
}

function arrowFault(path: string, target: string): string | undefined {
  const from = roomOf(path);
  if (from === undefined) return `${path} stands in no room that has a rule`;
  if (!isOwn(target)) {
    const allowed = packages[from.room];
    return allowed === undefined || allowed.includes(target)
      ? undefined
      : `${path} imports the package ${target}`;
  }
  const to = roomOf(target);
  if (to === undefined) return `${path} imports ${target}, which stands in no room that has a rule`;
  const top = path.split('/')[0];
  const sameHouse = top === target.split('/')[0];
  if (sameHouse && (top === 'adapters' || top === 'doors')) {
    return kindOf(path) === kindOf(target)
      ? undefined
      : `${path} imports ${target}, which is another of its kind`;
  }
  if (sameHouse && path.includes('/')) return undefined;
  const sees: readonly string[] = from.sees;
  const seen = sees.some(
    (place) =>
      (place === '*' && target !== 'main.ts') ||
      place === target ||
      (place.endsWith('/') && target.startsWith(place)),
  );
  return seen ? undefined : `${path} imports ${target}: ${from.room} may not see ${to.room}`;
}

/** Each cycle once, from its alphabetically first file. */
function cyclesOf(imports: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const cycles = new Set<string>();
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at >= 0) {
      const ring = way.slice(at);
      const first = ring.indexOf([...ring].sort()[0] ?? path);
      const turned = [...ring.slice(first), ...ring.slice(0, first)];
      cycles.add(`a cycle: ${[...turned, turned[0]].join(' -> ')}`);
      return;
    }
    if (done.has(path)) return;
    for (const target of imports.get(path) ?? []) if (imports.has(target)) walk(target, [...way, path]);
    done.add(path);
  };
  for (const path of imports.keys()) walk(path, []);
  return [...cycles];
}

function fileFaults(path: string, text: string): readonly string[] {
  const code = withoutComments(text);
  const lines = text.replace(/\n$/, '').split('\n').length;
  const readsEnvironment =
    /\bprocess\s*\.\s*env\b|\bprocess\s*\[\s*['"]env['"]|\benv\b[^;]*\bfrom\s+['"]node:process['"]/;
  const rest = code.replace(/^\s*(?:import|export)\b[^'";]*\bfrom\s+['"][^'"]+['"];?/gm, '').trim();
  return [
    ...(lines > linesMax ? [`${path} has ${lines} lines, more than ${linesMax}`] : []),
    ...(posix.basename(path) === 'index.ts' ? [`${path} is a barrel by its name`] : []),
    ...(rest === '' && /\bexport\b/.test(code) ? [`${path} only hands on what others export`] : []),
    // The playground may hand a child process the environment that it needs.
    ...(readsEnvironment.test(code) && path !== 'config.ts' && !path.startsWith('playground/')
      ? [`${path} reads process.env, which only config.ts may`]
      : []),
  ];
}

/** Blanks out comments. A `//` inside a string is taken for one too, which can only hide what follows on that line. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1');
}
