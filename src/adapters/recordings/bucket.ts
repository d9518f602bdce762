/** Recordings in an S3 bucket. An upload carries its SHA-256, so the bucket refuses what differs from the digest. */

import { Readable } from 'node:stream';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { AccessId, SessionId } from '../../domain/ids.ts';
import type { UploadNote } from './upload-notes.ts';

export type Bucket = {
  /** With a `logger`: without one the SDK prints each failed upload to the console. */
  readonly client: S3Client;
  readonly bucket: string;
  /** Stands before `<access>/<session>.cast`, with whatever separates it: `prod-access/`, say. */
  readonly prefix: string;
};

export async function putRecording(
  { client, bucket, prefix }: Bucket,
  access: AccessId,
  session: SessionId,
  body: Readable,
  { bytes, sha256 }: UploadNote,
  abortSignal: AbortSignal,
): Promise<void> {
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: keyOf(prefix, access, session),
    Body: body,
    ContentLength: bytes,
    ContentType: 'application/x-asciicast',
    ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
  });
  await client.send(command, { abortSignal });
}

/**
 * Undefined where the bucket has none, which S3 tells only those who may list it (s3:ListBucket); to others it says that
 * they are denied. The stream fails at its end where its bytes differ from their checksum.
 */
export async function getRecording(
  { client, bucket, prefix }: Bucket,
  access: AccessId,
  session: SessionId,
): Promise<Readable | undefined> {
  try {
    const { Body } = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: keyOf(prefix, access, session), ChecksumMode: 'ENABLED' }),
    );
    return Body instanceof Readable ? Body : undefined;
  } catch (error) {
    if (error instanceof NoSuchKey || (error instanceof Error && error.name === 'NotFound')) return undefined;
    throw error;
  }
}

function keyOf(prefix: string, access: AccessId, session: SessionId): string {
  return `${prefix}${access}/${session}.cast`;
}
