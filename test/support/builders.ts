/** Ready-made things for tests; each test changes only what it is about. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Access } from '../../src/domain/access.ts';
import type { Draft } from '../../src/domain/audit.ts';
import { type AccessId, idBytes, idFrom } from '../../src/domain/ids.ts';
import type { Account, Facts } from '../../src/domain/people.ts';
import { type Policy, policySchema } from '../../src/domain/policy.ts';
import type { Request } from '../../src/domain/request.ts';
import { open, type Stepped } from '../../src/domain/step.ts';

export const noon = Date.UTC(2026, 10, 23, 12, 0, 0);
export const team = 'T0TEAM';

export function newId(): AccessId {
  return idFrom('acc', randomBytes(idBytes));
}

export function newSigningKey(): ReturnType<typeof generateKeyPairSync>['privateKey'] {
  return generateKeyPairSync('ed25519').privateKey;
}

export const policyInput = {
  version: 1,
  channels: { audit: 'C0AUDIT', approvals: 'C0APPROVE' },
  groups: {
    payments: { users: ['U0ANA', 'U0BEN'] },
    leads: { users: ['U0LEA', 'U0LEO'] },
    security: { users: ['U0SEC'] },
    'on-call': { users: ['U0BEN'] },
  },
  targets: {
    'payments-db': {
      name: 'Payments database, read only',
      requesters: ['payments'],
      approvers: [
        { from: ['leads'], count: 1 },
        { from: ['security'], count: 1 },
      ],
      duration: { default: '1h', max: '4h', total: '8h' },
      expires: '8h',
      reason: { min: 10, ticket: 'INC-[0-9]+' },
      grant: {
        aws: {
          account: '123456789012',
          region: 'eu-west-1',
          boundary: 'arn:aws:iam::123456789012:policy/prod-access-boundary',
          managed: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
        },
      },
      sandbox: { memory: '512Mi', cpus: 1, processes: 256 },
    },
    wiki: {
      requesters: ['payments'],
      approvers: [{ from: ['leads'] }],
      duration: { default: '30m', max: '1h' },
      grant: {
        aws: {
          account: '123456789012',
          region: 'eu-west-1',
          boundary: 'arn:aws:iam::123456789012:policy/prod-access-boundary',
        },
      },
    },
  },
};

export function makePolicy(
  change: (input: typeof policyInput & { rules?: unknown[] }) => void = () => {},
): Policy {
  const input = structuredClone(policyInput);
  change(input);
  return { ...policySchema.parse(input), hash: 'a'.repeat(64) };
}

export function account(id: string, change: Partial<Account> = {}): Account {
  return {
    id,
    team,
    name: id.slice(2).toLowerCase(),
    deleted: false,
    bot: false,
    restricted: false,
    ultraRestricted: false,
    stranger: false,
    ...change,
  };
}

export function makeFacts(change: Partial<Facts> = {}): Facts {
  const people = ['U0ANA', 'U0BEN', 'U0LEA', 'U0LEO', 'U0SEC', 'U0OUT'];
  return {
    team,
    members: {
      payments: new Set(['U0ANA', 'U0BEN']),
      leads: new Set(['U0LEA', 'U0LEO']),
      security: new Set(['U0SEC']),
      'on-call': new Set(['U0BEN']),
    },
    accounts: Object.fromEntries(people.map((id) => [id, account(id)])),
    missing: [],
    ...change,
  };
}

export function makeRequest(change: Partial<Request> = {}): Request {
  return {
    id: newId(),
    requester: { id: 'U0ANA', name: 'ana' },
    team,
    target: 'payments-db',
    reason: 'checkout answers 500, INC-4821',
    ticket: 'INC-4821',
    durationMs: 45 * 60_000,
    askedAt: noon,
    policy: 'a'.repeat(64),
    terms: 'b'.repeat(64),
    ...change,
  };
}

export function waitingAccess(change: Partial<Request> = {}): Stepped & { readonly next: Access } {
  return open(makeRequest(change), { lapsesAt: noon + 8 * 3_600_000 }, noon);
}

export function someDraft(change: Partial<Draft> = {}): Draft {
  return {
    at: '2026-11-23T12:00:00.000Z',
    action: 'vote.refused',
    actor: { kind: 'person', id: 'U0OUT', name: 'out' },
    details: { code: 'not-an-approver' },
    ...change,
  };
}
