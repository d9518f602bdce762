import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { expect, test } from 'vitest';
import { account, allow, bench, policy, trust } from './lookalike.ts';

const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
const fence = `arn:aws:iam::${account}:policy/fence`;
const trusting = policy(trust(account, 'sts:AssumeRole'));

test('a role lives from creation to deletion through the real client', async () => {
  await using b = await bench();
  b.aws.addManagedPolicy(fence, JSON.parse(policy(allow('s3:*'))));
  const RoleName = 'acc_abcdefghijklmnop';
  const whole = { RoleName, Path: '/prod-access/' };
  const { Role } = await b.iam.send(
    new CreateRoleCommand({
      ...whole,
      AssumeRolePolicyDocument: trusting,
      PermissionsBoundary: fence,
      Tags: [{ Key: 'prod-access:ends-at', Value: '2026-11-23T13:00:00Z' }],
    }),
  );
  expect(Role).toMatchObject({
    Arn: `arn:aws:iam::${account}:role/prod-access/${RoleName}`,
    PermissionsBoundary: { PermissionsBoundaryArn: fence },
    MaxSessionDuration: 3600,
  });
  expect(Role?.CreateDate?.getTime()).toBe(b.clock.now);
  expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(trusting);
  await expect(
    b.iam.send(new CreateRoleCommand({ ...whole, AssumeRolePolicyDocument: trusting })),
  ).rejects.toMatchObject({ name: 'EntityAlreadyExistsException', $metadata: { httpStatusCode: 409 } });

  const PolicyDocument = policy(allow('s3:GetObject', 'arn:aws:s3:::a/<b>&"c\'*'));
  await b.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'end', PolicyDocument }));
  const written = await b.iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'end' }));
  expect(decodeURIComponent(written.PolicyDocument ?? '')).toBe(PolicyDocument);
  await b.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: readOnly }));
  await b.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: readOnly }));
  const attached = await b.iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  expect(attached.AttachedPolicies).toEqual([{ PolicyName: 'ReadOnlyAccess', PolicyArn: readOnly }]);
  const inline = await b.iam.send(new ListRolePoliciesCommand({ RoleName }));
  expect(inline.PolicyNames).toEqual(['end']);
  await b.iam.send(
    new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: policy(trust(account, 'sts:*')) }),
  );
  await b.iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: readOnly }));

  expect(b.aws.roles()).toMatchObject([
    { name: RoleName, attached: [readOnly], boundary: readOnly, inline: { end: {} }, liveSessions: 0 },
  ]);
  await expect(b.iam.send(new DeleteRoleCommand({ RoleName }))).rejects.toThrow('must detach all policies');
  await b.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: readOnly }));
  await expect(b.iam.send(new DeleteRoleCommand({ RoleName }))).rejects.toMatchObject({
    name: 'DeleteConflictException',
    message: 'Cannot delete entity, must delete policies first.',
  });
  await b.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'end' }));
  await b.iam.send(new DeleteRoleCommand({ RoleName }));
  await expect(b.iam.send(new GetRoleCommand({ RoleName }))).rejects.toMatchObject({
    name: 'NoSuchEntityException',
    message: `The role with name ${RoleName} cannot be found.`,
  });
  expect(b.aws.counts()).toMatchObject({ CreateRole: 2, DeleteRole: 3, GetRole: 1 });
});

test('tags are read back from the role and from ListRoleTags, never from ListRoles', async () => {
  await using b = await bench();
  await b.role('r');
  const RoleName = 'r';
  await b.iam.send(
    new TagRoleCommand({
      RoleName,
      Tags: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    }),
  );
  await b.iam.send(new UntagRoleCommand({ RoleName, TagKeys: ['a'] }));
  expect((await b.iam.send(new ListRoleTagsCommand({ RoleName }))).Tags).toEqual([{ Key: 'b', Value: '2' }]);
  expect((await b.iam.send(new GetRoleCommand({ RoleName }))).Role?.Tags).toHaveLength(1);
  const [listed] = (await b.iam.send(new ListRolesCommand())).Roles ?? [];
  expect(listed).toMatchObject({ RoleName });
  expect(listed?.Tags).toBeUndefined();
});

test('lists are cut at MaxItems and go on at the marker, also when a role goes meanwhile', async () => {
  await using b = await bench();
  for (const name of ['c', 'a', 'B', 'd']) {
    const Path = name === 'd' ? '/' : '/prod-access/';
    await b.iam.send(new CreateRoleCommand({ RoleName: name, Path, AssumeRolePolicyDocument: trusting }));
  }
  const query = { PathPrefix: '/prod-access/', MaxItems: 2 };
  const first = await b.iam.send(new ListRolesCommand(query));
  expect(first.Roles?.map((role) => role.RoleName)).toEqual(['a', 'B']);
  expect(first.IsTruncated).toBe(true);
  await b.iam.send(new DeleteRoleCommand({ RoleName: 'B' }));
  const second = await b.iam.send(new ListRolesCommand({ ...query, Marker: first.Marker }));
  expect(second.Roles?.map((role) => role.RoleName)).toEqual(['c']);
  expect(second).toMatchObject({ IsTruncated: false });
});

test('managed policies are created, read and attached', async () => {
  await using b = await bench();
  const PolicyDocument = policy(allow('s3:GetObject'));
  const { Policy } = await b.iam.send(
    new CreatePolicyCommand({ PolicyName: 'p', Path: '/x/', PolicyDocument }),
  );
  const PolicyArn = `arn:aws:iam::${account}:policy/x/p`;
  expect(Policy).toMatchObject({ Arn: PolicyArn, PolicyName: 'p', Path: '/x/', DefaultVersionId: 'v1' });
  await b.role('reader');
  await b.iam.send(new AttachRolePolicyCommand({ RoleName: 'reader', PolicyArn }));
  expect((await b.iam.send(new GetPolicyCommand({ PolicyArn }))).Policy?.AttachmentCount).toBe(1);
  const version = await b.iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v1' }));
  expect(decodeURIComponent(version.PolicyVersion?.Document ?? '')).toBe(PolicyDocument);
  expect(await b.read(await b.assume('reader'))).toBe('ok');
});

test.each([
  ['a name of 65 characters', { RoleName: 'x'.repeat(65) }, 'ValidationError'],
  ['a name with a slash', { RoleName: 'a/b' }, 'ValidationError'],
  ['a path without its last slash', { Path: '/prod-access' }, 'ValidationError'],
  ['a tag of AWS itself', { Tags: [{ Key: 'aws:x', Value: '' }] }, 'InvalidInputException'],
  [
    'a tag twice',
    {
      Tags: [
        { Key: 'a', Value: '' },
        { Key: 'A', Value: '' },
      ],
    },
    'InvalidInputException',
  ],
  ['a tag value with a comma', { Tags: [{ Key: 'a', Value: 'b,c' }] }, 'ValidationError'],
  ['a boundary that is not there', { PermissionsBoundary: fence }, 'NoSuchEntityException'],
  ['text that is no JSON', { AssumeRolePolicyDocument: '{' }, 'MalformedPolicyDocumentException'],
  [
    'a principal that is not there',
    { AssumeRolePolicyDocument: policy(trust(`arn:aws:iam::${account}:role/nobody`, 'sts:AssumeRole')) },
    'MalformedPolicyDocumentException',
  ],
  [
    'a resource in a trust policy',
    { AssumeRolePolicyDocument: policy({ ...trust(account, 'sts:AssumeRole'), Resource: '*' }) },
    'MalformedPolicyDocumentException',
  ],
  [
    'a trust policy above 2,048 characters',
    { AssumeRolePolicyDocument: policy(trust(account, Array(150).fill('sts:AssumeRole'))) },
    'LimitExceededException',
  ],
])('CreateRole refuses %s', async (_, input, name) => {
  await using b = await bench();
  const command = new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: trusting, ...input });
  await expect(b.iam.send(command)).rejects.toMatchObject({ name });
  expect(b.aws.roles()).toEqual([]);
});

test('inline policies are bounded together, white space not counted', async () => {
  await using b = await bench();
  await b.role('r');
  const put = (PolicyName: string, size: number) =>
    b.iam.send(
      new PutRolePolicyCommand({
        RoleName: 'r',
        PolicyName,
        PolicyDocument: policy(allow('s3:GetObject', `arn:aws:s3:::${'x'.repeat(size)}`)) + ' '.repeat(5000),
      }),
    );
  await put('a', 5000);
  await expect(put('b', 5100)).rejects.toMatchObject({ name: 'LimitExceededException' });
  await put('a', 100);
  await put('b', 5100);
});

test.each([
  ['no date', { DateLessThan: { 'aws:CurrentTime': 'tomorrow' } }],
  ['no network', { IpAddress: { 'aws:SourceIp': '10.0.0.0/33' } }],
])('a condition with %s is malformed', async (_, condition) => {
  await using b = await bench();
  await b.role('r');
  const PolicyDocument = policy(allow('s3:*', '*', condition));
  await expect(
    b.iam.send(new PutRolePolicyCommand({ RoleName: 'r', PolicyName: 'p', PolicyDocument })),
  ).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException' });
});

test('what cannot be judged is refused loudly', async () => {
  await using b = await bench();
  await b.role('r');
  const put = (statement: object) =>
    b.iam.send(
      new PutRolePolicyCommand({ RoleName: 'r', PolicyName: 'p', PolicyDocument: policy(statement) }),
    );
  const name = 'LookalikeNotImplemented';
  await expect(put(allow('s3:*', '*', { BinaryEquals: { 'aws:userid': 'x' } }))).rejects.toMatchObject({
    name,
  });
  await expect(put(allow('s3:*', '*', { StringEquals: { 's3:prefix': 'x' } }))).rejects.toThrow(/s3:prefix/);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
  await expect(put(allow('s3:*', 'arn:aws:s3:::b/${aws:username}'))).rejects.toMatchObject({ name });
});
