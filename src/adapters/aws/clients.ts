/**
 * The SDK's clients, with the SDK's own chain of credentials. The only place that makes any.
 *
 * `maxAttempts: 1`: our own jittered back-off (`patience.ts`) does the retrying, see there for why. Requests are
 * bounded in time, so that a silent peer costs seconds.
 */
import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';

export type SessionCredentials = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
};

export type AwsClients = {
  readonly iam: IAMClient;
  readonly sts: STSClient;
  /** An IAM client that wears other credentials and shares the connections of `iam`: nothing to dispose. */
  makeIamWith(credentials: SessionCredentials): IAMClient;
};

export type ClientOptions = {
  readonly region: string;
  /** A look-alike's address; the SDK also reads `AWS_ENDPOINT_URL` by itself. */
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

export function awsClients(options: ClientOptions): AwsClients {
  const base = {
    ...options,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 8_000, throwOnRequestTimeout: true },
  };
  const iam = new IAMClient(base);
  return {
    iam,
    sts: new STSClient(base),
    makeIamWith: (credentials) =>
      new IAMClient({ ...base, credentials, requestHandler: iam.config.requestHandler }),
  };
}
