import { mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PolicyProblems } from '../../../src/adapters/policy-file/problem.ts';
import {
  type RejectedPolicy,
  type WatchedPolicy,
  type WatchPolicyDeps,
  watchPolicy,
} from '../../../src/adapters/policy-file/watch-policy.ts';

const text = (max: string): string => `version: 1
channels: { audit: C0AUDIT, approvals: C0APPROVE }
groups: { payments: { users: [U0ANA] }, leads: { users: [U0LEA] } }
targets:
  wiki:
    requesters: [payments]
    approvers: [{ from: [leads] }]
    duration: { default: 1h, max: ${max} }
    grant: { aws: { account: "123456789012", region: eu-west-1, boundary: "arn:aws:iam::123456789012:policy/b" } }
`;

let dir: string;
let path: string;
let loaded: string[];
let rejected: RejectedPolicy[];
let open: WatchedPolicy[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'prod-access-policy-'));
  path = join(dir, 'policy.yaml');
  loaded = [];
  rejected = [];
  open = [];
  await writeFile(path, text('2h'));
});
afterEach(async () => {
  for (const each of open) await each[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

async function watch(change: Partial<WatchPolicyDeps> = {}): Promise<WatchedPolicy> {
  const watched = await watchPolicy({
    path,
    onLoaded: ({ policy }) => void loaded.push(policy.hash),
    onRejected: (each) => void rejected.push(each),
    clock: { sleep: async () => {} },
    everyMs: 1_000_000,
    ...change,
  });
  open.push(watched);
  return watched;
}

const maxOf = (watched: WatchedPolicy): number | undefined => watched.current().targets.wiki?.duration.max;
const hours = (count: number): number => count * 3_600_000;

it('loads at the start and tells so', async () => {
  const watched = await watch();
  expect(maxOf(watched)).toBe(hours(2));
  expect(loaded).toEqual([watched.current().hash]);
});

it('does not start with a broken file', async () => {
  await writeFile(path, 'version: 2\n');
  await expect(watch()).rejects.toThrow(PolicyProblems);
  await expect(watch()).rejects.toThrow(`${path}:1:10: version: must be 1`);
  await expect(watch({ path: join(dir, 'none') })).rejects.toThrow('cannot be read (ENOENT)');
  expect(loaded).toEqual([]);
});

it('takes a version written in place, and one renamed over it', async () => {
  const watched = await watch();
  await writeFile(path, text('3h'));
  await watched.look();
  expect(maxOf(watched)).toBe(hours(3));
  await writeFile(join(dir, 'next'), text('4h'));
  await rename(join(dir, 'next'), path);
  await watched.look();
  expect(maxOf(watched)).toBe(hours(4));
  expect(loaded).toHaveLength(3);
});

it('takes a version that Kubernetes swaps in behind symbolic links', async () => {
  await writeFile(join(dir, 'v1'), text('2h'));
  await writeFile(join(dir, 'v2'), text('3h'));
  await symlink('v1', join(dir, 'data'));
  await symlink('data', join(dir, 'link.yaml'));
  const watched = await watch({ path: join(dir, 'link.yaml') });
  await symlink('v2', join(dir, 'data.new'));
  await rename(join(dir, 'data.new'), join(dir, 'data'));
  await watched.look();
  expect(maxOf(watched)).toBe(hours(3));
});

it('keeps the old one where the new is broken, and tells once', async () => {
  const watched = await watch();
  await writeFile(path, text('three hours'));
  await watched.look();
  await watched.look();
  await utimes(path, new Date(), new Date());
  await watched.look();
  expect(maxOf(watched)).toBe(hours(2));
  expect(rejected).toEqual([
    {
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      problems: [expect.objectContaining({ line: 8, column: 35, path: 'targets.wiki.duration.max' })],
    },
  ]);
  await writeFile(path, text('2h'));
  await watched.look();
  expect(loaded).toHaveLength(1);
  await writeFile(path, text('three hours'));
  await watched.look();
  expect(rejected).toHaveLength(2);
});

it('keeps the old one where the file is gone, and says so once', async () => {
  const watched = await watch();
  await rm(path);
  await watched.look();
  await watched.look();
  expect(rejected).toEqual([
    { problems: [expect.objectContaining({ message: `${path} cannot be read (ENOENT)` })] },
  ]);
  expect(maxOf(watched)).toBe(hours(2));
});

it('does not judge what is still being written', async () => {
  let during = async (): Promise<void> => writeFile(path, text('3h'));
  const watched = await watch({ clock: { sleep: () => during() } });
  await writeFile(path, text('3h').slice(0, 100));
  await watched.look();
  expect([loaded.length, rejected]).toEqual([1, []]);
  during = async () => {};
  await watched.look();
  expect(maxOf(watched)).toBe(hours(3));
  expect(rejected).toEqual([]);
});

it('puts a version in force only once it is on the record', async () => {
  let down = false;
  const troubles: unknown[] = [];
  const watched = await watch({
    onLoaded: () => {
      if (down) throw new Error('Redis is away');
    },
    onTrouble: (error) => troubles.push(error),
  });
  down = true;
  await writeFile(path, text('3h'));
  await watched.look();
  expect(maxOf(watched)).toBe(hours(2));
  expect(troubles).toEqual([new Error('Redis is away')]);
  down = false;
  await watched.look();
  expect(maxOf(watched)).toBe(hours(3));
});

it('looks by itself', async () => {
  const watched = await watch({ everyMs: 5 });
  await writeFile(path, text('3h'));
  await vi.waitFor(() => expect(maxOf(watched)).toBe(hours(3)));
});
