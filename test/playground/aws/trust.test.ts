import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { account, allow, bench, document, policy, trust } from './lookalike.ts';

const botArn = `arn:aws:iam::${account}:user/prod-access-bot`;
const arnOf = (name: string) => `arn:aws:iam::${account}:role/${name}`;

async function pinned(actions: string[]) {
  const b = await bench();
  const condition = { StringEquals: { 'sts:RoleSessionName': 'acc_one', 'sts:SourceIdentity': 'U0ONE' } };
  await b.iam.send(
    new CreateRoleCommand({
      RoleName: 'acc_one',
      AssumeRolePolicyDocument: policy(trust(botArn, actions, condition)),
    }),
  );
  return b;
}

test('a pinned role is worn under its name by its person only', async () => {
  await using b = await pinned(['sts:AssumeRole', 'sts:SetSourceIdentity']);
  await expect(b.assume('acc_one')).rejects.toThrow(
    `User: ${botArn} is not authorized to perform: sts:AssumeRole on resource: ${arnOf('acc_one')} because no role trust policy allows`,
  );
  await expect(b.assume('acc_one', { SourceIdentity: 'U0TWO' })).rejects.toMatchObject({
    name: 'AccessDenied',
  });
  await expect(
    b.assume('acc_one', { SourceIdentity: 'U0ONE', RoleSessionName: 'acc_two' }),
  ).rejects.toMatchObject({ name: 'AccessDenied' });
  await b.assume('acc_one', { SourceIdentity: 'U0ONE' });
  expect(b.aws.roles()).toMatchObject([{ name: 'acc_one', liveSessions: 1 }]);
});

test('a source identity takes sts:SetSourceIdentity in the trust policy', async () => {
  await using b = await pinned(['sts:AssumeRole']);
  await expect(b.assume('acc_one', { SourceIdentity: 'U0ONE' })).rejects.toThrow('sts:SetSourceIdentity');
});

test('a trust in the account delegates: the caller’s own policy must allow too', async () => {
  await using b = await bench();
  await b.role('delegated');
  b.aws.setBotPolicy(document(allow('iam:*')));
  await expect(b.assume('delegated')).rejects.toThrow(
    'no identity-based policy allows the sts:AssumeRole action',
  );
});

test('a source identity goes along when roles are chained, and can’t be changed', async () => {
  await using b = await bench();
  await b.role('first', allow('sts:*'));
  await b.role('second');
  const { sts } = b.as(await b.assume('first', { SourceIdentity: 'U0ONE' }));
  const chain = (input: object = {}) =>
    sts.send(new AssumeRoleCommand({ RoleArn: arnOf('second'), RoleSessionName: 'second', ...input }));
  await expect(chain({ SourceIdentity: 'U0TWO' })).rejects.toMatchObject({ name: 'AccessDenied' });
  expect(await chain()).toMatchObject({ SourceIdentity: 'U0ONE' });
  await expect(chain({ DurationSeconds: 3601 })).rejects.toThrow('role chaining');
});

test('sessions last 15 minutes to an hour, and longer only where the role says so', async () => {
  await using b = await bench();
  await b.role('brief', allow('s3:*'));
  await expect(b.assume('brief', { DurationSeconds: 899 })).rejects.toThrow('greater than or equal to 900');
  await expect(b.assume('brief', { DurationSeconds: 3601 })).rejects.toThrow('MaxSessionDuration');
  const keys = await b.assume('brief', { DurationSeconds: 900 });
  b.clock.now += 899_999;
  expect(await b.read(keys)).toBe('ok');
  b.clock.now += 1;
  expect(await b.read(keys)).toContain('expired');
  await expect(b.as(keys).sts.send(new GetCallerIdentityCommand())).rejects.toMatchObject({
    name: 'ExpiredToken',
  });
});

test('a role that does not exist is refused like one that trusts nobody', async () => {
  await using b = await bench();
  await expect(b.assume('nobody')).rejects.toMatchObject({ name: 'AccessDenied' });
});

test('a bot that is itself an assumed role is named and trusted as such', async () => {
  const arn = `arn:aws:sts::${account}:assumed-role/prod-access-bot/i-0abc`;
  await using b = await bench({ bot: { arn, sessionToken: 'look-alike-token' } });
  expect(await b.sts.send(new GetCallerIdentityCommand())).toMatchObject({ Arn: arn });
  const AssumeRolePolicyDocument = policy(trust(arnOf('prod-access-bot'), 'sts:AssumeRole'));
  await b.iam.send(new CreateRoleCommand({ RoleName: 'acc_one', AssumeRolePolicyDocument }));
  await b.iam.send(
    new PutRolePolicyCommand({ RoleName: 'acc_one', PolicyName: 'p', PolicyDocument: policy(allow('s3:*')) }),
  );
  expect(await b.read(await b.assume('acc_one'))).toBe('ok');
  await expect(b.assume('acc_one', { DurationSeconds: 3601 })).rejects.toThrow('role chaining');
});
