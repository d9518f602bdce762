import { describe, expect, it } from 'vitest';
import { findsAddresses } from '../../../src/adapters/broker/find-addresses.ts';
import { handClock } from '../../support/hand-clock.ts';

const may = { private: false };

describe('the lookups of an access', () => {
  it('take turns, and what nobody waits for any more is not looked up', async () => {
    const clock = handClock(0);
    const asked: string[] = [];
    const answers: ((addresses: readonly string[]) => void)[] = [];
    const find = findsAddresses({
      lookup: (host) => {
        asked.push(host);
        return new Promise((resolve) => answers.push(resolve));
      },
      ownAddresses: () => [],
      clock,
      lookupMs: 5_000,
    });
    const slow = find('slow.example', may);
    const behind = find('behind.example', may);
    await turn();
    clock.tick(5_000);
    const late = { found: false, code: 'unresolved' };
    expect(await Promise.all([slow, behind])).toEqual([late, late]);
    const next = find('next.example', may);
    answers.shift()?.(['127.0.0.1']);
    await turn();
    expect(asked).toEqual(['slow.example', 'next.example']);
    answers.shift()?.(['93.184.216.34']);
    expect(await next).toEqual({ found: true, addresses: ['93.184.216.34'] });
  });

  it('judge every address, and give the first few', async () => {
    const many = Array.from({ length: 200 }, (_, n) => `93.184.216.${n}`);
    const finding = (addresses: readonly string[]) =>
      findsAddresses({
        lookup: async () => addresses,
        ownAddresses: () => [],
        clock: handClock(0),
        lookupMs: 1,
      });
    expect(await finding(many)('many.example', may)).toEqual({ found: true, addresses: many.slice(0, 4) });
    expect(await finding([...many, '10.0.0.1'])('many.example', may)).toMatchObject({
      found: false,
      code: 'forbidden',
      address: '10.0.0.1',
    });
  });

  it('are not needed for an address', async () => {
    const find = findsAddresses({
      lookup: () => Promise.reject(new Error('looked up')),
      ownAddresses: () => ['93.184.216.34'],
      clock: handClock(0),
      lookupMs: 1,
    });
    expect(await find('93.184.216.35', may)).toEqual({ found: true, addresses: ['93.184.216.35'] });
    expect(await find('93.184.216.34', may)).toMatchObject({ found: false, address: '93.184.216.34' });
  });
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
