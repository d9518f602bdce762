/**
 * Who stands before the web door: by the sealed cookie, unless its person signed out since. And whether a request comes
 * from a page of ours.
 */
import type { IncomingMessage } from 'node:http';
import type { Person } from '../../domain/people.ts';
import { cleanText } from '../../domain/request.ts';
import { counts, type SignedIn } from '../../flow/sign-out.ts';
import type { PagesDeps } from './deps.ts';

type Deps = Pick<PagesDeps, 'cookies' | 'team'> & { readonly flow: Pick<PagesDeps['flow'], 'signOuts'> };

export type Present = {
  readonly person: Person;
  /** By what they are here, to be looked at again. */
  readonly signedIn: SignedIn;
};

/** Rejects where it cannot be told. */
export async function presentAt(
  { cookies, team, flow }: Deps,
  request: IncomingMessage,
): Promise<Present | undefined> {
  const who = await cookies.open('session', request.headers.cookie);
  if (who === undefined || who.team !== (await team())) return undefined;
  const signedIn = { person: who.user, since: who.since };
  if (!(await counts(flow, signedIn))) return undefined;
  return { person: { id: who.user, name: cleanText(who.name, 80) || who.user }, signedIn };
}

export async function personAt(deps: Deps, request: IncomingMessage): Promise<Person | undefined> {
  return (await presentAt(deps, request))?.person;
}

/**
 * Whether a page of ours sent this. Browsers put `Origin` on every form post and WebSocket; what comes without one is
 * refused, for only a browser carries the cookie.
 */
export function isOurs(request: IncomingMessage, publicUrl: string): boolean {
  return request.headers.origin === new URL(publicUrl).origin;
}
