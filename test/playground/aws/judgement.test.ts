import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  ListRolesCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { expect, test } from 'vitest';
import { account, allow, bench, bucket, deny, document, policy, start, trust } from './lookalike.ts';

const session = (role: string) => `arn:aws:sts::${account}:assumed-role/${role}/${role}`;
const fence = `arn:aws:iam::${account}:policy/fence`;

test('access ends with nobody’s help at the instant that the policy names', async () => {
  await using b = await bench();
  const end = new Date(start + 60_000).toISOString().replace('.000', '');
  await b.role('dated', allow('*'), deny('*', '*', { DateGreaterThanEquals: { 'aws:CurrentTime': end } }));
  const keys = await b.assume('dated');
  b.clock.now = start + 59_999;
  expect(await b.read(keys)).toBe('ok');
  b.clock.now = start + 60_000;
  expect(await b.read(keys)).toBe(
    `User: ${session('dated')} is not authorized to perform: s3:GetObject on resource: ${bucket}/july with an explicit deny in an identity-based policy`,
  );
});

test('an explicit deny, a missing allow and a boundary are told apart', async () => {
  await using b = await bench();
  await b.role('ex', allow('s3:*'), deny('iam:*'));
  const { iam } = b.as(await b.assume('ex'));
  await expect(iam.send(new GetRoleCommand({ RoleName: 'ex' }))).rejects.toMatchObject({
    name: 'AccessDenied',
    message: `User: ${session('ex')} is not authorized to perform: iam:GetRole on resource: role ex with an explicit deny in an identity-based policy`,
    $metadata: { httpStatusCode: 403 },
  });
  await b.role('none', allow('s3:*'));
  const keys = await b.assume('none');
  await expect(b.as(keys).iam.send(new GetRoleCommand({ RoleName: 'none' }))).rejects.toThrow(
    'on resource: role none because no identity-based policy allows the iam:GetRole action',
  );
  b.aws.addManagedPolicy(fence, document(allow('dynamodb:*')));
  await b.iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: 'none', PermissionsBoundary: fence }));
  expect(await b.read(keys)).toContain('because no permissions boundary allows the s3:GetObject action');
  b.aws.addManagedPolicy(fence, document(allow('*'), deny('s3:*')));
  expect(await b.read(keys)).toContain('with an explicit deny in a permissions boundary');
});

test('GetCallerIdentity proves nothing: it answers under a deny of everything', async () => {
  await using b = await bench();
  await b.role('revoked', deny('*'));
  const { sts } = b.as(await b.assume('revoked'));
  expect(await sts.send(new GetCallerIdentityCommand())).toMatchObject({
    Arn: session('revoked'),
    Account: account,
    UserId: expect.stringMatching(/^AROA\w{17}:revoked$/),
  });
});

test('a resource policy that names the session spares allow and boundary, and only a deny stops it', async () => {
  await using b = await bench();
  b.aws.addManagedPolicy(fence, document(allow('dynamodb:*')));
  await b.role('named');
  await b.iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: 'named', PermissionsBoundary: fence }));
  const keys = await b.assume('named', { Policy: policy(allow('dynamodb:*')) });
  const name = (AWS: string) =>
    b.aws.addResourcePolicy(bucket, document({ ...trust(AWS, 's3:GetObject'), Resource: [`${bucket}/*`] }));
  expect(await b.read(keys)).toContain('no identity-based policy');
  name(account);
  expect(await b.read(keys)).toContain('no identity-based policy');
  name(`arn:aws:iam::${account}:role/named`);
  expect(await b.read(keys)).toContain('no permissions boundary');
  name(session('named'));
  expect(await b.read(keys)).toBe('ok');
  await b.iam.send(
    new PutRolePolicyCommand({ RoleName: 'named', PolicyName: 'revoked', PolicyDocument: policy(deny('*')) }),
  );
  expect(await b.read(keys)).toContain('with an explicit deny in an identity-based policy');
});

test('a session policy narrows, and older sessions can be cut off', async () => {
  await using b = await bench();
  await b.role('wide', allow('s3:*'));
  const narrow = await b.assume('wide', { Policy: policy(allow('s3:PutObject')) });
  const wide = await b.assume('wide');
  expect(await b.read(narrow)).toContain('because no session policy allows the s3:GetObject action');
  b.clock.now += 10_000;
  const cut = deny('*', '*', { DateLessThan: { 'aws:TokenIssueTime': new Date(b.clock.now).toISOString() } });
  const PolicyName = 'AWSRevokeOlderSessions';
  await b.iam.send(new PutRolePolicyCommand({ RoleName: 'wide', PolicyName, PolicyDocument: policy(cut) }));
  expect(await b.read(wide)).toContain('explicit deny');
  expect(await b.read(await b.assume('wide'))).toBe('ok');
});

test('a network outside the sources is denied', async () => {
  await using b = await bench();
  await b.role('here', allow('s3:*'), deny('*', '*', { NotIpAddress: { 'aws:SourceIp': ['127.0.0.0/8'] } }));
  await b.role('there', allow('s3:*'), deny('*', '*', { NotIpAddress: { 'aws:SourceIp': ['10.0.0.0/8'] } }));
  expect(await b.read(await b.assume('here'))).toBe('ok');
  expect(await b.read(await b.assume('there'))).toContain('explicit deny');
});

test('a bot of least privilege makes only fenced roles under its own path', async () => {
  await using b = await bench();
  const own = `arn:aws:iam::${account}:role/prod-access/*`;
  b.aws.addManagedPolicy(fence, document(allow('s3:*')));
  b.aws.setBotPolicy(
    document(
      allow('iam:CreateRole', own, { StringEquals: { 'iam:PermissionsBoundary': fence } }),
      allow('iam:TagRole', own, { StringLike: { 'aws:RequestTag/prod-access:install': '?*' } }),
      allow('iam:PutRolePolicy', own, { ArnEquals: { 'iam:PermissionsBoundary': fence } }),
      allow('iam:DeleteRole', own, { StringEquals: { 'aws:ResourceTag/prod-access:install': 'abc' } }),
      allow('iam:GetRole', own),
    ),
  );
  const create = (input: object) =>
    b.iam.send(
      new CreateRoleCommand({
        RoleName: 'r1',
        Path: '/prod-access/',
        PermissionsBoundary: fence,
        AssumeRolePolicyDocument: policy(trust(account, 'sts:AssumeRole')),
        Tags: [{ Key: 'prod-access:install', Value: 'abc' }],
        ...input,
      }),
    );
  await expect(create({ PermissionsBoundary: undefined })).rejects.toThrow(
    `is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::${account}:role/prod-access/r1 because`,
  );
  await expect(create({ Path: '/' })).rejects.toMatchObject({ name: 'AccessDenied' });
  await expect(create({ Tags: [{ Key: 'other', Value: 'x' }] })).rejects.toThrow('iam:TagRole');
  await create({});
  const PolicyDocument = policy(allow('*'));
  await b.iam.send(new PutRolePolicyCommand({ RoleName: 'r1', PolicyName: 'p', PolicyDocument }));
  await expect(b.iam.send(new ListRolesCommand())).rejects.toThrow('iam:ListRoles');
  await expect(
    b.iam.send(new DeleteRolePolicyCommand({ RoleName: 'r1', PolicyName: 'p' })),
  ).rejects.toMatchObject({ name: 'AccessDenied' });
  await expect(b.iam.send(new DeleteRoleCommand({ RoleName: 'r1' }))).rejects.toMatchObject({
    name: 'DeleteConflictException',
  });
  // What does not exist has no path that a policy could match.
  await expect(b.iam.send(new GetRoleCommand({ RoleName: 'r2' }))).rejects.toMatchObject({
    name: 'AccessDenied',
  });
});

test('the simulation tells allowed, explicitDeny and implicitDeny apart', async () => {
  await using b = await bench();
  await b.role('r1', allow('s3:*'), deny('s3:PutObject'));
  b.aws.addManagedPolicy(fence, document(allow('s3:GetObject'), allow('s3:PutObject')));
  await b.iam.send(new PutRolePermissionsBoundaryCommand({ RoleName: 'r1', PermissionsBoundary: fence }));
  const simulate = async (PolicySourceArn: string) => {
    const ActionNames = ['s3:GetObject', 's3:PutObject', 's3:ListBucket'];
    const answer = await b.iam.send(new SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames }));
    return answer.EvaluationResults?.map((result) => [result.EvalActionName, result.EvalDecision]);
  };
  expect(await simulate(`arn:aws:iam::${account}:role/r1`)).toEqual([
    ['s3:GetObject', 'allowed'],
    ['s3:PutObject', 'explicitDeny'],
    ['s3:ListBucket', 'implicitDeny'],
  ]);
  b.aws.setBotPolicy(document(allow('iam:*'), allow('s3:ListBucket')));
  expect((await simulate(`arn:aws:iam::${account}:user/prod-access-bot`))?.at(-1)).toEqual([
    's3:ListBucket',
    'allowed',
  ]);
});
