import { expect, it } from 'vitest';
import { makePace } from '../../src/flow/pace.ts';
import { handClock } from '../support/hand-clock.ts';

it('lets so many through in a minute, tells the first one too many from the others, and counts each key by itself', () => {
  const clock = handClock(0);
  const pace = makePace(clock, 2);
  expect(['a', 'a', 'b', 'a', 'a'].map(pace)).toEqual(['fine', 'fine', 'fine', 'over-first', 'over']);
  clock.tick(59_999);
  expect(pace('a')).toBe('over');
  clock.tick(1);
  expect(pace('a')).toBe('fine');
});
