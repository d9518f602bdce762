import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ParsedPolicy, parsePolicy } from '../../../src/adapters/policy-file/parse-policy.ts';
import { problemText } from '../../../src/adapters/policy-file/problem.ts';

const goodPolicy = `version: 1
channels: { audit: C0AUDIT, approvals: C0APPROVE }
groups:
  payments: { users: [U0ANA, U0BEN] }
  leads: { usergroup: S0LEADS }
targets:
  payments-db:
    requesters: [payments]
    approvers:
      - { from: [leads], count: 1 }
    duration: { default: 1h, max: 4h }
    grant:
      aws:
        account: "123456789012"
        region: eu-west-1
        boundary: arn:aws:iam::123456789012:policy/b
`;

const told = (text: string | Uint8Array): readonly string[] => {
  const parsed: ParsedPolicy = parsePolicy(text, 'p.yaml');
  return 'problems' in parsed ? parsed.problems.map((problem) => problemText('p.yaml', problem)) : [];
};
const change = (from: string, to: string): readonly string[] => told(goodPolicy.replace(from, to));

describe('a good file', () => {
  it('gives the policy, under the hash of its bytes', () => {
    const parsed = parsePolicy(goodPolicy, 'p.yaml');
    expect('policy' in parsed && parsed.policy).toMatchObject({
      version: 1,
      hash: createHash('sha256').update(goodPolicy).digest('hex'),
      targets: { 'payments-db': { duration: { default: 3_600_000, max: 14_400_000 } } },
    });
    expect('policy' in parsed && parsed.warnings).toEqual([]);
  });

  it('may use an anchor, and may begin with a byte order mark', () => {
    expect(change('U0ANA, U0BEN] }', 'U0ANA] }\n  same: &s { users: [U0BEN] }\n  other: *s')).toEqual([]);
    const bytes = Buffer.from(`\uFEFF${goodPolicy}`);
    const parsed = parsePolicy(bytes, 'p.yaml');
    expect('policy' in parsed && parsed.policy.hash).toBe(createHash('sha256').update(bytes).digest('hex'));
  });
});

describe('problems stand where they are', () => {
  it('tells all of them at once, in order', () => {
    const text = goodPolicy
      .replace('version: 1', 'version: 2\nextra: [1]')
      .replace('approvals: C0APPROVE', 'approvals: "#approvals"')
      .replace('max: 4h', 'max: 4 hours')
      .replace('        region: eu-west-1\n', '')
      .replace('"123456789012"', '123456789012');
    expect(told(text)).toEqual([
      'p.yaml:1:10: version: must be 1',
      'p.yaml:2:1: extra: is not a known key',
      'p.yaml:3:40: channels.approvals: must be a Slack channel id such as C0AUDIT, not its name',
      'p.yaml:12:35: targets.payments-db.duration.max: "4 hours" is not a duration: write a whole number and a unit: 90s, 45m, 2h or 1d',
      'p.yaml:14:7: targets.payments-db.grant.aws.region: is missing',
      'p.yaml:15:18: targets.payments-db.grant.aws.account: must be a text: put it in quotes',
    ]);
  });

  it.each([
    [
      'an unknown key in a flow map',
      '{ from: [leads], count: 1 }',
      '{ from: [leads], cuont: 1 }',
      'p.yaml:10:26: targets.payments-db.approvers[0].cuont: is not a known key',
    ],
    [
      'a dangling name',
      'from: [leads]',
      'from: [leads, bosses]',
      'p.yaml:10:25: targets.payments-db.approvers[0].from[1]: "bosses" is not one of the groups',
    ],
    [
      'a bad name of a target',
      '  payments-db:',
      '  revoke:',
      'p.yaml:7:3: targets.revoke: must not be one of the subcommands list, status, done, extend, revoke, help',
    ],
    [
      'a bad name of a group',
      '  payments: {',
      '  Payments: {',
      'p.yaml:4:3: groups.Payments: must be the name of a group: lower-case letters, digits and dashes',
    ],
    ['a part left empty', 'groups:', 'rules:\ngroups:', 'p.yaml:3:7: rules: must be a list, not empty'],
    [
      'a part for a later version',
      'targets:',
      'break_glass:\n  requesters: [payments]\ntargets:',
      'p.yaml:6:1: break_glass: this version does not enforce break_glass yet; remove it, so that nobody relies on it',
    ],
    [
      'a bad target of a rule',
      'targets:\n',
      'rules: [{ deny: { targets: ["Wiki"], because: no } }]\ntargets:\n',
      'p.yaml:6:29: rules[0].deny.targets[0]: must be lower-case letters, digits and dashes',
    ],
    [
      'an empty list',
      'requesters: [payments]',
      'requesters: []',
      'p.yaml:8:5: targets.payments-db.requesters: must have at least 1 item',
    ],
    [
      'a kind mixed up',
      'duration: { default: 1h, max: 4h }',
      'duration: 4h',
      'p.yaml:11:15: targets.payments-db.duration: must be a map of keys, not a text',
    ],
    [
      'a number out of bounds',
      'count: 1',
      'count: 21',
      'p.yaml:10:33: targets.payments-db.approvers[0].count: must be at most 20',
    ],
    [
      'a fraction',
      'count: 1',
      'count: 1.5',
      'p.yaml:10:33: targets.payments-db.approvers[0].count: must be a whole number, not a fraction',
    ],
    [
      'a rule of no kind',
      'targets:\n',
      'rules: [{}]\ntargets:\n',
      'p.yaml:6:9: rules[0]: must be either deny or approve',
    ],
    [
      'the key that JavaScript hides',
      'groups:',
      'groups:\n  __proto__: { users: [U0ANA] }',
      'p.yaml:4:3: "__proto__" is not a known key',
    ],
    [
      'a key that stands twice',
      'targets:',
      'version: 1\ntargets:',
      'p.yaml:6:1: this key stands twice in the same map',
    ],
    ['an unknown tag', 'region: eu-west-1', 'region: !one eu-west-1', 'p.yaml:15:17: Unresolved tag: !one'],
  ])('%s', (_, from, to, expected) => expect(change(from, to)).toEqual([expected]));

  it('says of a problem behind an alias where the alias points', () => {
    expect(change('leads: { usergroup: S0LEADS }', 'other: &o { users: [ana] }\n  leads: *o')).toEqual([
      expect.stringMatching(/^p\.yaml:5:23: groups\.other\.users\[0\]: must be a Slack user id/),
      expect.stringMatching(/^p\.yaml:5:23: groups\.leads\.users\[0\]: must be a Slack user id/),
    ]);
  });
});

describe('what is no policy at all', () => {
  it('says where the YAML breaks', () => {
    expect(told('version: 1\ngroups: [a\ntargets: {}\n')[0]).toMatch(/^p\.yaml:3:\d+: /);
    expect(told('a: 1\n---\nb: 2\n')[0]).toMatch(/^p\.yaml:2:1: .*multiple documents/i);
  });

  it.each([
    ['an empty file', '', 'p.yaml:1:1: must be a map of keys, not empty'],
    ['a list', '- 1\n', 'p.yaml:1:1: must be a map of keys, not a list'],
    ['too many bytes', `# ${'x'.repeat(1024 * 1024)}`, 'p.yaml:1:1: p.yaml is larger than 1048576 bytes'],
    ['no text', new Uint8Array([0xff, 0xfe, 0x00]), 'p.yaml:1:1: p.yaml is not UTF-8 text'],
  ])('%s', (_, content, expected) => expect(told(content)).toEqual([expected]));

  it('refuses a bomb of aliases, a circle and a pit', () => {
    const level = (n: number): string =>
      `l${n}: &l${n} [${Array(9)
        .fill(`*l${n - 1}`)
        .join(', ')}]`;
    const bomb = ['l0: &l0 [x]', ...Array.from({ length: 12 }, (_, n) => level(n + 1))].join('\n');
    expect(told(bomb)[0]).toContain('cannot be read: Excessive alias count');
    const circle = goodPolicy.replace('boundary:', 'policy: &p { a: *p }\n        boundary:');
    expect(told(circle)[0]).toMatch(/^p\.yaml:16:\d+: stands for a part that it is in/);
    expect(told(`a: ${'['.repeat(50_000)}`).length).toBeGreaterThan(0);
  });
});

it('takes an image from whoever can make a sandbox of it, and from nobody else', () => {
  const image = `ghcr.io/example/debug@sha256:${'0a'.repeat(32)}`;
  const text = goodPolicy.replace(
    /^( +)grant:/m,
    (line, indent) => `${indent}sandbox: { image: "${image}" }\n${line}`,
  );
  expect(parsePolicy(text, 'p.yaml')).toMatchObject({
    policy: { targets: { 'payments-db': { sandbox: { image } } } },
  });
  const parsed = parsePolicy(text, 'p.yaml', { images: false });
  expect('problems' in parsed && parsed.problems).toMatchObject([
    {
      path: 'targets.payments-db.sandbox.image',
      message: "the local driver uses the host's /usr: set PROD_ACCESS_SANDBOX=docker, or remove the image",
    },
  ]);
});

it('warns of what can never happen', () => {
  const text = goodPolicy
    .replace(
      'leads: { usergroup: S0LEADS }',
      'leads: { users: [U0LEA] }\n  solo: { users: [U0ANA] }\n  spare: { users: [U0ANA] }',
    )
    .replace('- { from: [leads], count: 1 }', '- { from: [leads], count: 2 }\n      - { from: [solo] }');
  const parsed = parsePolicy(text, 'p.yaml');
  expect('warnings' in parsed && parsed.warnings.map((warning) => problemText('p.yaml', warning))).toEqual([
    'p.yaml:12:9: targets.payments-db.approvers[0]: can never be met: it takes 2 people and leads hold 1',
    'p.yaml:13:9: targets.payments-db.approvers[1]: U0ANA may ask but never be approved: without them the line is one short',
    'p.yaml:7:3: groups.spare: is used nowhere',
  ]);
});
