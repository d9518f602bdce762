/**
 * Resolves a host once and judges every address that comes back: one that may not be reached refuses the name, so that
 * nobody's DNS can mix one in. The addresses given are those judged, and nothing is resolved after it.
 */
import { lookup } from 'node:dns/promises';
import type { Clock } from '../../ports/clock.ts';
import { type AddressKind, kindOfAddress, spelled } from './addresses.ts';
import { isAddress } from './hosts.ts';
import { inTime } from './in-time.ts';

/** All addresses of a name; rejects where it has none. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export type Found =
  | { readonly found: true; readonly addresses: readonly string[] }
  | { readonly found: false; readonly code: 'unresolved' }
  | { readonly found: false; readonly code: 'forbidden'; readonly address: string; readonly is: AddressKind };

export type FindDeps = {
  readonly lookup: Lookup;
  readonly ownAddresses: () => readonly string[];
  readonly clock: Clock;
  readonly lookupMs: number;
};

/** Each is tried in turn where one does not answer. */
const addressesMax = 4;

export const systemLookup: Lookup = async (host) =>
  (await lookup(host, { all: true })).map(({ address }) => address);

/**
 * Gives the finder of one access. Its lookups take turns: the host resolves few names at once, and an access whose names
 * resolve slowly must not keep the others waiting.
 */
export function findsAddresses({ lookup, ownAddresses, clock, lookupMs }: FindDeps) {
  let last: Promise<unknown> = Promise.resolve();

  async function resolve(host: string): Promise<readonly string[]> {
    if (isAddress(host)) return [host];
    let givenUp = false;
    const turn = last.then(async () => (givenUp ? [] : await lookup(host))).catch(() => []);
    last = turn;
    const addresses = await inTime(clock, lookupMs, turn);
    givenUp = true;
    return addresses === 'late' ? [] : addresses;
  }

  return async (host: string, may: { readonly private: boolean }): Promise<Found> => {
    const addresses = await resolve(host);
    if (addresses.length === 0) return { found: false, code: 'unresolved' };
    const own = new Set(ownAddresses().flatMap((each) => spelled(each) ?? []));
    for (const address of addresses) {
      const is = kindOfAddress(address, own);
      if (is.kind === 'never' || (is.kind === 'private' && !may.private))
        return { found: false, code: 'forbidden', address, is };
    }
    return { found: true, addresses: addresses.slice(0, addressesMax) };
  };
}
