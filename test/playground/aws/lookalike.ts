/** A look-alike with a hand-set clock, and real SDK clients for it. */
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, type AssumeRoleCommandInput, STSClient } from '@aws-sdk/client-sts';
import {
  type AwsLookalike,
  type AwsLookalikeOptions,
  startAwsLookalike,
} from '../../../src/playground/aws/aws-lookalike.ts';
import { askData } from '../../../src/playground/aws/data-client.ts';

export type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
export const start = Date.parse('2026-11-23T12:00:00Z');
export const account = '123456789012';
export const bucket = 'arn:aws:s3:::ledger';

export type Bench = AsyncDisposable & {
  aws: AwsLookalike;
  iam: IAMClient;
  sts: STSClient;
  clock: { now: number };
  as(keys: Keys): { iam: IAMClient; sts: STSClient };
  /** Session credentials of the role of that name. */
  assume(role: string, input?: Partial<AssumeRoleCommandInput>): Promise<Keys>;
  /** A role with an inline policy that trusts the account. */
  role(name: string, ...statements: object[]): Promise<void>;
  /** `ok`, or the refusal's sentence. */
  read(keys: Keys, resource?: string): Promise<string>;
};

export async function bench(options: AwsLookalikeOptions = {}): Promise<Bench> {
  const clock = { now: start };
  const aws = await startAwsLookalike({ now: () => clock.now, ...options });
  const as = (keys: Keys) => clients(aws.url, keys);
  const bot = as(aws.botCredentials);
  return {
    aws,
    clock,
    as,
    ...bot,
    async assume(role, input = {}) {
      const RoleArn = role.startsWith('arn:') ? role : `arn:aws:iam::${account}:role/${role}`;
      const { Credentials } = await bot.sts.send(
        new AssumeRoleCommand({ RoleArn, RoleSessionName: role.replace(/^.*\//, ''), ...input }),
      );
      return {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: Credentials?.SecretAccessKey ?? '',
        sessionToken: Credentials?.SessionToken ?? '',
      };
    },
    async role(name, ...statements) {
      await bot.iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trustAccount }));
      if (statements.length > 0)
        await bot.iam.send(
          new PutRolePolicyCommand({
            RoleName: name,
            PolicyName: 'it',
            PolicyDocument: policy(...statements),
          }),
        );
    },
    async read(keys, resource = `${bucket}/july`) {
      const answer = await askData(aws.url, keys, { action: 's3:GetObject', resource });
      return answer.status === 200 ? 'ok' : (answer.message ?? '');
    },
    [Symbol.asyncDispose]: () => aws[Symbol.asyncDispose](),
  };
}

/** They try once, so that each refusal is seen. */
export function clients(endpoint: string, credentials: Keys) {
  const config = { endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 };
  return { iam: new IAMClient(config), sts: new STSClient(config) };
}

export const document = (...statements: object[]) => ({ Version: '2012-10-17', Statement: statements });
export const policy = (...statements: object[]) => JSON.stringify(document(...statements));
export const allow = (Action: string, Resource: string = '*', Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});
export const deny = (Action: string, Resource: string = '*', Condition?: object) => ({
  ...allow(Action, Resource, Condition),
  Effect: 'Deny',
});
export const trust = (AWS: string, Action: string | string[], Condition?: object) => ({
  Effect: 'Allow',
  Principal: { AWS },
  Action,
  ...(Condition && { Condition }),
});
const trustAccount = policy(trust(account, 'sts:*'));
