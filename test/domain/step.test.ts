/** The state machine: every state x every command, against a table of its own and against the one in step.ts's head. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Access, endOf, isFinished, type State, states } from '../../src/domain/access.ts';
import type { Draft } from '../../src/domain/audit.ts';
import type { Command } from '../../src/domain/command.ts';
import { isoTime } from '../../src/domain/duration.ts';
import { isRefused } from '../../src/domain/refusal.ts';
import { open, patienceMs, step } from '../../src/domain/step.ts';
import { makeRequest, noon, waitingAccess } from '../support/builders.ts';
import { after, type CommandName, commands, type LifeName, lives, taken } from '../support/lives.ts';

const soon = noon + 120_000;
/** After everything that can be due: the end of an active access, the lapse of a waiting one. */
const late = noon + 10 * 3_600_000;

const lifeNames = Object.keys(lives) as LifeName[];
const commandNames = Object.keys(commands) as CommandName[];

/** What each command makes of each state in which it is taken; every cell that is not here is refused. */
const matrix: Readonly<Record<CommandName, Partial<Record<LifeName, State>>>> = {
  'vote that does not decide': { waiting: 'waiting' },
  'vote that decides': { waiting: 'approved' },
  'vote against': { waiting: 'rejected' },
  withdraw: { waiting: 'withdrawn' },
  lapse: {},
  begin: { approved: 'provisioning' },
  'sandbox-open': { 'provisioning (sandbox)': 'provisioning' },
  'sandbox-anew': { active: 'active', 'active (warned)': 'active' },
  activate: { 'provisioning (grant)': 'active' },
  warn: { active: 'active' },
  extend: { active: 'active', 'active (warned)': 'active' },
  end: {},
  done: {
    approved: 'revoking',
    'provisioning (sandbox)': 'revoking',
    'provisioning (grant)': 'revoking',
    active: 'revoking',
    'active (warned)': 'revoking',
  },
  revoke: {
    waiting: 'rejected',
    approved: 'revoking',
    'provisioning (sandbox)': 'revoking',
    'provisioning (grant)': 'revoking',
    active: 'revoking',
    'active (warned)': 'revoking',
  },
  'give-up': {
    approved: 'revoking',
    'provisioning (sandbox)': 'revoking',
    'provisioning (grant)': 'revoking',
    active: 'revoking',
    'active (warned)': 'revoking',
  },
  'missed grant': {
    'revoking (both left)': 'revoking',
    'revoking (grant left)': 'revoking',
    'revoking (sandbox left)': 'revoking',
    'revoking (failed, sandbox left)': 'revoking',
  },
  'missed sandbox': {
    'revoking (both left)': 'revoking',
    'revoking (grant left)': 'revoking',
    'revoking (sandbox left)': 'revoking',
    'revoking (failed, sandbox left)': 'revoking',
  },
  'grant-gone': { 'revoking (both left)': 'revoking', 'revoking (grant left)': 'revoked' },
  'sandbox-gone': {
    'revoking (both left)': 'revoking',
    'revoking (sandbox left)': 'revoked',
    'revoking (failed, sandbox left)': 'failed',
  },
};

/** What differs once everything that can be due is due. */
const lateMatrix: typeof matrix = {
  ...matrix,
  'vote that does not decide': {},
  'vote that decides': {},
  'vote against': {},
  lapse: { waiting: 'lapsed' },
  activate: {},
  extend: {},
  end: { 'provisioning (grant)': 'revoking', active: 'revoking', 'active (warned)': 'revoking' },
};

describe.each([
  ['before anything is due', soon, matrix],
  ['after everything was due', late, lateMatrix],
] as const)('%s', (_, now, table) => {
  const cells = commandNames.flatMap((command) => lifeNames.map((life) => [command, life] as const));

  it.each(cells)('%s, %s', (command, life) => {
    const from = lives[life];
    const before = structuredClone(from);
    const outcome = step(from, commands[command], now);
    const expected = table[command][life];
    if (expected === undefined) {
      expect(outcome).toMatchObject({ refused: { code: 'wrong-state' } });
    } else {
      const { next, entries } = taken(outcome);
      expect(next.state).toBe(expected);
      expect(next.request).toEqual(from.request);
      for (const entry of entries) {
        expect(entry).toMatchObject({
          access: from.request.id,
          target: from.request.target,
          at: isoTime(now),
        });
      }
    }
    expect(from).toEqual(before);
  });
});

describe("the table in step.ts's head", () => {
  /** `kind`, from which states, to which states: what the comment says. */
  const written = (): Map<string, Set<string>> => {
    const text = readFileSync(new URL('../../src/domain/step.ts', import.meta.url), 'utf8');
    const rows = [
      ...text.slice(0, text.indexOf('*/')).matchAll(/^ \* {3}(\S*) {2,}(\S.*?) {2,}(\S.*)$/gm),
    ].slice(1);
    const found = new Map<string, Set<string>>();
    let kind = '';
    for (const [, name = '', from = '', to = ''] of rows) {
      kind = name === '' ? kind : name;
      const statesOf = (words: string): readonly string[] =>
        states.filter((state) => new RegExp(`\\b${state}\\b`).test(words.replace(/\(.*?\)/g, '')));
      const pairs = statesOf(from).flatMap((one) => statesOf(to).map((other) => `${one} -> ${other}`));
      found.set(kind, new Set([...(found.get(kind) ?? []), ...pairs]));
    }
    return found;
  };

  it('says what step does, command by command', () => {
    const seen = new Map<string, Set<string>>();
    for (const table of [matrix, lateMatrix]) {
      for (const name of commandNames) {
        const kind = commands[name].kind;
        const pairs = Object.entries(table[name]).map(
          ([life, to]) => `${lives[life as LifeName].state} -> ${to}`,
        );
        seen.set(kind, new Set([...(seen.get(kind) ?? []), ...pairs]));
      }
    }
    // The three ways in which a failed access can lose its last part are all one kind of row.
    expect(step(lives['revoking (failed, sandbox left)'], commands['sandbox-gone'], soon)).toMatchObject({
      next: { state: 'failed' },
    });
    seen.get('grant-gone')?.add('revoking -> failed');
    const sorted = (map: Map<string, Set<string>>) =>
      Object.fromEntries([...map].map(([kind, pairs]) => [kind, [...pairs].sort()]));
    expect(sorted(written())).toEqual(sorted(seen));
  });

  it('knows every state and every kind of command', () => {
    expect(new Set(lifeNames.map((name) => lives[name].state))).toEqual(new Set(states));
    expect([...written().keys()].sort()).toEqual(
      [...new Set(commandNames.map((name) => commands[name].kind))].sort(),
    );
  });
});

describe('what is told', () => {
  const told = (entries: readonly Draft[]) =>
    entries.map(({ action, actor, details }) => [action, actor.id, details]);
  const of = (life: LifeName, command: CommandName, now = soon) =>
    told(taken(step(lives[life], commands[command], now)).entries);
  const policy = 'a'.repeat(64);
  const ends_at = isoTime(noon + 60_000 + 45 * 60_000);

  it('of a request: everything that was asked, and until when it waits', () => {
    expect(told(waitingAccess().entries)).toEqual([
      [
        'access.requested',
        'U0ANA',
        {
          reason: 'checkout answers 500, INC-4821',
          ticket: 'INC-4821',
          duration_ms: 2_700_000,
          policy,
          terms: 'b'.repeat(64),
          lapses_at: isoTime(noon + 8 * 3_600_000),
        },
      ],
    ]);
  });

  it('of a request that a rule approves: both, and the rule', () => {
    const { next, entries } = open(
      makeRequest(),
      { basis: { by: 'rule', rule: 'rules[0].approve: on call' } },
      noon,
    );
    expect(next).toMatchObject({
      state: 'approved',
      approvedAt: noon,
      giveUpAt: noon + patienceMs,
      votes: [],
    });
    expect(told(entries).slice(1)).toEqual([
      ['access.approved', 'prod-access', { policy, rule: 'rules[0].approve: on call' }],
    ]);
  });

  it.each<[LifeName, CommandName, number, unknown]>([
    ['waiting', 'vote that does not decide', soon, [['vote.approved', 'U0LEA', { policy, line: 1 }]]],
    [
      'waiting',
      'vote that decides',
      soon,
      [
        ['vote.approved', 'U0LEA', { policy, line: 1 }],
        ['access.approved', 'prod-access', { policy, by: ['U0LEA'] }],
      ],
    ],
    [
      'waiting',
      'vote against',
      soon,
      [
        ['vote.denied', 'U0LEA', { policy, why: 'not today' }],
        ['access.rejected', 'U0LEA', { policy, why: 'not today' }],
      ],
    ],
    ['waiting', 'withdraw', soon, [['access.withdrawn', 'U0ANA', {}]]],
    ['waiting', 'lapse', late, [['access.lapsed', 'prod-access', {}]]],
    ['waiting', 'revoke', soon, [['access.rejected', 'U0SEC', { why: 'odd' }]]],
    ['approved', 'begin', soon, []],
    [
      'provisioning (sandbox)',
      'sandbox-open',
      noon + 60_000,
      [
        [
          'sandbox.opened',
          'prod-access',
          { driver: 'local', limits_held_by: 'cgroup-v2', checks: 12, ends_at },
        ],
      ],
    ],
    [
      'provisioning (grant)',
      'activate',
      soon,
      [
        ['grant.issued', 'prod-access', { role: commands.activate.role, ends_at }],
        ['access.active', 'prod-access', { ends_at }],
      ],
    ],
    ['active', 'warn', soon, [['access.warned', 'prod-access', { ends_at }]]],
    [
      'active',
      'sandbox-anew',
      soon,
      [['sweep.repaired', 'prod-access', { what: 'sandbox', driver: 'local' }]],
    ],
    [
      'active',
      'extend',
      soon,
      [
        [
          'access.extended',
          'prod-access',
          {
            by_ms: 600_000,
            ends_at: isoTime(noon + 56 * 60_000),
            policy,
            rule: 'votes',
            why: 'not done yet',
          },
        ],
      ],
    ],
    ['active', 'end', late, [['access.ending', 'prod-access', { cause: 'end' }]]],
    ['active', 'done', soon, [['access.ending', 'U0ANA', { cause: 'done' }]]],
    ['active', 'revoke', soon, [['access.ending', 'U0SEC', { cause: 'revoked', why: 'odd' }]]],
    ['approved', 'give-up', soon, [['access.ending', 'prod-access', { cause: 'failed', why: 'no sandbox' }]]],
    [
      'revoking (both left)',
      'missed grant',
      soon,
      [
        ['grant.failed', 'prod-access', { doing: 'revoke', why: 'AWS does not answer' }],
        [
          'alarm.raised',
          'prod-access',
          { what: 'the grant could not be taken away', why: 'AWS does not answer' },
        ],
      ],
    ],
    ['revoking (both left)', 'grant-gone', soon, [['grant.revoked', 'prod-access', {}]]],
    [
      'revoking (grant left)',
      'grant-gone',
      soon,
      [
        ['grant.revoked', 'prod-access', {}],
        ['access.revoked', 'prod-access', { cause: 'done' }],
      ],
    ],
    [
      'revoking (failed, sandbox left)',
      'sandbox-gone',
      soon,
      [
        ['sandbox.closed', 'prod-access', {}],
        ['access.failed', 'prod-access', { why: 'no sandbox' }],
      ],
    ],
  ])('%s, %s', (life, command, now, expected) => expect(of(life, command, now)).toEqual(expected));

  it('raises the alarm once, and clears it when the last part is gone, not before', () => {
    const first = taken(step(lives['revoking (both left)'], commands['missed grant'], soon));
    const second = taken(step(first.next, commands['missed sandbox'], soon));
    expect(second.entries.map(({ action }) => action)).toEqual(['sandbox.failed']);
    const half = taken(step(second.next, commands['grant-gone'], soon));
    expect(half.entries.map(({ action }) => action)).toEqual(['grant.revoked']);
    const whole = taken(step(half.next, commands['sandbox-gone'], soon));
    expect(whole.entries.map(({ action }) => action)).toEqual([
      'sandbox.closed',
      'alarm.cleared',
      'access.revoked',
    ]);
  });

  it('says "lapsed" to a vote that came after the lapse, though no timer had run', () =>
    expect(step(lives.waiting, commands['vote that decides'], noon + 8 * 3_600_000)).toEqual({
      refused: { code: 'wrong-state', state: 'lapsed', wanted: 'waiting' },
    }));
});

describe('the end', () => {
  it('counts from the open sandbox on, not from the ask, the vote or the approval, in whole seconds', () => {
    const opened = taken(
      step(lives['provisioning (sandbox)'], commands['sandbox-open'], noon + 300_001),
    ).next;
    expect(endOf(opened)).toBe(noon + 301_000 + 45 * 60_000);
  });

  it('is kept by a revoked access, and unknown to one that never had one', () => {
    expect(endOf(lives.revoked)).toBe(endOf(lives.active));
    expect(endOf(lives.failed)).toBeUndefined();
    expect(endOf(lives.approved)).toBeUndefined();
    expect(endOf(after(lives.approved, ['done', 'grant-gone', 'sandbox-gone']))).toBeUndefined();
  });
});

describe('for all sequences of commands', () => {
  const moves = fc.array(
    fc.tuple(fc.constantFrom(...commandNames), fc.integer({ min: 0, max: 20 * 60_000 })),
    { maxLength: 40 },
  );

  /** The whole way: each access with the command that led to it and the entries that told of it. */
  const walk = (sequence: readonly (readonly [CommandName, number])[]) => {
    const steps: {
      readonly by: Command | undefined;
      readonly from?: Access;
      readonly at: Access;
      readonly entries: readonly Draft[];
    }[] = [];
    const begun = waitingAccess();
    steps.push({ by: undefined, at: begun.next, entries: begun.entries });
    let [access, now] = [begun.next, noon];
    for (const [name, pause] of sequence) {
      now += pause;
      const outcome = step(access, commands[name], now);
      if (isRefused(outcome)) continue;
      steps.push({ by: commands[name], from: access, at: outcome.next, entries: outcome.entries });
      access = outcome.next;
    }
    return steps;
  };
  const always = (check: (steps: ReturnType<typeof walk>) => void): void => {
    fc.assert(
      fc.property(moves, (sequence) => check(walk(sequence))),
      { numRuns: 2_000 },
    );
  };

  it('never reaches active without an approval that was told before', () =>
    always((steps) => {
      const actions = steps.flatMap(({ entries }) => entries.map(({ action }) => action));
      const active = steps.findIndex(({ at }) => at.state === 'active');
      if (active < 0) return;
      const visited = steps.slice(0, active).map(({ at }) => at.state);
      expect(visited).toContain('approved');
      expect(actions.indexOf('access.approved')).toBeGreaterThanOrEqual(0);
      expect(actions.indexOf('access.approved')).toBeLessThan(actions.indexOf('access.active'));
    }));

  it('never reaches revoked or failed unless both parts were told to be gone, nor tells of it earlier', () =>
    always((steps) => {
      const actions = steps.flatMap(({ entries }) => entries.map(({ action }) => action));
      const over = actions.findIndex((action) => action === 'access.revoked' || action === 'access.failed');
      const last = steps.at(-1)?.at.state;
      expect(over >= 0).toBe(last === 'revoked' || last === 'failed');
      if (over < 0) return;
      expect(actions.slice(0, over)).toEqual(expect.arrayContaining(['grant.revoked', 'sandbox.closed']));
      expect(actions.filter((action) => action === 'grant.revoked')).toHaveLength(1);
      expect(actions.filter((action) => action === 'sandbox.closed')).toHaveLength(1);
    }));

  it('never moves an end but by extending, and then by what was asked', () =>
    always((steps) => {
      for (const { from, at, by } of steps) {
        const [before, now] = [from === undefined ? undefined : endOf(from), endOf(at)];
        if (before === undefined || now === undefined) continue;
        expect(now - before).toBe(by?.kind === 'extend' ? 600_000 : 0);
      }
    }));

  it('leaves no state in which something may stand but through revoking', () =>
    always((steps) => {
      for (const { from, at } of steps) {
        if (from === undefined || !['approved', 'provisioning', 'active'].includes(from.state)) continue;
        expect(['approved', 'provisioning', 'active', 'revoking']).toContain(at.state);
      }
    }));

  it('takes nothing once it is finished', () =>
    always((steps) => {
      for (const { from } of steps) if (from !== undefined) expect(isFinished(from)).toBe(false);
    }));

  it('never changes the request, and tells of every change of state', () =>
    always((steps) => {
      for (const { from, at, entries } of steps) {
        expect(at.request).toEqual(steps[0]?.at.request);
        // `begin` is a note for the next try: nothing happened in the world yet.
        if (from !== undefined && from.state !== at.state && at.state !== 'provisioning')
          expect(entries.length).toBeGreaterThan(0);
      }
    }));
});
