import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { account, allow, bench, deny, policy, trust } from './lookalike.ts';

const trusting = policy(trust(account, 'sts:AssumeRole'));

test('writes are read back at once and take effect later', async () => {
  await using b = await bench({ propagationMs: 4000 });
  await b.role('slow', allow('s3:*'));
  expect((await b.iam.send(new GetRoleCommand({ RoleName: 'slow' }))).Role?.RoleName).toBe('slow');
  await expect(b.assume('slow')).rejects.toMatchObject({ name: 'AccessDenied' });
  b.clock.now += 4000;
  const keys = await b.assume('slow');
  expect(await b.read(keys)).toBe('ok');

  const put = { RoleName: 'slow', PolicyName: 'revoked', PolicyDocument: policy(deny('*')) };
  await b.iam.send(new PutRolePolicyCommand(put));
  b.clock.now += 3999;
  expect(await b.read(keys)).toBe('ok');
  b.clock.now += 1;
  expect(await b.read(keys)).toContain('explicit deny');

  for (const PolicyName of ['revoked', 'it'])
    await b.iam.send(new DeleteRolePolicyCommand({ RoleName: 'slow', PolicyName }));
  await b.iam.send(new DeleteRoleCommand({ RoleName: 'slow' }));
  await expect(b.iam.send(new GetRoleCommand({ RoleName: 'slow' }))).rejects.toMatchObject({
    name: 'NoSuchEntityException',
  });
  const { sts } = b.as(keys);
  await sts.send(new GetCallerIdentityCommand());
  b.clock.now += 4000;
  await expect(sts.send(new GetCallerIdentityCommand())).rejects.toMatchObject({
    name: 'InvalidClientTokenId',
  });
});

test('a role made again under an old name does not revive the old one’s sessions', async () => {
  await using b = await bench();
  await b.role('again');
  const keys = await b.assume('again');
  await b.iam.send(new DeleteRoleCommand({ RoleName: 'again' }));
  await b.role('again', allow('*'));
  expect(await b.read(keys)).toContain('security token');
});

test('IAM’s writes are throttled above their rate, its reads are not', async () => {
  await using b = await bench({ writesPerSecond: 2 });
  const create = (RoleName: string) =>
    b.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trusting }));
  await create('a');
  await create('b');
  await expect(create('c')).rejects.toMatchObject({
    name: 'Throttling',
    message: 'Rate exceeded',
    $metadata: { httpStatusCode: 400 },
  });
  await b.iam.send(new GetRoleCommand({ RoleName: 'a' }));
  b.clock.now += 500;
  await create('c');
});

test('injected errors strike as often as told, before the work or after it', async () => {
  await using b = await bench();
  const create = () =>
    b.iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: trusting }));
  b.aws.inject({ action: 'CreateRole', error: 'ConcurrentModification', times: 2 });
  b.aws.inject({ action: 'CreateRole', error: 'ConnectionReset', when: 'after' });
  for (const _ of [1, 2])
    await expect(create()).rejects.toMatchObject({ name: 'ConcurrentModificationException' });
  expect(b.aws.roles()).toEqual([]);
  await expect(create()).rejects.toThrow(/socket hang up|ECONNRESET/);
  expect(b.aws.roles()).toHaveLength(1);
  expect(b.aws.requests().map(({ outcome }) => outcome)).toEqual([
    'ConcurrentModification',
    'ConcurrentModification',
    'ConnectionReset',
  ]);
  b.aws.reset();
  expect([b.aws.roles(), b.aws.counts()]).toEqual([[], {}]);
});

test('a wrong secret, an unknown key and a key without its token are refused', async () => {
  await using b = await bench();
  await b.role('real', allow('*'));
  const keys = await b.assume('real');
  const refusal = (changed: object) =>
    b
      .as({ ...keys, ...changed })
      .sts.send(new GetCallerIdentityCommand())
      .then(
        () => 'none',
        (error: Error) => error.name,
      );
  expect(await refusal({})).toBe('none');
  expect(await refusal({ secretAccessKey: 'wrong' })).toBe('SignatureDoesNotMatch');
  expect(await refusal({ accessKeyId: 'ASIAUNKNOWN' })).toBe('InvalidClientTokenId');
  expect(await refusal({ sessionToken: 'wrong' })).toBe('InvalidClientTokenId');
  expect(await refusal({ sessionToken: undefined })).toBe('InvalidClientTokenId');
  expect(b.aws.counts()).toEqual({ AssumeRole: 1, CreateRole: 1, PutRolePolicy: 1, GetCallerIdentity: 1 });
});

test('a request altered on its way, unsigned, or signed long ago is refused', async () => {
  await using b = await bench({ maxSkewMs: 15 * 60_000, now: Date.now });
  const { iam: altering } = b.as(b.aws.botCredentials);
  altering.middlewareStack.add(
    (next) => (args) => {
      const { request } = args;
      if (typeof request === 'object' && request !== null && 'body' in request)
        request.body = String(request.body).replace('innocent', 'infernal');
      return next(args);
    },
    { step: 'deserialize', priority: 'low' },
  );
  await expect(altering.send(new GetRoleCommand({ RoleName: 'innocent' }))).rejects.toMatchObject({
    name: 'SignatureDoesNotMatch',
  });
  const unsigned = await fetch(b.aws.url, { method: 'POST', body: 'Action=ListRoles&Version=2010-05-08' });
  expect([unsigned.status, await unsigned.text()]).toEqual([
    403,
    expect.stringContaining('MissingAuthenticationToken'),
  ]);
  const { iam: late } = b.as(b.aws.botCredentials);
  late.config.systemClockOffset = -20 * 60_000;
  await expect(late.send(new GetRoleCommand({ RoleName: 'r' }))).rejects.toThrow('Signature expired');
});
