/**
 * Verifies AWS Signature Version 4 in the `Authorization` header: the signature is computed anew from the request
 * as it arrived and the secret of the key it names.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AwsError, signatureMismatch } from './errors.ts';

export type SignedRequest = {
  readonly method: string;
  /** As in the request line: path and query. */
  readonly target: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

export type Claim = {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** Epoch milliseconds. */
  readonly signedAt: number;
  readonly amzDate: string;
  readonly sessionToken: string | undefined;
};

const authorizationPattern =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/;

/** Reads the claim, proving nothing yet. Throws where there is none or it is not well formed. */
export function readClaim({ headers }: SignedRequest): Claim {
  const header = headers.authorization;
  if (header === undefined)
    throw new AwsError('MissingAuthenticationToken', 403, 'Request is missing Authentication Token');
  const [, accessKeyId = '', date = '', region = '', service = '', names = '', signature = ''] =
    authorizationPattern.exec(header) ?? [];
  const amzDate = headers['x-amz-date'] ?? '';
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(amzDate) ?? [];
  if (signature === '' || year === undefined || !amzDate.startsWith(date))
    throw new AwsError(
      'IncompleteSignature',
      400,
      'The request signature does not conform to AWS standards.',
    );
  return {
    accessKeyId,
    date,
    region,
    service,
    signedHeaders: names.split(';'),
    signature,
    signedAt: Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`),
    amzDate,
    sessionToken: headers['x-amz-security-token'],
  };
}

/** Throws `SignatureDoesNotMatch` unless the claim's signature is that of `secret` over this very request. */
export function verifySignature(request: SignedRequest, claim: Claim, secret: string): void {
  const mustBeSigned = ['host', ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))];
  const unsigned = mustBeSigned.find((name) => !claim.signedHeaders.includes(name));
  if (unsigned !== undefined)
    throw signatureMismatch(`'${unsigned}' must be a 'SignedHeader' in the AWS Authorization.`);
  const expected = Buffer.from(sign(request, claim, secret), 'hex');
  if (!timingSafeEqual(expected, Buffer.from(claim.signature, 'hex')))
    throw signatureMismatch(
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.',
    );
}

/** The `Authorization` header for a request whose headers are all to be signed; `x-amz-date` must be among them. */
export function authorizationOf(
  request: SignedRequest,
  keys: { readonly accessKeyId: string; readonly secretAccessKey: string },
  scope: { readonly region: string; readonly service: string },
): string {
  const amzDate = request.headers['x-amz-date'] ?? '';
  const date = amzDate.slice(0, 8);
  const signedHeaders = Object.keys(request.headers).sort();
  const signature = sign(request, { ...scope, date, amzDate, signedHeaders }, keys.secretAccessKey);
  const credential = `${keys.accessKeyId}/${date}/${scope.region}/${scope.service}/aws4_request`;
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
}

type Scope = Pick<Claim, 'date' | 'region' | 'service' | 'amzDate' | 'signedHeaders'>;

function sign(request: SignedRequest, claim: Scope, secret: string): string {
  const scope = `${claim.date}/${claim.region}/${claim.service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', claim.amzDate, scope, sha256(canonical(request, claim))].join('\n');
  const key = [claim.date, claim.region, claim.service, 'aws4_request'].reduce(
    (previous: string | Buffer, part) => createHmac('sha256', previous).update(part).digest(),
    `AWS4${secret}`,
  );
  return createHmac('sha256', key).update(toSign).digest('hex');
}

/** The payload's hash is always that of the body received, whatever a header says about it. */
function canonical({ method, target, headers, body }: SignedRequest, { signedHeaders }: Scope): string {
  const [path = '/', query = ''] = target.split('?');
  const lines = signedHeaders.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/\s+/g, ' ')}`);
  return [
    method,
    path.split('/').map(encodeURIComponent).join('/'),
    canonicalQuery(query),
    ...lines,
    '',
    signedHeaders.join(';'),
    sha256(body),
  ].join('\n');
}

function canonicalQuery(query: string): string {
  return [...new URLSearchParams(query)]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

const encode = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
