/**
 * A bucket store for tests: PutObject and GetObject by path-style addresses, checksums verified as S3 does. Every
 * request can be made to fail.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { S3Client } from '@aws-sdk/client-s3';

export type StoredObject = { readonly body: Buffer; readonly contentType: string; readonly checksum: string };
/** An S3 error code with its status, or a connection that breaks. */
export type Failure = { readonly status: number; readonly code: string } | 'reset';

export type S3Lookalike = AsyncDisposable & {
  readonly client: S3Client;
  /** By `/bucket/key`. */
  readonly objects: Map<string, StoredObject>;
  readonly requests: string[];
  /** Asked for each request; undefined lets it through. */
  fail: (request: string) => Failure | undefined;
};

export async function startS3Lookalike(): Promise<S3Lookalike> {
  const objects = new Map<string, StoredObject>();
  const requests: string[] = [];
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error as Error));
  });

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const path = decodeURIComponent(new URL(incoming.url ?? '', 'http://localhost').pathname);
    const request = `${incoming.method} ${path}`;
    requests.push(request);
    const failure = lookalike.fail(request);
    if (failure === 'reset') {
      incoming.socket.destroy();
      return;
    }
    const body = await buffer(incoming);
    if (failure !== undefined) return refuse(outgoing, failure);
    if (!/^AWS4-HMAC-SHA256 /.test(incoming.headers.authorization ?? ''))
      return refuse(outgoing, { status: 403, code: 'AccessDenied' });
    if (incoming.method === 'PUT') return put(path, incoming, body, outgoing);
    const object = objects.get(path);
    if (object === undefined) return refuse(outgoing, { status: 404, code: 'NoSuchKey' });
    outgoing.writeHead(200, {
      'content-type': object.contentType,
      'content-length': object.body.length,
      'x-amz-checksum-sha256': object.checksum,
      'x-amz-checksum-type': 'FULL_OBJECT',
    });
    outgoing.end(object.body);
  }

  function put(path: string, incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): void {
    const { 'x-amz-checksum-sha256': said = '', 'content-encoding': encoding } = incoming.headers;
    const checksum = createHash('sha256').update(body).digest('base64');
    if (encoding?.includes('aws-chunked')) refuse(outgoing, { status: 501, code: 'NotImplemented' });
    else if (said !== checksum) refuse(outgoing, { status: 400, code: 'BadDigest' });
    else {
      objects.set(path, { body, contentType: incoming.headers['content-type'] ?? '', checksum });
      outgoing.writeHead(200, { etag: '"x"', 'x-amz-checksum-sha256': checksum }).end();
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${address.port}`,
    region: 'eu-west-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
  const lookalike: S3Lookalike = {
    client,
    objects,
    requests,
    fail: () => undefined,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
  return lookalike;
}

function refuse(outgoing: ServerResponse, { status, code }: { status: number; code: string }): void {
  outgoing.writeHead(status, { 'content-type': 'application/xml' });
  outgoing.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
}
