/**
 * The adapter against the AWS look-alike, both on one hand-set clock that moves when someone sleeps: minutes of
 * settling and propagation pass in no time, and nothing depends on the machine's speed.
 */
import type { IAMClient } from '@aws-sdk/client-iam';
import { AssumeRoleCommand } from '@aws-sdk/client-sts';
import type { GrantProgress } from '../../../src/adapters/aws/aws.ts';
import { type AwsClients, awsClients } from '../../../src/adapters/aws/clients.ts';
import { roleArn } from '../../../src/adapters/aws/documents.ts';
import { type AwsGrantsDeps, awsGrants } from '../../../src/adapters/aws/grants.ts';
import type { AccessId } from '../../../src/domain/ids.ts';
import { type AwsLookalikeOptions, startAwsLookalike } from '../../../src/playground/aws/aws-lookalike.ts';
import { askData } from '../../../src/playground/aws/data-client.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { GrantSpec } from '../../../src/ports/grants.ts';
import { boundaryDocument } from './setup-documents.ts';

export const account = '123456789012';
export const boundaryArn = `arn:aws:iam::${account}:policy/prod-access-boundary`;
export const readOnlyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
export const bucketArn = 'arn:aws:s3:::ledger';
export const install = '0123456789ab';
export const start = Date.UTC(2026, 10, 23, 12);

export type HandClock = Clock & { advance(ms: number): void };

/** Sleeping moves the time and comes back at once. */
export function handClock(at = start): HandClock {
  let now = at;
  return {
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      now += ms;
      await new Promise<void>((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
}

export function specOf(access: AccessId, change: Partial<GrantSpec> = {}): GrantSpec {
  return {
    access,
    requester: 'U0ALICE',
    target: 'payments-db',
    endsAt: start + 3_600_000,
    aws: {
      account,
      region: 'eu-west-1',
      boundary: boundaryArn,
      managed: [readOnlyArn],
      policy: {
        Version: '2012-10-17',
        Statement: [{ Sid: 'Pay', Effect: 'Allow', Action: 's3:PutObject', Resource: `${bucketArn}/*` }],
      },
    },
    ...change,
  };
}

export async function startWorld(options: AwsLookalikeOptions = {}) {
  const clock = handClock();
  const lookalike = await startAwsLookalike({ accountId: account, now: clock.now, ...options });
  lookalike.addManagedPolicy(boundaryArn, boundaryDocument(account));
  const clients = awsClients({
    region: 'eu-west-1',
    endpoint: lookalike.url,
    credentials: lookalike.botCredentials,
  });
  const progress: GrantProgress[] = [];
  const deps: AwsGrantsDeps = {
    ...clients,
    install,
    clock,
    onProgress: (step) => progress.push(step),
  };
  return {
    clock,
    lookalike,
    clients,
    progress,
    deps,
    grants: awsGrants(deps),
    /** Another install on the same account. */
    stranger: awsGrants({ ...deps, install: 'ffffffffffff' }),
    role: (access: AccessId) => lookalike.roles().find((role) => role.name === access),
    async [Symbol.asyncDispose]() {
      clients.iam.destroy();
      clients.sts.destroy();
      await lookalike[Symbol.asyncDispose]();
    },
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

/** Credentials of the grant, as a broker would vend them. */
export async function credentialsOf({ clients }: World, access: AccessId, requester = 'U0ALICE') {
  const { Credentials } = await clients.sts.send(
    new AssumeRoleCommand({
      RoleArn: roleArn(account, access),
      RoleSessionName: access,
      SourceIdentity: requester,
      DurationSeconds: 900,
    }),
  );
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
}

/** Whether a session may do what the target allows. */
export async function canWork(
  { lookalike }: World,
  credentials: Awaited<ReturnType<typeof credentialsOf>>,
  action = 's3:GetObject',
): Promise<boolean> {
  const answer = await askData(lookalike.url, credentials, { action, resource: `${bucketArn}/july` });
  return answer.status === 200;
}

/** Calls `then` after each call to AWS, with its number; what it throws comes in the place of the answer. */
export function tap(clients: AwsClients, then: (calls: number, command: string) => unknown): AwsClients {
  let calls = 0;
  const done = (command: string | undefined) => then(++calls, command ?? '');
  const tapped = (iam: IAMClient) => {
    iam.middlewareStack.add(
      (next, context) => async (args) => {
        const answer = await next(args);
        await done(context.commandName);
        return answer;
      },
      { step: 'initialize' },
    );
    return iam;
  };
  tapped(clients.iam);
  clients.sts.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      await done(context.commandName);
      return answer;
    },
    { step: 'initialize' },
  );
  return { ...clients, makeIamWith: (credentials) => tapped(clients.makeIamWith(credentials)) };
}
