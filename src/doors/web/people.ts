/** Who stands before the web door: the sealed cookie, and whether a request comes from a page of ours. */
import type { IncomingMessage } from 'node:http';
import type { Person } from '../../domain/people.ts';
import { cleanText } from '../../domain/request.ts';
import type { Cookies } from './cookies.ts';

export async function personAt(
  cookies: Cookies,
  request: IncomingMessage,
  team: () => Promise<string>,
): Promise<Person | undefined> {
  const who = await cookies.open('session', request.headers.cookie);
  if (who === undefined || who.team !== (await team())) return undefined;
  return { id: who.user, name: cleanText(who.name, 80) || who.user };
}

/**
 * Whether a page of ours sent this. Browsers put `Origin` on every form post and WebSocket; what comes without one is
 * refused, for only a browser carries the cookie.
 */
export function isOurs(request: IncomingMessage, publicUrl: string): boolean {
  return request.headers.origin === new URL(publicUrl).origin;
}
