/** Asks the look-alike's data service with a session's keys, as a program inside a sandbox would. */
import { z } from 'zod';
import type { DataRequest } from './data-service.ts';
import { authorizationOf } from './sigv4.ts';

/** A principal on success, a code and a sentence on refusal. */
const answerShape = z.object({
  principal: z.string().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
});

export type DataAnswer = Readonly<z.infer<typeof answerShape>> & { readonly status: number };

/** `at` is the time to sign for, epoch milliseconds; the machine's own by default. */
export async function askData(
  url: string,
  keys: { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined },
  { action, resource }: DataRequest,
  at = Date.now(),
): Promise<DataAnswer> {
  const body = Buffer.from(JSON.stringify({ action, resource }));
  const headers = {
    host: new URL(url).host,
    'x-amz-date': new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, ''),
    ...(keys.sessionToken === undefined ? {} : { 'x-amz-security-token': keys.sessionToken }),
  };
  const request = { method: 'POST', target: '/data', headers, body };
  const authorization = authorizationOf(request, keys, { region: 'eu-west-1', service: 'data' });
  const answer = await fetch(new URL('/data', url), {
    method: 'POST',
    headers: { ...headers, authorization, 'content-type': 'application/json' },
    body,
  });
  const given = answerShape.parse(await answer.json());
  return { status: answer.status, ...given };
}
