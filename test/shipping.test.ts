/** What is shipped beside the code, held against the code: documents, image, compose file, unit. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parsePolicy } from '../src/adapters/policy-file/parse-policy.ts';
import { right } from '../src/config-variables.ts';

const home = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(home, path), 'utf8');
const readme = read('README.md');
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(read('package.json')));

/** The code block that follows `<!-- mark -->`. */
function block(text: string, mark: string): string {
  return new RegExp(`<!-- ${mark} -->\n\`\`\`[a-z]*\n([\\s\\S]*?)\n\`\`\``).exec(text)?.[1] ?? '';
}

describe('the documents', () => {
  it.each(['npm run demo', 'npm test'])('the README shows %s on a line of its own', (command) => {
    expect(readme.split('\n')).toContain(command);
  });

  it('name only npm scripts that exist', () => {
    const named = [...readme.matchAll(/\bnpm run ([a-z]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it.each([
    ['README.md', 'minimal policy'],
    ['docs/policy.md', 'whole policy'],
  ])('%s shows a policy that is accepted without a warning', (path, mark) => {
    expect(parsePolicy(block(read(path), mark), path)).toMatchObject({
      policy: { version: 1 },
      warnings: [],
    });
  });

  it('the README lists the variables of the environment, all and no others', () => {
    const listed = [...readme.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name);
    expect(listed.toSorted()).toEqual(Object.keys(right).toSorted());
  });

  const pages = execFileSync('find', ['README.md', 'CHANGELOG.md', 'docs', '-name', '*.md'], {
    cwd: home,
    encoding: 'utf8',
  })
    .trim()
    .split('\n');

  it.each(pages)('every relative link in %s resolves, its heading included', (page) => {
    const text = read(page).replace(/```[\s\S]*?```/g, '');
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [path = '', heading] = link.split('#');
      const target = path === '' ? page : relative(home, join(home, dirname(page), path));
      if (!existsSync(join(home, target))) return true;
      return heading !== undefined && !headingsOf(read(target)).includes(heading);
    });
    expect(broken).toEqual([]);
  });

  it('every decision is in the index', () => {
    const index = read('docs/decisions/README.md');
    const notes = pages.filter((page) => /decisions\/[0-9]/.test(page));
    expect(notes.length).toBeGreaterThanOrEqual(10);
    expect(notes.filter((page) => !index.includes(`(${page.split('/').at(-1)})`))).toEqual([]);
  });
});

/** As GitHub makes them. */
function headingsOf(text: string): readonly string[] {
  return [...text.replace(/```[\s\S]*?```/g, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the image', () => {
  const lines = read('Dockerfile')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const all = (word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1).trim());

  it('stands on one pinned Node of the major version that .nvmrc names', () => {
    const bases = new Set(all('FROM').map((from) => from.split(' ')[0] ?? ''));
    expect([...bases]).toEqual([expect.stringMatching(/^node:24\.[0-9]+\.[0-9]+-bookworm-slim$/)]);
    expect([...bases][0]).toContain(`node:${read('.nvmrc').trim()}.`);
  });

  it('builds with scripts that exist, and copies only what is there and not ignored', () => {
    const ran = all('RUN').flatMap((line) => [...line.matchAll(/npm run ([a-z]+)/g)]);
    expect(ran.map(([, name = '']) => scripts[name] !== undefined)).toEqual([true]);
    const sent = read('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    const copied = all('COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(/\s+/).slice(0, -1));
    expect(copied.filter((path) => !existsSync(join(home, path)) || !sent.includes(path))).toEqual([]);
  });

  it('brings what the local driver needs, and does not run as root', () => {
    for (const name of ['bubblewrap', 'socat'])
      expect(all('RUN').join()).toMatch(new RegExp(`install .* ${name} `));
    expect(all('USER')).toEqual([expect.stringMatching(/^[1-9][0-9]*:[1-9][0-9]*$/)]);
  });

  it('is healthy by a path that the web door answers, asked with Node alone', () => {
    const [check = ''] = all('HEALTHCHECK');
    const path = /'(\/[a-z]+)'/.exec(check)?.[1] ?? 'none';
    expect(read('src/doors/web/server.ts')).toContain(`case '${path}':`);
    expect(JSON.parse(check.slice(check.indexOf('CMD') + 3))[0]).toBe('node');
    expect(check).not.toMatch(/curl|wget/);
  });
});

describe('the compose file', () => {
  const service = z.looseObject({
    image: z.string().optional(),
    command: z.array(z.string()).optional(),
    ports: z.array(z.string()).optional(),
    security_opt: z.array(z.string()).optional(),
    environment: z.record(z.string(), z.string()).optional(),
    volumes: z.array(z.string()).optional(),
  });
  const compose = z
    .object({ services: z.object({ bot: service, redis: service }), volumes: z.record(z.string(), z.null()) })
    .parse(parse(read('compose.yaml')));
  const { bot, redis } = compose.services;

  it('keeps a Redis 7 that forgets nothing and that nobody else reaches', () => {
    expect(redis.image).toMatch(/^redis:7\.[0-9]/);
    const command = redis.command ?? [];
    expect(command[command.indexOf('--appendonly') + 1]).toBe('yes');
    expect(command[command.indexOf('--maxmemory-policy') + 1]).toBe('noeviction');
    expect(redis.ports).toBeUndefined();
    expect(redis.volumes).toHaveLength(1);
  });

  it("gives up exactly two of the engine's fences", () => {
    expect(bot.security_opt).toEqual(['seccomp=unconfined', 'systempaths=unconfined']);
    expect(bot).not.toHaveProperty('privileged');
    expect(bot).not.toHaveProperty('cap_add');
  });

  it('sets only variables that there are, and listens on loopback', () => {
    expect(Object.keys(bot.environment ?? {}).filter((name) => right[name] === undefined)).toEqual([]);
    expect(bot.ports?.every((port) => port.startsWith('127.0.0.1:'))).toBe(true);
  });
});

describe('the unit', () => {
  const unit = read('deploy/prod-access.service');
  const settings = new Map(
    [...unit.matchAll(/^([A-Za-z]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );

  it.each([
    ['Delegate', 'yes'],
    ['KillMode', 'process'],
    ['Restart', 'always'],
    ['RuntimeDirectoryPreserve', 'yes'],
    ['NoNewPrivileges', 'yes'],
    ['ProtectSystem', 'strict'],
    ['RestartPreventExitStatus', '78'],
  ])('has %s=%s', (name, value) => expect(settings.get(name)).toBe(value));

  it('says of each relaxation why', () => {
    const relaxed = [...settings].filter(
      ([name, value]) => /^(Restrict|Protect|Memory|Private)/.test(name) && value === 'no',
    );
    expect(relaxed.length).toBeGreaterThan(3);
    expect(relaxed.filter(([name]) => !new RegExp(`^# .*\\b${name}\\b`, 'm').test(unit))).toEqual([]);
  });
});

it.each(['README.md', 'Dockerfile', 'compose.yaml', 'deploy/prod-access.service'])(
  '%s pins its versions',
  (path) => expect(read(path)).not.toMatch(/:latest\b|@latest\b/),
);
