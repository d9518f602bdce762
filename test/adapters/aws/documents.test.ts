import { describe, expect, test } from 'vitest';
import {
  endPolicy,
  isoSecond,
  policyNames,
  readEnd,
  revokedPolicy,
  roleArn,
  selfPolicy,
  trustPolicy,
} from '../../../src/adapters/aws/documents.ts';
import { allowAll, judge } from './oracle.ts';
import { boundaryDocument } from './setup-documents.ts';
import { account, bucketArn, start } from './world.ts';

const access = 'acc_abcdefghijklmnop';
const arn = roleArn(account, access);
const session = `arn:aws:sts::${account}:assumed-role/${access}/${access}`;
const end = start + 3_600_000;
const inline = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: `${bucketArn}/*` }],
};
const nameTheSession = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: session }, Action: 's3:GetObject', Resource: `${bucketArn}/*` },
  ],
};
const at = (ms: number) => ({ 'aws:CurrentTime': new Date(ms).toISOString() });
const read = { principal: session, action: 's3:GetObject', resource: `${bucketArn}/july` };

describe('the dated end, judged by an independent simulator', () => {
  const allows = {
    'an inline policy': { policies: [inline], resourcePolicy: undefined },
    'a managed policy that allows everything': { policies: [allowAll], resourcePolicy: undefined },
    'a resource policy that names the session': { policies: [], resourcePolicy: nameTheSession },
  };
  for (const [what, allow] of Object.entries(allows))
    for (const boundary of [undefined, boundaryDocument(account)])
      test(`binds ${what}, ${boundary ? 'with' : 'without'} the boundary`, async () => {
        const policies = [endPolicy(end), selfPolicy(arn), ...allow.policies];
        const question = { ...read, ...allow, policies, boundary };
        expect(await judge({ ...question, context: at(end - 1000) })).toBe('Allowed');
        expect(await judge({ ...question, context: at(end) })).toBe('ExplicitlyDenied');
        expect(await judge({ ...question, context: at(end + 1000) })).toBe('ExplicitlyDenied');
        const revoked = { ...question, policies: [...policies, revokedPolicy()] };
        expect(await judge({ ...revoked, context: at(end - 1000) })).toBe('ExplicitlyDenied');
      });

  test('binds the self-read too, which works before', async () => {
    const question = { principal: session, action: 'iam:GetRole', resource: arn };
    const policies = [endPolicy(end), selfPolicy(arn)];
    const boundary = boundaryDocument(account);
    expect(await judge({ ...question, policies, boundary, context: at(end - 1000) })).toBe('Allowed');
    expect(await judge({ ...question, policies, boundary, context: at(end) })).toBe('ExplicitlyDenied');
    const revoked = [...policies, revokedPolicy()];
    expect(await judge({ ...question, policies: revoked, boundary, context: at(start) })).toBe(
      'ExplicitlyDenied',
    );
  });
});

describe('the trust policy', () => {
  const bot = `arn:aws:iam::${account}:role/prod-access-bot`;
  const resourcePolicy = trustPolicy({ principal: bot, access, requester: 'U0ALICE' });
  const fitting = { 'sts:RoleSessionName': access, 'sts:SourceIdentity': 'U0ALICE' };
  const ask = (principal: string, action: string, context: Record<string, string>) =>
    judge({ principal, action, resource: arn, policies: [allowAll], resourcePolicy, context });

  test('lets in the bot under one session name and one source identity', async () => {
    expect(await ask(bot, 'sts:AssumeRole', fitting)).toBe('Allowed');
    expect(await ask(bot, 'sts:SetSourceIdentity', { 'sts:SourceIdentity': 'U0ALICE' })).toBe('Allowed');
  });

  test.each([
    ['another principal', `arn:aws:iam::${account}:role/other`, fitting],
    ['another session name', bot, { ...fitting, 'sts:RoleSessionName': 'acc_ponmlkjihgfedcba' }],
    ['another person', bot, { ...fitting, 'sts:SourceIdentity': 'U0MALLORY' }],
    ['nobody named', bot, { 'sts:RoleSessionName': access }],
  ])('keeps out %s', async (_, principal, context) => {
    expect(await ask(principal, 'sts:AssumeRole', context)).toBe('ImplicitlyDenied');
  });
});

describe('ends as text', () => {
  test('are whole seconds, there and back', () => {
    expect(isoSecond(start)).toBe('2026-11-23T12:00:00Z');
    expect(readEnd('2026-11-23T12:00:00Z')).toBe(start);
  });

  test.each([start + 1, -1000, Number.NaN, Number.POSITIVE_INFINITY, Date.UTC(10_000, 0)])(
    'refuse %s',
    (ms) => expect(() => isoSecond(ms)).toThrow(RangeError),
  );

  test.each([
    undefined,
    '',
    'soon',
    '2026-11-23T12:00:00.000Z',
    '2026-13-23T12:00:00Z',
    '2026-02-30T12:00:00Z',
    '2026-11-23T12:00:00+01:00',
  ])('that cannot be read count as ended: %s', (text) => expect(readEnd(text)).toBe(0));
});

test('`revoked` is a name of its own', () => {
  expect(new Set(Object.values(policyNames)).size).toBe(Object.values(policyNames).length);
});
