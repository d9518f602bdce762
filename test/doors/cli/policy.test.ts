import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { policyInput } from '../../support/builders.ts';
import { type Console, openConsole } from './console.ts';

let cli: Console;
let file: string;
const input = {
  ...policyInput,
  groups: { ...policyInput.groups, payments: { usergroup: 'S0PAY' } },
  rules: [
    {
      deny: {
        targets: ['*'],
        when: { hours: 'Fri 18:00 - Mon 06:00 Europe/Berlin' },
        because: 'weekend freeze',
      },
    },
    { approve: { targets: ['wiki'], requesters: ['on-call'], when: { max: '30m' }, because: 'on call' } },
  ],
};
beforeEach(() => {
  cli = openConsole();
  file = cli.file('policy.yaml', stringify(input));
});
afterEach(() => cli[Symbol.dispose]());

describe('policy check', () => {
  it('says ok of a good file', async () => {
    const { code, out, err } = await cli.run(['policy', 'check', file]);
    expect(out).toMatch(
      new RegExp(`^${file}: ok \\(targets: 2, groups: 4, rules: 2, hash [0-9a-f]{12}\\)\n$`),
    );
    expect([code, err]).toEqual([0, '']);
  });

  it('prints every problem where it stands, and exits with 78', async () => {
    const bad = cli.file('bad.yaml', stringify(input).replace('version: 1', 'version: 2\nvip: true'));
    const { code, out } = await cli.run(['policy', 'check', bad]);
    expect([code, out]).toEqual([
      78,
      `${bad}:1:10: version: must be 1\n${bad}:2:1: vip: is not a known key\n`,
    ]);
    const json = await cli.run(['policy', 'check', bad, '--json']);
    expect(json.code).toBe(78);
    expect(JSON.parse(json.out)).toMatchObject({
      file: bad,
      ok: false,
      problems: [{ line: 1, column: 10, path: 'version', message: 'must be 1' }, { line: 2 }],
    });
  });

  it('warns, and says of a file that is not there that it is not', async () => {
    const lonely = cli.file(
      'lonely.yaml',
      stringify({ ...input, groups: { ...input.groups, spare: { users: ['U0ANA'] } } }),
    );
    const { code, out } = await cli.run(['policy', 'check', lonely]);
    expect(code).toBe(0);
    expect(out).toContain(': warning: groups.spare: is used nowhere\n');
    const none = await cli.run(['policy', 'check', `${file}.none`]);
    expect([none.code, none.out]).toEqual([78, expect.stringContaining('none:1:1: cannot be read: ENOENT')]);
  });
});

describe('policy explain', () => {
  const explain = (...args: string[]) =>
    cli.run([
      'policy',
      'explain',
      file,
      '--person',
      'U0BEN',
      '--member',
      'payments=U0ANA,U0BEN',
      '--at',
      '2026-11-23T12:00:00Z',
      ...args,
    ]);

  it('shows what was looked at and who would be asked', async () => {
    const { code, out } = await explain('--target', 'payments-db', '--duration', '45m', '--ticket', 'INC-1');
    expect(out).toBe(`U0BEN asks for payments-db for 45m at 2026-11-23T12:00:00.000Z
  [x] account: a full member of this workspace
  [x] targets.payments-db.requesters: member of payments
  [ ] rules[0].deny: not within Fri 18:00 - Mon 06:00 Europe/Berlin
Waits for approval, each line by different people:
  1 of leads (U0LEA, U0LEO)
  1 of security (U0SEC)
`);
    expect(code).toBe(0);
  });

  it('says which rule approves at once', async () => {
    const { code, out } = await explain('--target', 'wiki', '--duration', '30m');
    expect([code, out.trim().split('\n').at(-1)]).toEqual([
      0,
      'Approved at once, by rules[1].approve: on call.',
    ]);
    const longer = await explain('--target', 'wiki', '--duration', '31m');
    expect(longer.out).toContain('[ ] rules[1].approve: asked for 31m, approves at most 30m\nWaits');
  });

  it('says which rule refuses, and exits with 1', async () => {
    const frozen = await explain('--target', 'wiki', '--at', '2026-11-27T19:00:00Z');
    expect(frozen.out).toContain(
      '[!] rules[0].deny: weekend freeze\nRefused (denied-by-rule): Not now: weekend freeze.\n',
    );
    expect(frozen.code).toBe(1);
    const ticket = await explain('--target', 'payments-db');
    expect(ticket.out).toContain('Refused (ticket-missing): A ticket is missing. Name one such as INC-1234');
  });

  it('names what the file does not have', async () => {
    const { code, out } = await cli.run([
      'policy',
      'explain',
      file,
      '--person',
      'U0BEN',
      '--target',
      'nosuch',
    ]);
    expect([code, out]).toEqual([
      1,
      expect.stringContaining('There is no target nosuch that you may ask for.'),
    ]);
    const group = await explain('--target', 'wiki', '--member', 'nogroup=U0BEN');
    expect([group.code, group.err]).toEqual([64, expect.stringContaining('nogroup is no group of')]);
  });

  it('does not know a Slack group that it was not told of', async () => {
    const { code, out } = await cli.run(['policy', 'explain', file, '--person', 'U0BEN', '--target', 'wiki']);
    expect([code, out]).toEqual([
      1,
      expect.stringContaining('Not known here: who is in payments. Say it with --member payments=U…,U…'),
    ]);
  });

  it('takes groups from a file, and prints JSON', async () => {
    const groups = cli.file('groups.yaml', 'payments: [U0BEN]\n');
    const { code, out } = await cli.run([
      'policy',
      'explain',
      file,
      '--person',
      'U0BEN',
      '--target',
      'wiki',
      '--groups',
      groups,
      '--at',
      '2026-11-23T12:00:00Z',
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      outcome: 'approved',
      basis: { by: 'rule', rule: 'rules[1].approve: on call' },
      durationMs: 1_800_000,
      unknown: [],
    });
  });

  it.each([
    [['--person', 'ben', '--target', 'wiki'], 'must be a Slack user id'],
    [['--person', 'U0BEN'], "required option '--target <name>' not specified"],
    [['--person', 'U0BEN', '--target', 'wiki', '--at', 'noon'], 'must be a time'],
    [['--person', 'U0BEN', '--target', 'wiki', '--member', 'payments'], 'must be a group and Slack user ids'],
    [
      ['--person', 'U0BEN', '--target', 'wiki', '--groups', '/nonexistent'],
      'must be a readable file of groups',
    ],
  ])('%j is wrong usage', async (args, says) => {
    const { code, err } = await cli.run(['policy', 'explain', file, ...args]);
    expect(err).toContain(says);
    expect(code).toBe(64);
  });
});

it('policy schema prints a JSON Schema', async () => {
  const { code, out } = await cli.run(['policy', 'schema']);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    type: 'object',
    properties: { targets: {} },
    additionalProperties: false,
  });
});
