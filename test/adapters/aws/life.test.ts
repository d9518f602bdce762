/** One grant and IAM: what is written, what is adopted, what is proved, and what is never touched. */
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  PutRolePolicyCommand,
  TagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { describe, expect, test } from 'vitest';
import { endPolicy, revokedPolicy, selfPolicy, trustPolicy } from '../../../src/adapters/aws/documents.ts';
import { awsGrants } from '../../../src/adapters/aws/grants.ts';
import { faultOf } from '../../contract/grants.ts';
import { newId } from '../../support/builders.ts';
import { allowAll } from './oracle.ts';
import {
  account,
  boundaryArn,
  bucketArn,
  canWork,
  credentialsOf,
  install,
  readOnlyArn,
  specOf,
  start,
  startWorld,
  tap,
} from './world.ts';

const botUser = `arn:aws:iam::${account}:user/prod-access-bot`;

describe('issue', () => {
  test('writes one role as the contract says', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    const { arn } = await world.grants.issue(spec);
    expect(world.role(spec.access)).toMatchObject({
      path: '/prod-access/',
      arn: `arn:aws:iam::${account}:role/prod-access/${spec.access}`,
      boundary: boundaryArn,
      trust: trustPolicy({ principal: botUser, access: spec.access, requester: 'U0ALICE' }),
      attached: [readOnlyArn],
      inline: { end: endPolicy(spec.endsAt), self: selfPolicy(arn), allow: spec.aws.policy },
      tags: {
        'prod-access:install': install,
        'prod-access:access': spec.access,
        'prod-access:requester': 'U0ALICE',
        'prod-access:target': 'payments-db',
        'prod-access:ends-at': '2026-11-23T13:00:00Z',
      },
    });
  });

  test('has the end in place before anything is attached or allowed', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    const stop = world.lookalike.onChange(() => {
      const role = world.role(spec.access);
      if (!role) return;
      const { end, ...others } = role.inline;
      if (Object.keys(others).length + role.attached.length > 0) expect(end).toEqual(endPolicy(spec.endsAt));
    });
    await world.grants.issue(spec);
    stop();
    const order = world.lookalike.requests().map(({ action }) => action);
    expect(order.indexOf('GetRolePolicy')).toBeLessThan(order.indexOf('AttachRolePolicy'));
  });

  test('is bounded by the end even where a bucket names the session', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    await world.grants.issue(spec);
    world.lookalike.addResourcePolicy(bucketArn, {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:sts::${account}:assumed-role/${spec.access}/${spec.access}` },
          Action: 's3:*',
          Resource: '*',
        },
      ],
    });
    const credentials = await credentialsOf(world, spec.access);
    expect(await canWork(world, credentials, 's3:ListBucket')).toBe(true);
    world.clock.advance(spec.endsAt - world.clock.now());
    expect(await canWork(world, credentials, 's3:ListBucket')).toBe(false);
  });

  test('brings an adopted role to what is asked for now', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    await world.grants.issue(spec);
    const RoleName = spec.access;
    const { iam } = world.clients;
    const more = 'arn:aws:iam::123456789012:policy/more';
    world.lookalike.addManagedPolicy(more, allowAll);
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: more }));
    const PolicyDocument = JSON.stringify(allowAll);
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'by-hand', PolicyDocument }));
    const open = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: account }, Action: 'sts:*' }],
    });
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: open }));
    const { policy: _, ...readOnly } = spec.aws;
    await world.grants.issue({ ...spec, aws: readOnly });
    const role = world.role(spec.access);
    expect(Object.keys(role?.inline ?? {}).sort()).toEqual(['end', 'self']);
    expect(role?.attached).toEqual([readOnlyArn]);
    expect(role?.trust).toEqual(trustPolicy({ principal: botUser, access: RoleName, requester: 'U0ALICE' }));
  });

  test.each([
    ['another boundary', { PermissionsBoundary: readOnlyArn }, {}],
    ['no boundary', { PermissionsBoundary: undefined }, {}],
    ['no tags', {}, { Tags: [] }],
    ['another requester', {}, { requester: 'U0BOB' }],
    ['another path', { Path: '/' }, {}],
  ])('leaves a role of that name with %s alone', async (_, change, other: object) => {
    await using world = await startWorld();
    const spec = specOf(newId());
    await world.grants.issue({ ...spec, ...other });
    const before = world.role(spec.access);
    await using elsewhere = await startWorld();
    const Tags = Object.entries(before?.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
    await elsewhere.clients.iam.send(
      new CreateRoleCommand({
        RoleName: spec.access,
        Path: '/prod-access/',
        AssumeRolePolicyDocument: JSON.stringify(before?.trust),
        PermissionsBoundary: boundaryArn,
        Tags,
        ...change,
        ...other,
      }),
    );
    const fault = await faultOf(elsewhere.grants.issue(spec));
    expect(fault).toMatchObject({ code: 'foreign', retryable: false });
    expect(elsewhere.role(spec.access)?.inline).toEqual({});
  });

  test('never revives what carries `revoked`', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    await world.grants.issue(spec);
    const PolicyDocument = JSON.stringify(revokedPolicy());
    const put = { RoleName: spec.access, PolicyName: 'revoked', PolicyDocument };
    await world.clients.iam.send(new PutRolePolicyCommand(put));
    const before = world.lookalike.counts();
    expect(await faultOf(world.grants.issue(spec))).toMatchObject({ code: 'gone', retryable: false });
    const moved = world.grants.setEnd(spec.access, spec.endsAt + 1000);
    expect(await faultOf(moved)).toMatchObject({ code: 'gone', retryable: false });
    const { PutRolePolicy, TagRole, AttachRolePolicy } = world.lookalike.counts();
    expect({ ...before, PutRolePolicy, TagRole, AttachRolePolicy }).toEqual(before);
  });

  test.each(['AttachRolePolicyCommand', 'AssumeRoleCommand'])(
    'gives up where `revoked` appears after %s',
    async (moment) => {
      await using world = await startWorld();
      const spec = specOf(newId());
      const PolicyDocument = JSON.stringify(revokedPolicy());
      const put = { RoleName: spec.access, PolicyName: 'revoked', PolicyDocument };
      const late = tap(world.clients, async (_, command) => {
        if (command === moment) await world.clients.iam.send(new PutRolePolicyCommand(put));
      });
      const fault = await faultOf(awsGrants({ ...world.deps, ...late }).issue(spec));
      expect(fault).toMatchObject({ code: 'gone', retryable: false });
      expect(world.clock.now() - start).toBeLessThan(60_000);
      await world.grants.revoke(spec.access);
    },
  );

  test('passes over writes that do not see the new role yet', async () => {
    await using world = await startWorld();
    for (const action of ['PutRolePolicy', 'AttachRolePolicy'])
      world.lookalike.inject({ action, error: 'NoSuchEntity', times: 2 });
    await world.grants.issue(specOf(newId()));
    expect(world.lookalike.roles()).toHaveLength(1);
  });

  test('two at once make one grant; revoking meanwhile leaves none', async () => {
    await using world = await startWorld({ propagationMs: 1_000 });
    const spec = specOf(newId());
    await Promise.all([world.grants.issue(spec), world.grants.issue(spec)]);
    expect(world.lookalike.roles()).toHaveLength(1);
    await Promise.all([world.grants.revoke(spec.access), world.grants.revoke(spec.access)]);
    expect(world.lookalike.roles()).toEqual([]);
    const next = specOf(newId(), { endsAt: world.clock.now() - (world.clock.now() % 1000) + 3_600_000 });
    await Promise.allSettled([world.grants.issue(next), world.grants.revoke(next.access)]);
    await world.grants.revoke(next.access);
    expect(world.lookalike.roles()).toEqual([]);
  });
});

describe('setEnd', () => {
  test('moves policy and tag, and nothing else', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    await world.grants.issue(spec);
    const before = world.role(spec.access);
    await world.grants.setEnd(spec.access, spec.endsAt + 60_000);
    expect(world.role(spec.access)).toMatchObject({
      ...before,
      tags: { ...before?.tags, 'prod-access:ends-at': '2026-11-23T13:01:00Z' },
      inline: { ...before?.inline, end: endPolicy(spec.endsAt + 60_000) },
      liveSessions: expect.anything(),
    });
  });
});

describe('revoke', () => {
  test('sees the refusal at least three times over the settling time before it deletes', async () => {
    await using world = await startWorld({ propagationMs: 4_000 });
    const spec = specOf(newId());
    await world.grants.issue(spec);
    const from = world.lookalike.requests().length;
    await world.grants.revoke(spec.access);
    const log = world.lookalike.requests().slice(from);
    const session = `arn:aws:sts::${account}:assumed-role/${spec.access}/${spec.access}`;
    const refused = log.filter(({ caller, outcome }) => caller === session && outcome === 'AccessDenied');
    expect(refused.length).toBeGreaterThanOrEqual(3);
    expect((refused.at(-1)?.at ?? 0) - (refused[0]?.at ?? 0)).toBeGreaterThanOrEqual(5_000);
    const firstTaken = log.find(({ action }) => /^(Detach|Delete)/.test(action));
    expect(firstTaken?.at).toBeGreaterThanOrEqual(refused.at(-1)?.at ?? Number.POSITIVE_INFINITY);
    const deleted = log.filter(({ action }) => action.startsWith('DeleteRole'));
    expect(deleted.map(({ action }) => action).at(-1)).toBe('DeleteRole');
  });

  test('holds on to `revoked` until everything else is gone', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    await world.grants.issue(spec);
    let revoked = false;
    const stop = world.lookalike.onChange(() => {
      const role = world.role(spec.access);
      if (!role) return;
      const { revoked: deny, ...others } = role.inline;
      revoked ||= deny !== undefined;
      if (revoked && deny === undefined) expect([...Object.keys(others), ...role.attached]).toEqual([]);
    });
    await world.grants.revoke(spec.access);
    stop();
    expect(revoked).toBe(true);
  });

  test('works on a role whose trust and tags were changed, and shuts out who was let in', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    await world.grants.issue(spec);
    const { iam } = world.clients;
    const other = trustPolicy({ principal: botUser, access: spec.access, requester: 'U0MALLORY' });
    const PolicyDocument = JSON.stringify(other);
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: spec.access, PolicyDocument }));
    const Tags = [
      { Key: 'prod-access:ends-at', Value: 'whenever' },
      { Key: 'prod-access:requester', Value: 'no one' },
    ];
    await iam.send(new TagRoleCommand({ RoleName: spec.access, Tags }));
    expect(await world.grants.list()).toMatchObject([{ endsAt: 0 }]);
    await world.grants.revoke(spec.access);
    expect(world.lookalike.roles()).toEqual([]);
  });

  test('takes the word of another revoke that was faster', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    await world.grants.issue(spec);
    const grants = awsGrants({
      ...world.deps,
      makeIamWith(credentials) {
        const iam = world.clients.makeIamWith(credentials);
        iam.middlewareStack.add(
          (next) => async (args) => {
            await world.grants.revoke(spec.access);
            return await next(args);
          },
          { step: 'initialize' },
        );
        return iam;
      },
    });
    await grants.revoke(spec.access);
    expect(world.lookalike.roles()).toEqual([]);
  });

  test('is safe for two at once, whenever the second begins', async () => {
    for (let begin = 1, made = 1; begin <= made; begin += 1) {
      await using world = await startWorld({ propagationMs: 1_000 });
      const spec = specOf(newId());
      await world.grants.issue(spec);
      const vended = await credentialsOf(world, spec.access);
      let second: Promise<void> | undefined;
      const tapped = tap(world.clients, (calls) => {
        made = calls;
        if (calls === begin) second = world.grants.revoke(spec.access);
      });
      await awsGrants({ ...world.deps, ...tapped }).revoke(spec.access);
      await second;
      expect(world.lookalike.roles()).toEqual([]);
      expect(await canWork(world, vended)).toBe(false);
    }
    // A world for each of the first one's calls.
  }, 120_000);

  test('does not overlook a role that IAM does not show yet', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    await world.grants.issue(spec);
    world.lookalike.inject({ action: 'GetRole', error: 'NoSuchEntity', times: 3 });
    await world.grants.revoke(spec.access);
    expect(world.lookalike.roles()).toEqual([]);
  });

  test('does not believe a role that still acts', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    await world.grants.issue(spec);
    const grants = awsGrants({ ...world.deps, makeIamWith: () => world.clients.iam });
    expect(await faultOf(grants.revoke(spec.access))).toMatchObject({ code: 'alive', retryable: true });
    expect(world.role(spec.access)?.inline).toMatchObject({ revoked: revokedPolicy() });
    await world.grants.revoke(spec.access);
    expect(world.lookalike.roles()).toEqual([]);
  });

  test('one success starts the window anew', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    await world.grants.issue(spec);
    let tries = 0;
    let acted = 0;
    const grants = awsGrants({
      ...world.deps,
      makeIamWith(credentials) {
        tries += 1;
        if (tries !== 3) return world.clients.makeIamWith(credentials);
        acted = world.clock.now();
        return world.clients.iam;
      },
    });
    await grants.revoke(spec.access);
    expect(tries).toBeGreaterThanOrEqual(6);
    expect(world.clock.now() - acted).toBeGreaterThanOrEqual(5_000);
  });

  test('takes four settling times where the boundary forbids even the self-read', async () => {
    await using world = await startWorld();
    const spec = specOf(newId());
    await world.grants.issue(spec);
    const grants = awsGrants({
      ...world.deps,
      makeIamWith(credentials) {
        const iam = world.clients.makeIamWith(credentials);
        iam.middlewareStack.add(
          () => async () => {
            const denial = 'not authorized with an explicit deny in a permissions boundary';
            throw Object.assign(new Error(denial), { name: 'AccessDenied', $fault: 'client', $metadata: {} });
          },
          { step: 'initialize' },
        );
        return iam;
      },
    });
    await grants.revoke(spec.access);
    expect(world.clock.now() - start).toBeGreaterThanOrEqual(20_000);
    expect(world.lookalike.roles()).toEqual([]);
  });
});

test('list reads every page, and only what is this install’s', async () => {
  await using world = await startWorld();
  const many = Array.from({ length: 130 }, () => newId());
  for (const access of many) {
    const mine = access !== many[0];
    await world.clients.iam.send(
      new CreateRoleCommand({
        RoleName: access,
        Path: '/prod-access/',
        AssumeRolePolicyDocument: JSON.stringify(
          trustPolicy({ principal: botUser, access, requester: 'U0ALICE' }),
        ),
        ...(mine ? { Tags: [{ Key: 'prod-access:install', Value: install }] } : {}),
      }),
    );
  }
  const grants = await world.grants.list();
  expect(grants.map(({ access }) => access).sort()).toEqual(many.slice(1).sort());
  expect(grants[0]).toMatchObject({ endsAt: 0, requester: '', target: '' });
  expect(world.lookalike.counts().ListRoles).toBeGreaterThan(1);
});

test('a new role is created in one call, so that none of ours is ever without tags, trust and boundary', async () => {
  await using world = await startWorld();
  const seen: string[] = [];
  const grants = awsGrants({ ...world.deps, ...tap(world.clients, (_, command) => seen.push(command)) });
  await grants.issue(specOf(newId()));
  expect(seen[1]).toBe('CreateRoleCommand');
  expect(seen).not.toContain('TagRoleCommand');
});
