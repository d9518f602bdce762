/** Messages wait for answers, and are not kept waiting for ever. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { afterAnswers, makeForeground, timersAfterAnswers } from '../src/foreground.ts';
import type { Notice } from '../src/ports/notices.ts';
import { newId } from './support/builders.ts';
import { memoryNotices } from './support/memory-notices.ts';
import { memoryTimers } from './support/memory-timers.ts';

const anAccess = newId();
const notice: Notice = {
  access: anAccess,
  tag: 'card',
  to: { channel: 'C0A' },
  message: { text: 'hi', blocks: [] },
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('holds messages back while a request is being answered', async () => {
  const foreground = makeForeground();
  const notices = memoryNotices();
  const { promise, resolve } = Promise.withResolvers<string>();
  const answer = foreground.answering(() => promise);
  const told = afterAnswers(notices, foreground).upsert(notice);
  await vi.advanceTimersByTimeAsync(500);
  expect(notices.messages).toEqual([]);
  resolve('asked');
  expect(await answer).toBe('asked');
  await vi.advanceTimersByTimeAsync(50);
  expect(await told).toEqual({ delivered: true });
});

it('lets a message through after a second, however many wait', async () => {
  const foreground = makeForeground();
  const notices = memoryNotices();
  void foreground.answering(() => new Promise(() => {}));
  const told = afterAnswers(notices, foreground).upsert(notice);
  await vi.advanceTimersByTimeAsync(1_050);
  expect(await told).toEqual({ delivered: true });
});

it('waits for nobody once a request failed', async () => {
  const foreground = makeForeground();
  await expect(foreground.answering(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await afterAnswers(memoryNotices(), foreground).posted(anAccess, 'card')).toEqual([]);
});

it('holds back the jobs that lead to messages, and never those that open or end an access', async () => {
  const foreground = makeForeground();
  const timers = memoryTimers();
  const { promise, resolve } = Promise.withResolvers<void>();
  void foreground.answering(() => promise);
  const of = (effect: 'notify' | 'provision' | 'revoke') => ({ access: anAccess, effect, version: 1, at: 0 });
  const scheduled = timersAfterAnswers(timers, foreground).schedule([
    of('notify'),
    of('provision'),
    of('revoke'),
  ]);
  await vi.advanceTimersByTimeAsync(500);
  expect(timers.all.map(({ effect }) => effect)).toEqual(['provision', 'revoke']);
  resolve();
  await vi.advanceTimersByTimeAsync(50);
  await scheduled;
  expect(timers.all.map(({ effect }) => effect)).toEqual(['provision', 'revoke', 'notify']);
});
