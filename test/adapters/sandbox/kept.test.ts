/** Files that many sandboxes have alike: written once, and mended where a crash left them broken. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { layKept } from '../../../src/adapters/sandbox/kept.ts';

let dir: string;
let store: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'prod-access-'));
  store = join(dir, 'store');
});
afterEach(() => rmSync(dir, { recursive: true }));

const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
const mode = (name: string): number => statSync(join(dir, name)).mode & 0o777;

test('what is alike is one file, whatever the umask', () => {
  const before = process.umask(0o077);
  try {
    for (const name of ['one', 'two']) layKept(store, join(dir, name), 'text', 0o644);
  } finally {
    process.umask(before);
  }
  expect(read('one')).toBe('text');
  expect(statSync(join(dir, 'one')).ino).toBe(statSync(join(dir, 'two')).ino);
  expect(mode('one')).toBe(0o644);
  expect(readdirSync(store)).toHaveLength(1);
});

test('another content, or another mode, is another file', () => {
  layKept(store, join(dir, 'one'), 'text', 0o644);
  layKept(store, join(dir, 'other'), 'other text', 0o644);
  layKept(store, join(dir, 'closed'), 'text', 0o600);
  expect([read('one'), read('other'), read('closed')]).toEqual(['text', 'other text', 'text']);
  expect([mode('one'), mode('closed')]).toEqual([0o644, 0o600]);
});

test('one that was left empty or lost is written anew', () => {
  layKept(store, join(dir, 'one'), 'text', 0o600);
  for (const name of readdirSync(store)) writeFileSync(join(store, name), '');
  layKept(store, join(dir, 'two'), 'text', 0o600);
  expect(read('two')).toBe('text');
  rmSync(store, { recursive: true });
  layKept(store, join(dir, 'three'), 'text', 0o600);
  expect(read('three')).toBe('text');
});
