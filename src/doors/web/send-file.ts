/** A file out of the sandbox, for the browser to save and never to show. */
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { isRefused, type Refused } from '../../domain/refusal.ts';
import type { Downloads } from '../../flow/downloads.ts';
import type { Inside } from '../../flow/own-active.ts';
import { securityHeaders } from './answers.ts';
import { attachment } from './attachment.ts';

export async function sendFile(
  downloads: Downloads,
  inside: Inside,
  path: string,
  response: ServerResponse,
): Promise<Refused | 'sent'> {
  const outcome = await downloads.start(inside, path);
  if (isRefused(outcome)) return outcome;
  await using file = outcome;
  response.writeHead(200, {
    ...securityHeaders(),
    'content-type': 'application/octet-stream',
    'content-length': file.bytes,
    'content-disposition': attachment(file.path),
  });
  // A browser that goes away, or an access that ends, is no trouble of ours: what was sent falls short of its length.
  await pipeline(file.stream, response).catch(() => response.destroy());
  return 'sent';
}
