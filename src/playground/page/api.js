/** Talking to the look-alike: JSON there and back, and its stream of changes. */

/** @param {Response} response */
async function read(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(body?.error ?? `HTTP ${response.status}`);
  return body;
}

/**
 * @param {string} path
 * @param {Record<string, string>} [query]
 * @returns {Promise<any>}
 */
export async function get(path, query = {}) {
  const search = new URLSearchParams(query).toString();
  return read(await fetch(search === '' ? path : `${path}?${search}`));
}

/**
 * @param {string} path
 * @param {Record<string, unknown>} [body]
 * @returns {Promise<any>}
 */
export async function post(path, body = {}) {
  return read(
    await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );
}

/**
 * One call per change in the workspace, and one with `undefined` whenever the stream (re)connects: something may have
 * been missed then.
 * @param {(change: any) => void} listener
 */
export function onChange(listener) {
  const stream = new EventSource('/_human/events');
  stream.onopen = () => listener(undefined);
  stream.onmessage = ({ data }) => listener(JSON.parse(data));
}
