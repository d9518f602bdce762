import { expect, it } from 'vitest';
import { blockedLine } from '../../src/words/blocked-line.ts';

const attempt = { by: 'proxy', host: 'example.com', port: 443, why: 'its time is up', count: 1 };

it.each([
  [{}, 'blocked: example.com:443: its time is up'],
  [{ why: 'not in this target: example.com:443' }, 'blocked: not in this target: example.com:443'],
  [
    { host: '*', port: 0, why: 'more than 10 attempts a second', count: 12 },
    'blocked: more than 10 attempts a second (12 times)',
  ],
])('tells what was blocked and why, once, and how often: %j', (change, line) =>
  expect(blockedLine({ ...attempt, ...change })).toBe(line),
);

it('is bounded, whatever was asked for', () =>
  expect(blockedLine({ ...attempt, host: 'a'.repeat(10_000) }).length).toBeLessThan(250));
