import { describe, expect, it } from 'vitest';
import { type Account, ineligibility, isMember } from '../../src/domain/people.ts';
import { account, makeFacts, team } from '../support/builders.ts';

describe('an account', () => {
  it.each<[string, Partial<Account>, ReturnType<typeof ineligibility>]>([
    ['a full member', {}, undefined],
    ['of another workspace', { team: 'T0OTHER' }, 'other-team'],
    ['deactivated', { deleted: true }, 'deactivated'],
    ['a bot', { bot: true }, 'bot'],
    ['a multi-channel guest', { restricted: true }, 'guest'],
    ['a single-channel guest', { ultraRestricted: true }, 'guest'],
    ['a stranger', { stranger: true }, 'stranger'],
    ['a stranger of another workspace', { stranger: true, team: 'T0OTHER' }, 'stranger'],
    ['a deactivated guest', { deleted: true, restricted: true }, 'deactivated'],
  ])('%s', (_, change, bar) => expect(ineligibility(account('U0ANA', change), team)).toBe(bar));

  it('that could not be looked up is unknown, and unknown is a bar', () =>
    expect(ineligibility(undefined, team)).toBe('unknown'));
});

describe('membership', () => {
  it('is in any of the groups, by id', () => {
    expect(isMember(makeFacts(), ['leads', 'security'], 'U0SEC')).toBe(true);
    expect(isMember(makeFacts(), ['leads'], 'U0SEC')).toBe(false);
    expect(isMember(makeFacts(), ['leads'], 'lea')).toBe(false);
    expect(isMember(makeFacts(), [], 'U0LEA')).toBe(false);
  });

  it('counts a group that could not be had as empty', () =>
    expect(isMember(makeFacts({ members: {}, missing: ['leads'] }), ['leads'], 'U0LEA')).toBe(false));

  it('takes no inherited property for a group', () =>
    expect(isMember(makeFacts(), ['constructor'], 'U0ANA')).toBe(false));
});
