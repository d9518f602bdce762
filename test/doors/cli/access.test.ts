import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Access } from '../../../src/domain/access.ts';
import { isRefused } from '../../../src/domain/refusal.ts';
import { open, type Stepped, step } from '../../../src/domain/step.ts';
import type { CliStore } from '../../../src/doors/cli/deps.ts';
import { LedgerFault, type Stored } from '../../../src/ports/ledger.ts';
import { makeRequest, noon, waitingAccess } from '../../support/builders.ts';
import { type Console, openConsole } from './console.ts';

let cli: Console;
beforeEach(() => {
  cli = openConsole();
});
afterEach(() => {
  expect(cli.opened.closed).toBe(cli.opened.store);
  cli[Symbol.dispose]();
});

async function store({ next, entries }: Stepped, from?: Stored): Promise<Stored> {
  const stored = await cli.ledger.commit(from === undefined ? { next } : { next, from }, entries);
  if (stored === 'conflict') throw new Error('conflict');
  return stored;
}

async function active(): Promise<Access> {
  const request = makeRequest({ id: 'acc_bbbbbbbbbbbbbbbb', reason: 'look \u001b[31mred\u001b[0m' });
  let stored = await store(open(request, { basis: { by: 'rule', rule: 'rules[0].approve: on call' } }, noon));
  for (const command of [
    { kind: 'begin' },
    { kind: 'sandbox-open', driver: 'local', limitsHeldBy: 'cgroup-v2', checks: 9 },
    { kind: 'activate', role: 'arn:aws:iam::123456789012:role/prod-access/acc_bbbbbbbbbbbbbbbb' },
  ] as const) {
    const stepped = step(stored.access, command, noon);
    if (isRefused(stepped)) throw new Error(stepped.refused.code);
    stored = await store(stepped, stored);
  }
  return stored.access;
}

const storeWith = (ledger: CliStore['ledger']): CliStore => ({
  ledger,
  timers: { schedule: async () => {} },
  witnesses: [],
  [Symbol.asyncDispose]: async () => {},
});

it('lists what is not over', async () => {
  expect((await cli.run(['access', 'list'])).out).toBe('No access is open or waiting.\n');
  await store(waitingAccess({ id: 'acc_aaaaaaaaaaaaaaaa', askedAt: noon - 60_000 }));
  await active();
  const { code, out } = await cli.run(['access', 'list']);
  expect(out).toBe(
    [
      'ID                    STATE    TARGET       REQUESTER    ASKED                 ENDS',
      'acc_aaaaaaaaaaaaaaaa  waiting  payments-db  ana (U0ANA)  2026-11-23T11:59:00Z  -',
      'acc_bbbbbbbbbbbbbbbb  active   payments-db  ana (U0ANA)  2026-11-23T12:00:00Z  2026-11-23T12:45:00Z (in 45m)',
      '',
    ].join('\n'),
  );
  expect(code).toBe(0);
  const json = JSON.parse((await cli.run(['access', 'list', '--json'])).out);
  expect(json).toMatchObject({ accesses: [{ state: 'waiting' }, { state: 'active' }], altered: [] });
});

it('names a record that was altered, and exits with 1', async () => {
  const { access } = await store(waitingAccess());
  const ledger = { ...cli.ledger, read: async () => 'forged' as const };
  const { code, err } = await cli.run(['access', 'list'], {
    openStore: () => storeWith(ledger),
  });
  expect([code, err]).toEqual([1, `${access.request.id}: its record in Redis was altered; it is refused\n`]);
});

it('shows one access with its trail, and nothing that a terminal would obey', async () => {
  await active();
  const { code, out } = await cli.run(['access', 'show', 'bbbb']);
  expect(code).toBe(0);
  expect(out).toContain('State        active\n');
  expect(out).toContain('Approved by  rules[0].approve: on call\n');
  expect(out).toContain('Reason       look [31mred [0m\n');
  expect(out).toMatch(
    /^#1 [0-9a-f]{8} {2}2026-11-23T12:00:00.000Z {2}access.requested {2}payments-db {2}acc_b{16} {2}by ana \(U0ANA\) {2}reason="look/m,
  );
  expect(out).toMatch(/ access\.active .* by prod-access {2}ends_at=2026-11-23T12:45:00\.000Z\n$/);
  expect(out).not.toContain('\u001b');
  const json = JSON.parse((await cli.run(['access', 'show', 'bbbb', '--json'])).out);
  expect(json).toMatchObject({
    version: 4,
    access: { state: 'active' },
    entries: [{ seq: 1 }, {}, {}, {}, {}],
  });
});

it('shows of one that is over when, by whom and why it ended, not when it would have', async () => {
  let stored = await store(
    open(makeRequest({ id: 'acc_cccccccccccccccc' }), { lapsesAt: noon + 1_000 }, noon),
  );
  const lea = { kind: 'person', id: 'U0LEA', name: 'Lea Brandt' } as const;
  const vote = { person: lea.id, name: lea.name, answer: 'approve', at: noon } as const;
  for (const command of [
    { kind: 'vote', vote, decided: true, policy: 'p' },
    { kind: 'revoke', by: lea, why: 'laptop stolen' },
    { kind: 'grant-gone' },
    { kind: 'sandbox-gone' },
  ] as const) {
    const stepped = step(stored.access, command, noon);
    if (isRefused(stepped)) throw new Error(stepped.refused.code);
    stored = await store(stepped, stored);
  }
  const { out } = await cli.run(['access', 'show', 'cccc']);
  expect(out).toMatch(/^Ended +2026-11-23T12:00:00Z by Lea Brandt \(U0LEA\): laptop stolen$/m);
  expect(out).not.toMatch(/^Ends /m);
  expect((await cli.run(['access', 'list', '--all'])).out).toMatch(/revoked .* ended 2026-11-23T12:00:00Z$/m);
});

it('says that there is no such access, and exits with 1', async () => {
  const { code, err } = await cli.run(['access', 'show', 'zzzz']);
  expect([code, err]).toEqual([
    1,
    'There is no access zzzz. "prod-access access list --all" shows what there is.\n',
  ]);
  expect(JSON.parse((await cli.run(['access', 'show', 'zzzz', '--json'])).out)).toEqual({
    refused: { code: 'no-such-access', text: 'zzzz' },
  });
});

it('revokes as the operator, with the reason on the record and the work handed on', async () => {
  await active();
  const { code, out } = await cli.run(['access', 'revoke', 'acc_bb', '--reason', 'laptop stolen']);
  expect([code, out]).toEqual([
    0,
    'acc_bbbbbbbbbbbbbbbb is being taken away. "prod-access access show acc_bbbbbbbbbbbbbbbb" tells when it is gone.\n',
  ]);
  const last = (await cli.ledger.trail(0, 100)).at(-1)?.entry;
  expect(last).toMatchObject({
    action: 'access.ending',
    actor: { kind: 'system', id: 'cli:root', name: 'root' },
    details: { cause: 'revoked', why: 'laptop stolen' },
  });
  expect(cli.timers.map(({ effect }) => effect)).toContain('revoke');
  const again = await cli.run(['access', 'revoke', 'acc_bb']);
  expect([again.code, again.err]).toEqual([1, 'Nothing was done: it is being revoked.\n']);
});

it('rejects one that waits', async () => {
  await store(waitingAccess({ id: 'acc_aaaaaaaaaaaaaaaa' }));
  const { out } = await cli.run(['access', 'revoke', 'aaaa']);
  expect(out).toBe('acc_aaaaaaaaaaaaaaaa was rejected. Nothing had been granted.\n');
  expect(JSON.parse((await cli.run(['access', 'revoke', 'aaaa', '--json'])).out)).toMatchObject({
    refused: { code: 'wrong-state', state: 'rejected' },
  });
});

it('says what is unavailable, and exits with 69', async () => {
  const ledger = {
    ...cli.ledger,
    unfinished: async () => {
      throw new LedgerFault('unavailable', 'Redis did not do it: connect ECONNREFUSED');
    },
  };
  const { code, err } = await cli.run(['access', 'list'], {
    openStore: () => storeWith(ledger),
  });
  expect([code, err]).toEqual([69, 'Not available: Redis did not do it: connect ECONNREFUSED\n']);
});

it('reports all that the configuration lacks, and exits with 78', async () => {
  const { code, err } = await cli.run(['access', 'list'], { env: {} });
  expect(code).toBe(78);
  expect(err.match(/^[A-Z_]+: is missing\./gm)).toEqual([
    'REDIS_URL: is missing.',
    'PROD_ACCESS_DATA_DIR: is missing.',
    'PROD_ACCESS_SIGNING_KEY: is missing.',
  ]);
});
