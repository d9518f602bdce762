/** IAM's way of handing out long lists: `MaxItems` and an opaque `Marker`. */
import type { Params } from './query-protocol.ts';

/** The marker names the last item given, so that what comes or goes between two pages shifts nothing. */
export function page<T>(all: readonly T[], params: Params, nameOf: (item: T) => string) {
  const keyOf = (item: T) => nameOf(item).toLowerCase();
  const sorted = all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const size = params.integer('MaxItems', { min: 1, max: 1000 }) ?? 100;
  const marker = params.text('Marker');
  const after = marker === undefined ? undefined : Buffer.from(marker, 'base64url').toString();
  const rest = after === undefined ? sorted : sorted.filter((item) => keyOf(item) > after);
  const items = rest.slice(0, size);
  const last = items.at(-1);
  const truncated = rest.length > size && last !== undefined;
  return {
    items,
    IsTruncated: truncated,
    Marker: truncated ? Buffer.from(keyOf(last)).toString('base64url') : undefined,
  };
}
