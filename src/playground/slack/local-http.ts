/** JSON over HTTP for the look-alike's own pages and tests: one table of routes, each input checked by its schema. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ZodError, type ZodType } from 'zod';
import { Impossible } from './inputs.ts';
import { readBody } from './web-api.ts';

export type Route = (input: unknown) => unknown;

/** A route that takes what `schema` reads. GET routes read the query, POST routes the JSON body. */
export function taking<T>(schema: ZodType<T>, run: (input: T) => unknown): Route {
  return (input) => run(schema.parse(input));
}

/**
 * Answers "METHOD /path" from the table: 200 with the result as JSON, 400 for input that doesn't fit, 409 for what no
 * person could do. Requests that another site's page sends from a browser are refused.
 */
export async function answerRoutes(
  routes: Readonly<Record<string, Route>>,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const finish = (status: number, body: unknown): void => {
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
    });
    response.end(JSON.stringify(body ?? null));
  };
  if (isForeign(request)) return finish(403, { error: 'foreign origin' });
  const run = routes[`${request.method} ${url.pathname}`];
  if (!run) return finish(404, { error: 'no such route' });
  try {
    const text = request.method === 'POST' ? await readBody(request) : '';
    const input: unknown =
      request.method === 'POST'
        ? JSON.parse(text === '' ? '{}' : text)
        : Object.fromEntries(url.searchParams);
    finish(200, await run(input));
  } catch (error) {
    if (error instanceof Impossible) return finish(409, { error: error.message });
    if (error instanceof ZodError || error instanceof SyntaxError || error instanceof RangeError)
      return finish(400, { error: error.message });
    throw error;
  }
}

/** Whether a browser sent it on behalf of a page that is not ours. */
export function isForeign(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  return origin !== undefined && origin !== `http://${host}`;
}
