/** What a request asks for. Its target is whatever somebody sent: what is no path of ours must end nothing but itself. */
import type { IncomingMessage } from 'node:http';

/**
 * Undefined where it is no path. The host is a stand-in: with the target put behind it, and not resolved against it, no
 * target names another one.
 */
export function addressOf({ url = '' }: Pick<IncomingMessage, 'url'>): URL | undefined {
  return url.startsWith('/') ? (URL.parse(`http://localhost${url}`) ?? undefined) : undefined;
}
