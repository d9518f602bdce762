/** The policy's format: each thing that is wrong is said with its path, and all of them at once. */
import { describe, expect, it } from 'vitest';
import { imageForm } from '../../src/domain/image.ts';
import { groupsOf, policyJsonSchema, policySchema, targetOf, termsOf } from '../../src/domain/policy.ts';
import { makePolicy, policyInput } from '../support/builders.ts';

type Path = string;

/** The valid policy with `value` put at `path` (`undefined` takes it out), and what is said of it. */
function flawsWith(...changes: readonly [Path, unknown][]): readonly string[] {
  const input: Record<string, unknown> = structuredClone(policyInput);
  for (const [path, value] of changes) put(input, path.split('/'), value);
  return flawsOf(input);
}

function flawsOf(input: unknown): readonly string[] {
  const { error } = policySchema.safeParse(input);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('/')}: ${message}`);
}

function put(into: unknown, [key = '', ...rest]: readonly string[], value: unknown): void {
  const place = into as Record<string, unknown>;
  if (rest.length > 0) {
    place[key] ??= {};
    put(place[key], rest, value);
  } else if (value === undefined) delete place[key];
  else place[key] = value;
}

const db = 'targets/payments-db';

describe('a valid policy', () => {
  it('has its defaults, in milliseconds and bytes', () => {
    const { targets, rules } = policySchema.parse(policyInput);
    expect(rules).toEqual([]);
    expect(targets['payments-db']).toMatchObject({
      duration: { default: 3_600_000, max: 14_400_000, total: 28_800_000 },
      expires: 28_800_000,
      reason: { min: 10, ticket: 'INC-[0-9]+' },
      sandbox: { memory: 512 * 1024 ** 2, cpus: 1, processes: 256, disk: 256 * 1024 ** 2 },
    });
    expect(targets.wiki).toMatchObject({
      approvers: [{ from: ['leads'], count: 1 }],
      expires: 28_800_000,
      reason: { min: 10 },
      grant: { aws: { managed: [] } },
      sandbox: { memory: 512 * 1024 ** 2, cpus: 1, processes: 256 },
    });
  });

  it('may have rules', () => {
    const { rules } = makePolicy((input) => {
      input.rules = [
        {
          deny: {
            targets: ['*'],
            when: { hours: 'Fri 18:00 - Mon 06:00 Europe/Berlin' },
            because: 'weekend',
          },
        },
        { approve: { targets: ['wiki'], requesters: ['on-call'], when: { max: '30m' }, because: 'on call' } },
      ];
    });
    expect(rules[0]?.deny?.when?.hours).toMatchObject({ zone: 'Europe/Berlin' });
    expect(rules[1]?.approve?.when).toEqual({ max: 1_800_000 });
  });
});

describe('unknown keys', () => {
  it.each([
    ['', 'x', ': Unrecognized key: "x"'],
    ['channels', 'alerts', 'channels: Unrecognized key: "alerts"'],
    ['groups/leads', 'user', 'groups/leads: Unrecognized key: "user"'],
    [db, 'approver', `${db}: Unrecognized key: "approver"`],
    [`${db}/approvers/0`, 'min', `${db}/approvers/0: Unrecognized key: "min"`],
    [`${db}/duration`, 'maximum', `${db}/duration: Unrecognized key: "maximum"`],
    [`${db}/reason`, 'max', `${db}/reason: Unrecognized key: "max"`],
    [`${db}/grant`, 'gcp', `${db}/grant: Unrecognized key: "gcp"`],
    [`${db}/grant/aws`, 'role', `${db}/grant/aws: Unrecognized key: "role"`],
    [`${db}/sandbox`, 'network', `${db}/sandbox: Unrecognized key: "network"`],
  ])('are errors: in %j, %s', (place, key, flaw) =>
    expect(flawsWith([place === '' ? key : `${place}/${key}`, 1])).toEqual([flaw]),
  );

  it('are errors in rules and their conditions', () => {
    const rule = { deny: { targets: ['*'], because: 'no', when: { day: 'Fri' }, until: 'x' }, note: 'y' };
    expect(flawsWith(['rules', [rule]])).toEqual([
      'rules/0/deny/when: Unrecognized key: "day"',
      'rules/0/deny: Unrecognized key: "until"',
      'rules/0: Unrecognized key: "note"',
    ]);
  });
});

describe('a part that is not enforced yet is an error, and says what to do', () => {
  const tail = 'remove it, so that nobody relies on it';
  it.each([
    ['break_glass', { requesters: ['sre'] }, 'break_glass yet'],
    [`${db}/grant/aws/assume`, { role: 'arn' }, 'grants in another account yet'],
    [`${db}/grant/aws/sources`, ['10.0.0.0/8'], 'sources yet'],
  ])('%s', (path, value, what) =>
    expect(flawsWith([path, value])).toEqual([`${path}: this version does not enforce ${what}; ${tail}`]),
  );

  it('a deny rule has no max', () =>
    expect(flawsWith(['rules', [{ deny: { targets: ['*'], because: 'no', when: { max: '1h' } } }]])).toEqual([
      'rules/0/deny/when/max: bounds what an approve rule approves; a deny rule has no max',
    ]));
});

describe('a value of the wrong form', () => {
  const arn = 'must be the ARN of a managed policy';
  const image = `must name the image by its digest: ${imageForm}`;
  const isNot = (text: string, what: string): string => `"${text}" is not a ${what}`;
  it.each([
    ['version', 2, 'must be 1'],
    ['version', '1', 'must be 1'],
    ['channels/audit', '#audit', 'must be a Slack channel id such as C0AUDIT, not its name'],
    ['channels/approvals', 'U0LEA', 'must be a Slack channel id such as C0AUDIT, not its name'],
    [
      'groups/leads/users/1',
      'leo@example.com',
      'must be a Slack user id such as U0LEAD1, never a name or an e-mail address',
    ],
    [
      'groups/leads/users/0',
      '@lea',
      'must be a Slack user id such as U0LEAD1, never a name or an e-mail address',
    ],
    [`${db}/requesters/0`, 'Payments!', 'must be the name of a group: lower-case letters, digits and dashes'],
    [
      `${db}/duration/default`,
      '1.5h',
      `${isNot('1.5h', 'duration')}: write a whole number and a unit: 90s, 45m, 2h or 1d`,
    ],
    [
      `${db}/duration/max`,
      'soon',
      `${isNot('soon', 'duration')}: write a whole number and a unit: 90s, 45m, 2h or 1d`,
    ],
    [
      `${db}/expires`,
      '0h',
      `${isNot('0h', 'duration')}: write a whole number and a unit: 90s, 45m, 2h or 1d`,
    ],
    [`${db}/duration/default`, '5h', 'must not be longer than max'],
    [`${db}/duration/total`, '3h', 'must not be shorter than max'],
    [
      `${db}/sandbox/memory`,
      '512MB',
      `${isNot('512MB', 'size')}: write a whole number and Ki, Mi or Gi, such as 512Mi`,
    ],
    [`${db}/sandbox/image`, 'debug:latest', image],
    [`${db}/sandbox/image`, `debug:1@sha256:${'0'.repeat(64)}`, image],
    [
      `${db}/sandbox/disk`,
      '0Mi',
      `${isNot('0Mi', 'size')}: write a whole number and Ki, Mi or Gi, such as 512Mi`,
    ],
    [`${db}/grant/aws/account`, '12345', 'must be twelve digits in quotes'],
    [`${db}/grant/aws/region`, 'Frankfurt', 'must be a region such as eu-west-1'],
    [`${db}/grant/aws/boundary`, 'arn:aws:iam::aws:policy/ReadOnlyAccess', arn],
    [`${db}/grant/aws/managed/0`, 'arn:aws:iam::123456789012:role/x', arn],
    [
      `${db}/grant/aws/managed`,
      Array.from({ length: 11 }, () => 'arn:aws:iam::aws:policy/A'),
      'at most 10 managed policies can be attached to a role',
    ],
    [`${db}/approvers`, [], 'must name at least one line of approvers'],
    [`${db}/approvers/0/count`, 0, 'Too small: expected number to be >=1'],
    [`${db}/reason/min`, 0, 'Too small: expected number to be >=1'],
  ])('is said with its path: %s = %j', (path, value, message) =>
    expect(flawsWith([path, value])).toEqual([`${path}: ${message}`]),
  );

  it('a pattern of tickets that is no regular expression', () => {
    const [flaw, ...rest] = flawsWith([`${db}/reason/ticket`, 'INC-[0-9']);
    expect(flaw).toContain(`${db}/reason/ticket: "INC-[0-9" is not a regular expression: SyntaxError`);
    expect(rest).toEqual([]);
  });

  it('a part left out', () =>
    expect(flawsWith(['channels', undefined], [`${db}/grant`, undefined])).toEqual([
      'channels: Invalid input: expected object, received undefined',
      `${db}/grant: Invalid input: expected object, received undefined`,
    ]));

  it('one channel for both: the trail must not drown in cards', () =>
    expect(flawsWith(['channels/audit', 'C0APPROVE'])).toEqual([
      'channels/audit: must not be the approvals channel',
    ]));

  it.each([
    ['groups/leads', {}, 'groups/leads: must have either users or usergroup'],
    [
      'groups/leads',
      { users: ['U0LEA'], usergroup: 'S0L' },
      'groups/leads: must have either users or usergroup',
    ],
    [
      'groups/leads',
      { usergroup: 'leads' },
      'groups/leads/usergroup: must be a Slack user group id such as S0PAY',
    ],
  ])('a group that is both or neither: %s = %j', (path, value, flaw) =>
    expect(flawsWith([path, value])).toEqual([flaw]),
  );

  it.each([
    [{}, 'rules/0: must be either deny or approve'],
    [
      {
        deny: { targets: ['*'], because: 'no' },
        approve: { targets: ['*'], requesters: ['on-call'], because: 'yes' },
      },
      'rules/0: must be either deny or approve',
    ],
    [
      { approve: { targets: ['*'], requesters: [], because: 'x' } },
      'rules/0/approve/requesters: must name whom the rule approves',
    ],
    [
      { deny: { targets: ['*'], because: 'x', when: { hours: 'at night' } } },
      'rules/0/deny/when/hours: "at night" is not a weekly span: write it such as "Fri 18:00 - Mon 06:00 Europe/Berlin"',
    ],
  ])('a rule: %j', (rule, flaw) => expect(flawsWith(['rules', [rule]])).toEqual([flaw]));

  it.each(['list', 'status', 'done', 'extend', 'revoke', 'help'])(
    'a target called like the subcommand %s',
    (name) => {
      const flaws = flawsWith([`targets/${name}`, policyInput.targets.wiki]);
      expect(flaws).toEqual([`targets/${name}: Invalid key in record`]);
      const { error } = policySchema.safeParse({
        ...policyInput,
        targets: { [name]: policyInput.targets.wiki },
      });
      expect(JSON.stringify(error?.issues)).toContain(
        'must not be one of the subcommands list, status, done',
      );
    },
  );
});

describe('names that stand for nothing', () => {
  it('are said wherever they stand', () => {
    const approve = { targets: ['*', 'payment-db'], requesters: ['on-cal'], because: 'x' };
    expect(
      flawsWith(
        [`${db}/requesters/0`, 'paymnets'],
        [`${db}/approvers/1/from/0`, 'sec'],
        ['rules', [{ deny: { targets: ['wikki'], requesters: ['constructor'], because: 'x' } }, { approve }]],
      ),
    ).toEqual([
      `${db}/requesters/0: "paymnets" is not one of the groups`,
      `${db}/approvers/1/from/0: "sec" is not one of the groups`,
      'rules/0/deny/requesters/0: "constructor" is not one of the groups',
      'rules/0/deny/targets/0: "wikki" is not one of the targets',
      'rules/1/approve/requesters/0: "on-cal" is not one of the groups',
      'rules/1/approve/targets/1: "payment-db" is not one of the targets',
    ]);
  });

  it('are said together with everything else that is wrong', () =>
    expect(
      flawsWith(
        ['x', 1],
        [`${db}/requesters/0`, 'paymnets'],
        [`${db}/duration/default`, '5h'],
        ['channels/audit', 'C0APPROVE'],
      ),
    ).toEqual([
      `${db}/duration/default: must not be longer than max`,
      ': Unrecognized key: "x"',
      `${db}/requesters/0: "paymnets" is not one of the groups`,
      'channels/audit: must not be the approvals channel',
    ]));

  it('are not held against a group that was refused for its own name', () =>
    expect(
      flawsWith(['groups/Payments', policyInput.groups.payments], ['groups/payments', undefined]),
    ).toEqual(['groups/Payments: Invalid key in record']));
});

it.each([
  undefined,
  null,
  1,
  'version: 1',
  [],
  {},
  { targets: [] },
  { targets: { a: null }, rules: [null, { deny: 1 }] },
])('says of %j that it is no policy, and does not throw', (input) =>
  expect(flawsOf(input).length).toBeGreaterThan(0),
);

describe('looking things up', () => {
  it('takes no inherited property for a target', () => {
    expect(targetOf(makePolicy(), 'constructor')).toBeUndefined();
    expect(targetOf(makePolicy(), '__proto__')).toBeUndefined();
    expect(targetOf(makePolicy(), 'wiki')).toBeDefined();
  });

  it('names every group that a decision on a target needs, once', () => {
    const policy = makePolicy((input) => {
      input.rules = [
        { deny: { targets: ['wiki'], requesters: ['security'], because: 'x' } },
        { deny: { targets: ['payments-db'], requesters: ['leads'], because: 'x' } },
        { approve: { targets: ['*'], requesters: ['on-call'], because: 'x' } },
      ];
    });
    expect(groupsOf(policy, 'wiki')).toEqual(['payments', 'leads', 'security', 'on-call']);
    expect(groupsOf(policy, 'nothing')).toEqual(['on-call']);
  });
});

describe('terms', () => {
  const terms = (change: Parameters<typeof makePolicy>[0] = () => {}): string => {
    const target = targetOf(makePolicy(change), 'payments-db');
    return target === undefined ? '' : termsOf(target);
  };

  it('are the same for the same grant, however it is written', () => {
    expect(terms()).toMatch(/^[0-9a-f]{64}$/);
    const rewritten = terms((input) => {
      const { aws } = input.targets['payments-db'].grant;
      input.targets['payments-db'].grant = {
        aws: { managed: aws.managed, boundary: aws.boundary, region: aws.region, account: aws.account },
      };
      input.targets['payments-db'].sandbox = { processes: 256, cpus: 1, memory: '524288Ki' };
    });
    expect(rewritten).toBe(terms());
  });

  it.each<[string, string, unknown, 'changes' | 'stays']>([
    ['the managed policies', 'grant/aws/managed', ['arn:aws:iam::aws:policy/AdministratorAccess'], 'changes'],
    ['the region', 'grant/aws/region', 'us-east-1', 'changes'],
    ['the inline policy', 'grant/aws/policy', { Version: '2012-10-17' }, 'changes'],
    ['the memory', 'sandbox/memory', '1Gi', 'changes'],
    ['what may be downloaded', 'sandbox/download', '1Mi', 'changes'],
    ['the name', 'name', 'Another name', 'stays'],
    ['the durations', 'duration/max', '8h', 'stays'],
    ['the approvers', 'approvers', [{ from: ['leads'] }], 'stays'],
  ])('with another %s: %s = %j %s', (_, path, value, outcome) => {
    const other = terms((input) => put(input.targets['payments-db'], path.split('/'), value));
    expect(other === terms() ? 'stays' : 'changes').toBe(outcome);
  });
});

it('has a JSON Schema of the file as it is written', () => {
  const schema = JSON.stringify(policyJsonSchema());
  expect(policyJsonSchema()).toMatchObject({ type: 'object', additionalProperties: false });
  for (const key of ['channels', 'groups', 'targets', 'rules', 'approvers', 'boundary'])
    expect(schema).toContain(`"${key}"`);
});
