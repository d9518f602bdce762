/** Where recordings are kept: in files, and in a bucket too where one is configured. Trouble with it is on the record. */
import { S3Client } from '@aws-sdk/client-s3';
import type { Logger } from 'pino';
import { fileRecordings } from './adapters/recordings/file-recordings.ts';
import { withUploads } from './adapters/recordings/uploads.ts';
import type { Config } from './config.ts';
import { bot, type Details } from './domain/audit.ts';
import { isoTime } from './domain/duration.ts';
import type { AccessId } from './domain/ids.ts';
import { cleanText } from './domain/request.ts';
import type { Clock } from './ports/clock.ts';
import type { Ledger } from './ports/ledger.ts';
import type { Recordings } from './ports/recordings.ts';

export type OpenedRecordings = { readonly recordings: Recordings; readonly close: () => Promise<void> };

export function openRecordings(
  { dataDir, aws, uploads }: Config,
  { ledger, clock, log }: { readonly ledger: Ledger; readonly clock: Clock; readonly log: Logger },
): OpenedRecordings {
  const files = fileRecordings({ dir: dataDir, log });
  if (uploads === undefined) return { recordings: files, close: async () => {} };
  const client = new S3Client({
    region: aws.region,
    ...(aws.endpoint === undefined ? {} : { endpoint: aws.endpoint, forcePathStyle: true }),
    // Uploads have a patience of their own.
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
    // Without one the SDK prints failed uploads to the console.
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  const raised = new Set<string>();
  const tell = (action: 'alarm.raised' | 'alarm.cleared', access: AccessId, details: Details): void => {
    const entry = { at: isoTime(clock.now()), action, access, actor: bot, details };
    ledger.append([entry]).catch((error: unknown) => log.warn({ err: error }, 'an alarm was not recorded'));
  };
  const what = 'a recording could not be uploaded';
  const recordings = withUploads(files, {
    ...uploads,
    client,
    dir: dataDir,
    clock,
    random: Math.random,
    log,
    onTrouble: (access, session, why) => {
      raised.add(session);
      tell('alarm.raised', access, { what, session, why: cleanText(why, 300) });
    },
    onDone: (access, session) => {
      if (raised.delete(session)) tell('alarm.cleared', access, { what, session });
    },
  });
  return {
    recordings,
    close: async () => {
      await recordings[Symbol.asyncDispose]();
      client.destroy();
    },
  };
}
