/** Cursor paging as Slack does it: an opaque cursor, `limit` at most, an empty `next_cursor` on the last page. */
import { type JsonObject, SlackRefusal } from './wire.ts';

export type Page<T> = { readonly items: readonly T[]; readonly next_cursor: string };

/**
 * One page of `items`, starting at the item whose key the cursor names. The cursor holds a key, not an offset: items
 * added meanwhile move no page, and if that item has gone the page starts at the next key in `order`.
 */
export function page<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  cursor: string | undefined,
  limit: number,
  order: 'rising' | 'falling' = 'rising',
): Page<T> {
  let start = 0;
  if (cursor) {
    const key = openCursor(cursor);
    const at = items.findIndex((item) => (order === 'rising' ? keyOf(item) >= key : keyOf(item) <= key));
    start = at < 0 ? items.length : at;
  }
  const next = items[start + limit];
  return {
    items: items.slice(start, start + limit),
    next_cursor: next === undefined ? '' : sealCursor(keyOf(next)),
  };
}

export function cursorPart(page: Page<unknown>): JsonObject {
  return { response_metadata: { next_cursor: page.next_cursor } };
}

function sealCursor(key: string): string {
  return Buffer.from(`next:${key}`).toString('base64');
}

function openCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64').toString('utf8');
  if (!text.startsWith('next:') || sealCursor(text.slice(5)) !== cursor)
    throw new SlackRefusal('invalid_cursor');
  return text.slice(5);
}
