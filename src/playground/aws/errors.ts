/**
 * Refusals as AWS words them: a code that the SDK turns into an error's name, an HTTP status and a sentence.
 *
 * `LookalikeNotImplemented` is the one code that AWS does not have. It says that a request or a policy uses
 * something the look-alike cannot judge, so that nothing is ever allowed or denied by ignorance.
 */

export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export const accessDenied = (message: string) => new AwsError('AccessDenied', 403, message);
export const validationError = (message: string) => new AwsError('ValidationError', 400, message);
export const invalidInput = (message: string) => new AwsError('InvalidInput', 400, message);
export const malformedPolicy = (message: string) => new AwsError('MalformedPolicyDocument', 400, message);
export const noSuchEntity = (message: string) => new AwsError('NoSuchEntity', 404, message);
export const alreadyExists = (message: string) => new AwsError('EntityAlreadyExists', 409, message);
export const deleteConflict = (message: string) => new AwsError('DeleteConflict', 409, message);
export const limitExceeded = (message: string) => new AwsError('LimitExceeded', 409, message);
export const invalidToken = () =>
  new AwsError('InvalidClientTokenId', 403, 'The security token included in the request is invalid.');
export const expiredToken = () =>
  new AwsError('ExpiredToken', 403, 'The security token included in the request is expired');
export const signatureMismatch = (message: string) => new AwsError('SignatureDoesNotMatch', 403, message);
export const notImplemented = (message: string) =>
  new AwsError('LookalikeNotImplemented', 400, `The AWS look-alike does not implement this: ${message}`);

/** What can be injected, by code; any other code is answered with status 400. */
const injectable: Readonly<Record<string, readonly [status: number, message: string]>> = {
  Throttling: [400, 'Rate exceeded'],
  ConcurrentModification: [409, 'A concurrent modification was made to the entity. Please try again.'],
  ServiceFailure: [500, 'The request processing has failed because of an unknown error.'],
  ServiceUnavailable: [503, 'The service is temporarily unavailable.'],
  AccessDenied: [403, 'Injected denial'],
  NoSuchEntity: [404, 'Injected absence'],
};

export function errorOfCode(code: string): AwsError {
  const [status, message] = injectable[code] ?? [400, `Injected ${code}`];
  return new AwsError(code, status, message);
}
