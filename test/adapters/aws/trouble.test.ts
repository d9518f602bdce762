/** AWS in trouble: what is waited out, what is given up and how, and that no secret is ever in a fault. */
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type AwsClients, awsClients } from '../../../src/adapters/aws/clients.ts';
import { awsGrants } from '../../../src/adapters/aws/grants.ts';
import { faultOf as faultFrom, troubleOf } from '../../../src/adapters/aws/trouble.ts';
import { GrantFault } from '../../../src/ports/grants.ts';
import { faultOf } from '../../contract/grants.ts';
import { newId } from '../../support/builders.ts';
import { allowAll } from './oracle.ts';
import { account, boundaryArn, readOnlyArn, specOf, startWorld } from './world.ts';

const passing = [
  'Throttling',
  'ConcurrentModification',
  'ServiceFailure',
  'ServiceUnavailable',
  'ConnectionReset',
];

describe('passing trouble is waited out', () => {
  test.each(passing)('%s at each kind of call', async (error) => {
    await using world = await startWorld();
    const spec = specOf(newId());
    const issuing = [
      'GetCallerIdentity',
      'CreateRole',
      'PutRolePolicy',
      'AttachRolePolicy',
      'AssumeRole',
      'GetRole',
    ];
    for (const action of issuing) world.lookalike.inject({ action, error, times: 2 });
    await world.grants.issue(spec);
    const revoking = [
      'PutRolePolicy',
      'AssumeRole',
      'DetachRolePolicy',
      'DeleteRolePolicy',
      'DeleteRole',
      'GetRole',
    ];
    for (const action of revoking) world.lookalike.inject({ action, error, times: 2 });
    await world.grants.revoke(spec.access);
    expect(world.lookalike.roles()).toEqual([]);
  });

  test('a lost answer after the work was done', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    for (const action of [
      'CreateRole',
      'PutRolePolicy',
      'AttachRolePolicy',
      'DeleteRolePolicy',
      'DeleteRole',
    ])
      world.lookalike.inject({ action, error: 'ConnectionReset', when: 'after' });
    await world.grants.issue(spec);
    expect(world.lookalike.roles()).toHaveLength(1);
    await world.grants.revoke(spec.access);
    expect(world.lookalike.roles()).toEqual([]);
  });

  test('two writes a second, conflicts on deleting, and absence on deleting what is gone', async () => {
    await using world = await startWorld({ writesPerSecond: 2, propagationMs: 4_000 });
    const spec = specOf(newId());
    await world.grants.issue(spec);
    world.lookalike.inject({ action: 'DeleteRole', error: 'DeleteConflict', times: 3 });
    world.lookalike.inject({ action: 'DetachRolePolicy', error: 'NoSuchEntity' });
    world.lookalike.inject({ action: 'DeleteRolePolicy', error: 'NoSuchEntity' });
    await world.grants.revoke(spec.access);
    expect(world.lookalike.roles()).toEqual([]);
  });
});

describe('what does not pass', () => {
  test('ends with patience, retryable, and is done once AWS is back', async () => {
    await using world = await startWorld();
    const grants = awsGrants({ ...world.deps, patienceMs: 10_000 });
    const spec = specOf(newId());
    await grants.issue(spec);
    world.lookalike.inject({ action: '*', error: 'ServiceUnavailable', times: 20 });
    const fault = await faultOf(grants.revoke(spec.access));
    expect(fault).toMatchObject({ code: 'unavailable', retryable: true });
    await expect
      .poll(() =>
        grants.revoke(spec.access).then(
          () => 'done',
          () => 'not yet',
        ),
      )
      .toBe('done');
    expect(world.lookalike.roles()).toEqual([]);
  });

  test('throttling that does not end says so', async () => {
    await using world = await startWorld();
    world.lookalike.inject({ action: 'CreateRole', error: 'Throttling', times: 1_000 });
    const fault = await faultOf(world.grants.issue(specOf(newId())));
    expect(fault).toMatchObject({ code: 'throttled', retryable: true });
  });

  test('no one there', async () => {
    await using world = await startWorld();
    const away = awsClients({
      region: 'eu-west-1',
      endpoint: 'http://127.0.0.1:9',
      credentials: world.lookalike.botCredentials,
    });
    const grants = awsGrants({ ...world.deps, ...away });
    const fault = await faultOf(grants.revoke(newId()));
    expect(fault).toMatchObject({ code: 'unavailable', retryable: true });
    expect(fault.message).toContain('ECONNREFUSED');
  });

  test.each(['CreateRole', 'PutRolePolicy', 'AttachRolePolicy', 'AssumeRole'])(
    'a missing right to %s is named, with its resource',
    async (action) => {
      await using world = await startWorld();
      const service = action === 'AssumeRole' ? 'sts' : 'iam';
      const deny = { Effect: 'Deny', Action: `${service}:${action}`, Resource: '*' };
      world.lookalike.setBotPolicy({ ...allowAll, Statement: [...allowAll.Statement, deny] });
      const spec = specOf(newId());
      const fault = await faultOf(world.grants.issue(spec));
      expect(fault).toMatchObject({ code: 'denied', retryable: false });
      expect(fault.message).toContain(`${service}:${action}`);
      expect(fault.message).toContain(`role/prod-access/${spec.access}`);
    },
  );

  test('a boundary that forbids the self-read is told apart', async () => {
    await using world = await startWorld();
    const Statement = [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }];
    world.lookalike.addManagedPolicy(boundaryArn, { Version: '2012-10-17', Statement });
    const spec = specOf(newId());
    const fault = await faultOf(world.grants.issue(spec));
    expect(fault).toMatchObject({ code: 'denied', retryable: false });
    expect(fault.message).toContain('its boundary must allow iam:GetRole');
    await world.grants.revoke(spec.access);
    expect(world.lookalike.roles()).toEqual([]);
  });

  const part = specOf(newId()).aws;
  test.each([
    ['a missing managed policy', { managed: [`${readOnlyArn}X`] }, 'does not exist'],
    ['a missing boundary', { boundary: `${boundaryArn}X` }, 'does not exist'],
    ['another account', { account: '999999999999' }, account],
    ['a broken policy', { policy: { Version: '2012-10-17', Statement: [{}] } }, 'MalformedPolicyDocument'],
    ['too large a policy', { policy: { Version: '2012-10-17', Statement: ['x'.repeat(10_300)] } }, '10240'],
    ['a boundary that is no policy', { boundary: 'arn:aws:iam::123456789012:role/x' }, 'boundary'],
  ])('%s is invalid', async (_, change, says) => {
    await using world = await startWorld();
    const spec = specOf(newId(), { aws: { ...part, ...change } });
    const fault = await faultOf(world.grants.issue(spec));
    expect(fault).toMatchObject({ code: 'invalid', retryable: false });
    expect(fault.message).toContain(says);
    await world.grants.revoke(spec.access);
    expect(world.lookalike.roles()).toEqual([]);
  });

  test.each(['', 'U', 'U0 ALICE', 'U0ALICE"', 'x'.repeat(65)])(
    'a requester that cannot be a source identity: %j',
    async (requester) => {
      await using world = await startWorld();
      const fault = await faultOf(world.grants.issue(specOf(newId(), { requester })));
      expect(fault).toMatchObject({ code: 'invalid', retryable: false });
      expect(world.lookalike.counts()).toEqual({});
    },
  );
});

describe('no secret leaves', () => {
  test('in any fault of any call, its cause or its stack', async () => {
    await using world = await startWorld();
    const secrets = [world.lookalike.botCredentials.secretAccessKey];
    const watched: AwsClients = {
      ...world.clients,
      makeIamWith(credentials) {
        secrets.push(credentials.secretAccessKey, credentials.sessionToken);
        return world.clients.makeIamWith(credentials);
      },
    };
    const grants = awsGrants({ ...world.deps, ...watched, patienceMs: 30_000 });
    const faults: GrantFault[] = [];
    const actions = Object.keys((await issueOnce()).lookalike);
    const errors = [
      'AccessDenied',
      'SignatureDoesNotMatch',
      'InvalidClientTokenId',
      'ExpiredToken',
      'ServiceFailure',
      'Odd',
    ];
    for (const action of actions)
      for (const error of errors) {
        world.lookalike.inject({ action, error, times: 100 });
        const spec = specOf(newId(), { endsAt: Math.ceil(world.clock.now() / 1000) * 1000 + 3_600_000 });
        for (const doing of [() => grants.issue(spec), () => grants.revoke(spec.access)])
          await doing().catch((thrown: unknown) => {
            expect(thrown).toBeInstanceOf(GrantFault);
            if (thrown instanceof GrantFault) faults.push(thrown);
          });
        world.lookalike.reset();
        world.lookalike.addManagedPolicy(boundaryArn, allowAll);
      }
    expect(faults.length).toBeGreaterThan(30);
    expect(secrets.length).toBeGreaterThan(10);
    for (const fault of faults) {
      const all = `${JSON.stringify(fault)}${fault.stack}${inspect(fault, { depth: 10, showHidden: true })}`;
      for (const secret of secrets) expect(all).not.toContain(secret);
    }

    async function issueOnce() {
      const spec = specOf(newId());
      await grants.issue(spec);
      await grants.revoke(spec.access);
      return { lookalike: world.lookalike.counts() };
    }
  });

  test('where the SDK’s error itself holds one', () => {
    const token = 'FwoGZXIvYXdzEBYaDsecret';
    const errors = [
      Object.assign(new Error(`The Canonical String was x-amz-security-token:${token}`), {
        name: 'SignatureDoesNotMatch',
        $fault: 'client',
        $metadata: { httpStatusCode: 403, requestId: 'r-1' },
      }),
      Object.assign(new SyntaxError(`Unexpected ${token}`), { $response: { body: token } }),
      { SecretAccessKey: token },
    ];
    for (const error of errors) {
      const fault = faultFrom(troubleOf(error), 'sts:AssumeRole');
      expect(`${JSON.stringify(fault)}${inspect(fault, { depth: 10, showHidden: true })}`).not.toContain(
        token,
      );
    }
  });
});
