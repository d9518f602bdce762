/** Where a sign-in may send a browser: to the URLs that the app registered, and below them, as Slack has it. */
import { z } from 'zod';

export const redirectUrlSchema = z.url({ protocol: /^https?$/ });

/**
 * Scheme, host and port must be those of a registered URL; the path must be its path or lie below it; the query is the
 * app's own business. Both sides are compared as a browser would read them, so dots and backslashes lead nowhere.
 */
export function isRegistered(uri: string, registered: readonly string[]): boolean {
  if (!URL.canParse(uri)) return false;
  const asked = new URL(uri);
  if (asked.username !== '' || asked.password !== '' || uri.includes('#')) return false;
  return registered.some((url) => {
    const known = new URL(url);
    const below = `${known.pathname.replace(/\/$/, '')}/`;
    return (
      asked.origin === known.origin && (asked.pathname === known.pathname || asked.pathname.startsWith(below))
    );
  });
}
