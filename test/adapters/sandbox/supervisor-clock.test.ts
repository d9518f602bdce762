/** The supervisor's arithmetic under a clock that is set: its function is run in bash with clocks of our own. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { superviseScript } from '../../../src/adapters/sandbox/local/scripts.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'prod-access-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

/** Milliseconds left after each step of [wall clock, monotonic clock, deadline in the file]. */
function timeLeft(...steps: readonly (readonly [wall: number, mono: number, deadline: number])[]): number[] {
  const source = /^time_left\(\) \{$.*?^\}$/ms.exec(superviseScript)?.[0] ?? '';
  const script = [
    "known='' due=0 left=0",
    source,
    'while read -r wall mono text; do now() { :; }; echo "$text" >"$dir/deadline"; time_left; echo "$left"; done',
  ].join('\n');
  const input = steps.map((step) => `${step.join(' ')}\n`).join('');
  writeFileSync(join(dir, 'script'), script);
  const said = execFileSync('/bin/bash', [join(dir, 'script')], { input, env: { dir }, encoding: 'utf8' });
  return said.trim().split('\n').map(Number);
}

test('counts down with both clocks', () => {
  expect(timeLeft([1000, 50, 5000], [2000, 1050, 5000], [5000, 4050, 5000])).toEqual([4000, 3000, 0]);
});

test('a wall clock set back prolongs nothing', () => {
  expect(timeLeft([10_000, 0, 15_000], [1_000, 2_000, 15_000], [4_000, 5_000, 15_000])).toEqual([
    5000, 3000, 0,
  ]);
});

test('a wall clock set forward ends it early', () => {
  expect(timeLeft([1000, 0, 60_000], [70_000, 10, 60_000])).toEqual([59_000, -10_000]);
});

test('a new value counts from the clock of that moment', () => {
  expect(timeLeft([1000, 0, 5000], [2000, 1000, 9000], [3000, 2000, 2500])).toEqual([4000, 7000, -500]);
});
