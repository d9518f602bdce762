/** `doctor`'s lines on AWS: each known misfortune shows, with a remedy, and nothing is ever thrown. */
import { expect, test } from 'vitest';
import { decide } from '../../../src/adapters/aws/boundary.ts';
import { awsClients } from '../../../src/adapters/aws/clients.ts';
import { awsGrants } from '../../../src/adapters/aws/grants.ts';
import { newId } from '../../support/builders.ts';
import { allowAll } from './oracle.ts';
import { botDocument, boundaryDocument } from './setup-documents.ts';
import { account, boundaryArn, readOnlyArn, specOf, startWorld } from './world.ts';

const part = specOf(newId()).aws;

async function bad(world: Awaited<ReturnType<typeof startWorld>>, parts = [part]) {
  const lines = await world.grants.check(parts);
  for (const line of lines) if (!line.ok) expect(line.remedy).toMatch(/\.$/);
  return lines.filter((line) => !line.ok).map(({ check, detail }) => `${check}: ${detail}`);
}

test('all is well', async () => {
  await using world = await startWorld();
  expect(await bad(world)).toEqual([]);
});

test('nobody at the endpoint', async () => {
  await using world = await startWorld();
  const credentials = world.lookalike.botCredentials;
  const away = awsClients({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:9', credentials });
  const lines = await awsGrants({ ...world.deps, ...away }).check([part]);
  expect(lines).toMatchObject([{ check: 'AWS identity', ok: false }]);
  expect(lines[0]?.detail).toContain('ECONNREFUSED');
  expect(lines[0]?.remedy).toContain('AWS_ENDPOINT_URL');
});

test('no credentials, and such as AWS does not know', async () => {
  await using world = await startWorld();
  const endpoint = world.lookalike.url;
  const none = awsClients({ region: 'eu-west-1', endpoint });
  for (const client of [none.iam, none.sts])
    client.config.credentials = async () => {
      throw Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' });
    };
  const without = await awsGrants({ ...world.deps, ...none }).check([part]);
  expect(without[0]).toMatchObject({ ok: false, detail: expect.stringContaining('no AWS credentials') });
  const credentials = { accessKeyId: 'AKIAUNKNOWN000000000', secretAccessKey: 'unknown' };
  const wrong = awsClients({ region: 'eu-west-1', endpoint, credentials });
  const unknown = await awsGrants({ ...world.deps, ...wrong }).check([part]);
  expect(unknown[0]).toMatchObject({ ok: false, detail: expect.stringContaining('InvalidClientTokenId') });
});

test('no rights', async () => {
  await using world = await startWorld();
  world.lookalike.setBotPolicy({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iam:SimulatePrincipalPolicy', Resource: '*' }],
  });
  const lines = await bad(world);
  expect(lines[0]).toMatch(/AWS list grants: AWS denies the bot iam:ListRoles/);
  expect(lines[1]).toMatch(/missing with .*iam:CreateRole, .*sts:AssumeRole/);
  expect(lines[2]).toMatch(/iam:GetPolicy on arn:aws:iam::123456789012:policy\/prod-access-boundary/);
});

test('what could not be checked is said', async () => {
  await using world = await startWorld();
  const bot = botDocument(account);
  const Statement = bot.Statement.filter(({ Sid }) => Sid !== 'ReadItself');
  world.lookalike.setBotPolicy({ ...bot, Statement });
  const lines = await world.grants.check([part]);
  expect(lines.find(({ check }) => check.startsWith('AWS rights'))).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/^not checked: .*iam:SimulatePrincipalPolicy/),
    remedy: expect.stringContaining('iam:SimulatePrincipalPolicy'),
  });
});

test('a boundary that is missing, forbids the self-read, or denies too little', async () => {
  await using world = await startWorld();
  const other = `${boundaryArn}-other`;
  expect(await bad(world, [{ ...part, boundary: other }])).toContain(
    `AWS boundary ${other}: there is no such policy`,
  );
  const boundary = boundaryDocument(account);
  const deny = { Effect: 'Deny', Action: 'iam:*', Resource: '*' };
  world.lookalike.addManagedPolicy(boundaryArn, { ...boundary, Statement: [...boundary.Statement, deny] });
  expect(await bad(world)).toEqual([
    `AWS boundary ${boundaryArn}: self-read: it denies iam:GetRole on the granted role`,
  ]);
  const Statement = boundary.Statement.filter(({ Sid }) => Sid !== 'ReadSelf');
  world.lookalike.addManagedPolicy(boundaryArn, { ...boundary, Statement });
  expect(await bad(world)).toEqual([
    `AWS boundary ${boundaryArn}: self-read: it does not allow iam:GetRole on the granted role`,
  ]);
  world.lookalike.addManagedPolicy(boundaryArn, allowAll);
  expect(await bad(world)).toMatchObject([expect.stringMatching(/denials: does not deny sts:AssumeRole/)]);
});

test('a managed policy that is missing, another account', async () => {
  await using world = await startWorld();
  const lines = await bad(world, [
    { ...part, managed: [readOnlyArn, `${readOnlyArn}X`] },
    { ...part, account: '999999999999' },
  ]);
  expect(lines).toEqual([
    'AWS account 999999999999: the bot is in account 123456789012',
    `AWS policy ${readOnlyArn}X: there is no such policy`,
  ]);
});

test.each([
  [{ Effect: 'Allow', Action: 'iam:Get*', Resource: '*' }, 'allowed'],
  [{ Effect: 'Allow', NotAction: 's3:*', Resource: '*' }, 'allowed'],
  [{ Effect: 'Allow', Action: 'IAM:GETROLE', NotResource: 'arn:aws:iam::*:role/other' }, 'allowed'],
  [{ Effect: 'Allow', Action: '*', Resource: '*', Condition: { Bool: { x: 'true' } } }, 'depends'],
  [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }, 'not-allowed'],
  [{ Effect: 'Deny', Action: 'iam:Get?ole', Resource: '*' }, 'denied'],
])('a boundary of %j is %s', (statement, decision) => {
  expect(decide({ Statement: statement }, 'iam:GetRole', 'arn:aws:iam::1:role/x')).toBe(decision);
});
