/** The arrows of the house: no back arrow, no cycle, no barrel, no file that grew too long, one reader of process.env. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultsOf, importsOf, linesMax } from './support/arrows.ts';

const src = join(import.meta.dirname, '..', 'src');

function readSources(): ReadonlyMap<string, string> {
  const paths = readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile() && each.name.endsWith('.ts'))
    .map((each) => join(each.parentPath, each.name));
  return new Map(paths.map((path) => [relative(src, path).split(sep).join('/'), readFileSync(path, 'utf8')]));
}

it('holds in src/', () => {
  const sources = readSources();
  expect(sources.size).toBeGreaterThan(50);
  expect(faultsOf(sources)).toEqual([]);
});

describe('the walk itself', () => {
  const tree = (files: Readonly<Record<string, string>>): readonly string[] =>
    faultsOf(new Map(Object.entries(files)));
  const line = (target: string): string => `import { a } from '${target}';\nexport const b = a;\n`;
  const leaf = 'export const a = 1;\n';

  it('reads every form of import', () => {
    const text = [
      "import './effect.ts';",
      "import type { A } from '../domain/a.ts';",
      "import {\n  type B,\n  c,\n} from '../domain/b.ts';",
      "export { d } from '../domain/d.ts';",
      "export * from '../domain/e.ts';",
      "const f = await import('../domain/f.ts');",
      "// import { no } from '../domain/no.ts';",
      "/* import { no } from '../domain/no.ts'; */",
      "import { z } from 'zod';",
    ].join('\n');
    expect(importsOf('flow/x.ts', text)).toEqual([
      'flow/effect.ts',
      'domain/a.ts',
      'domain/b.ts',
      'domain/d.ts',
      'domain/e.ts',
      'domain/f.ts',
      'zod',
    ]);
  });

  it.each([
    ['domain/x.ts', '../ports/clock.ts', 'domain/x.ts imports ports/clock.ts: domain/ may not see ports/'],
    ['domain/x.ts', '../flow/a.ts', 'domain/x.ts imports flow/a.ts: domain/ may not see flow/'],
    ['ports/x.ts', '../flow/a.ts', 'ports/x.ts imports flow/a.ts: ports/ may not see flow/'],
    ['words/x.ts', '../flow/a.ts', 'words/x.ts imports flow/a.ts: words/ may not see flow/'],
    ['flow/x.ts', '../adapters/aws/a.ts', 'flow/x.ts imports adapters/aws/a.ts: flow/ may not see adapters/'],
    ['flow/x.ts', '../doors/slack/a.ts', 'flow/x.ts imports doors/slack/a.ts: flow/ may not see doors/'],
    ['flow/x.ts', '../config.ts', 'flow/x.ts imports config.ts: flow/ may not see config.ts'],
    [
      'adapters/aws/x.ts',
      '../../flow/a.ts',
      'adapters/aws/x.ts imports flow/a.ts: adapters/ may not see flow/',
    ],
    [
      'adapters/aws/x.ts',
      '../redis/a.ts',
      'adapters/aws/x.ts imports adapters/redis/a.ts, which is another of its kind',
    ],
    [
      'doors/web/x.ts',
      '../slack/a.ts',
      'doors/web/x.ts imports doors/slack/a.ts, which is another of its kind',
    ],
    [
      'doors/web/x.ts',
      '../../adapters/aws/a.ts',
      'doors/web/x.ts imports adapters/aws/a.ts: doors/ may not see adapters/',
    ],
    [
      'doors/web/x.ts',
      '../../playground/a.ts',
      'doors/web/x.ts imports playground/a.ts: doors/ may not see playground/',
    ],
    [
      'playground/x.ts',
      '../adapters/aws/a.ts',
      'playground/x.ts imports adapters/aws/a.ts: playground/ may not see adapters/',
    ],
    ['app.ts', './main.ts', 'app.ts imports main.ts: app.ts may not see main.ts'],
    ['main.ts', './flow/a.ts', 'main.ts imports flow/a.ts: main.ts may not see flow/'],
  ])('finds the back arrow from %s to %s', (path, target, fault) => {
    const at = importsOf(path, line(target))[0] ?? '';
    expect(tree({ [path]: line(target), [at]: leaf })).toEqual([fault]);
  });

  it.each([
    ['main.ts', './run-cli.ts'],
    ['app.ts', './adapters/aws/a.ts'],
    ['doors/slack/x.ts', './a.ts'],
    ['doors/slack/x.ts', '../../flow/a.ts'],
    ['doors/cli/x.ts', '../../playground/a.ts'],
    ['flow/x.ts', '../words/a.ts'],
    ['adapters/aws/x.ts', './deep/a.ts'],
    ['adapters/aws/x.ts', '../../ports/a.ts'],
    ['playground/slack/x.ts', '../aws/a.ts'],
  ])('lets %s import %s', (path, target) => {
    const at = importsOf(path, line(target))[0] ?? '';
    expect(tree({ [path]: line(target), [at]: leaf })).toEqual([]);
  });

  it.each([
    ['domain/x.ts', 'node:fs'],
    ['flow/x.ts', 'bullmq'],
    ['words/x.ts', '@slack/bolt'],
    ['ports/x.ts', 'ioredis'],
  ])('finds that %s imports the package %s', (path, name) => {
    expect(tree({ [path]: line(name) })).toEqual([`${path} imports the package ${name}`]);
  });

  it('finds a room without a rule', () => {
    expect(tree({ 'utils/x.ts': line('../domain/a.ts'), 'domain/a.ts': leaf })).toEqual([
      'utils/x.ts stands in no room that has a rule',
    ]);
  });

  it('finds a cycle and names its way, once', () => {
    const files = {
      'domain/a.ts': "import type { B } from './b.ts';\nexport type A = B;\n",
      'domain/b.ts': "import type { C } from './c.ts';\nexport type B = C;\n",
      'domain/c.ts': "import type { A } from './a.ts';\nexport type C = A;\n",
      'domain/d.ts': "import type { B } from './b.ts';\nexport type D = B;\n",
    };
    expect(tree(files)).toEqual(['a cycle: domain/a.ts -> domain/b.ts -> domain/c.ts -> domain/a.ts']);
  });

  it('finds barrels by name and by content', () => {
    const files = {
      'domain/index.ts': leaf,
      'domain/all.ts': "/** All of it. */\nexport { a } from './a.ts';\nexport * from './b.ts';\n",
      'domain/a.ts': leaf,
      'domain/b.ts': "import { a } from './a.ts';\nexport const b = a;\nexport { a };\n",
    };
    expect(tree(files)).toEqual([
      'domain/all.ts only hands on what others export',
      'domain/index.ts is a barrel by its name',
    ]);
  });

  it('finds who reads the environment, in whatever spelling', () => {
    const files = {
      'config.ts': 'export const c = process.env;\n',
      'flow/a.ts': "export const a = process.env['HOME'];\n",
      'flow/b.ts': "export const b = process['env'];\n",
      'flow/c.ts': '// process.env is not for us\nexport const c = 1;\n',
      'log.ts': "import { env } from 'node:process';\nexport const d = env;\n",
      'playground/e.ts': 'export const e = { ...process.env };\n',
    };
    expect(tree(files)).toEqual([
      'flow/a.ts reads process.env, which only config.ts may',
      'flow/b.ts reads process.env, which only config.ts may',
      'log.ts reads process.env, which only config.ts may',
    ]);
  });

  it('finds a file that grew too long', () => {
    const long = leaf.repeat(linesMax);
    expect(tree({ 'domain/a.ts': long })).toEqual([]);
    expect(tree({ 'domain/a.ts': `${long}${leaf}` })).toEqual([
      `domain/a.ts has ${linesMax + 1} lines, more than ${linesMax}`,
    ]);
  });
});
