/** An access in each of its states, made by the commands that lead there. */
import type { Access } from '../../src/domain/access.ts';
import { bot } from '../../src/domain/audit.ts';
import type { Command } from '../../src/domain/command.ts';
import { isRefused } from '../../src/domain/refusal.ts';
import { type Stepped, step } from '../../src/domain/step.ts';
import { noon, waitingAccess } from './builders.ts';

const policy = 'a'.repeat(64);
const lea = { person: 'U0LEA', name: 'lea', at: noon + 1_000 } as const;

/** One command of each kind, and each vote that makes a difference. */
export const commands = {
  'vote that does not decide': {
    kind: 'vote',
    vote: { ...lea, answer: 'approve' },
    decided: false,
    line: 0,
    policy,
  },
  'vote that decides': { kind: 'vote', vote: { ...lea, answer: 'approve' }, decided: true, line: 0, policy },
  'vote against': {
    kind: 'vote',
    vote: { ...lea, answer: 'deny', reason: 'not today' },
    decided: false,
    policy,
  },
  withdraw: { kind: 'withdraw' },
  lapse: { kind: 'lapse' },
  begin: { kind: 'begin' },
  'sandbox-open': { kind: 'sandbox-open', driver: 'local', limitsHeldBy: 'cgroup-v2', checks: 12 },
  'sandbox-anew': { kind: 'sandbox-anew', driver: 'local' },
  activate: { kind: 'activate', role: 'arn:aws:iam::123456789012:role/prod-access/x' },
  warn: { kind: 'warn' },
  extend: { kind: 'extend', byMs: 600_000, by: bot, why: 'not done yet', policy, rule: 'votes' },
  end: { kind: 'end' },
  done: { kind: 'done' },
  revoke: { kind: 'revoke', by: { kind: 'person', id: 'U0SEC', name: 'sec' }, why: 'odd' },
  'give-up': { kind: 'give-up', why: 'no sandbox' },
  'missed grant': { kind: 'missed', what: 'grant', why: 'AWS does not answer' },
  'missed sandbox': { kind: 'missed', what: 'sandbox', why: 'it hangs' },
  'grant-gone': { kind: 'grant-gone' },
  'sandbox-gone': { kind: 'sandbox-gone' },
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof commands;

/** Applies commands at `now`, and throws where one is refused. */
export function after(access: Access, names: readonly CommandName[], now = noon + 60_000): Access {
  return names.reduce((at, name) => taken(step(at, commands[name], now)).next, access);
}

export function taken(outcome: ReturnType<typeof step>): Stepped {
  if (isRefused(outcome)) throw new Error(`refused: ${JSON.stringify(outcome.refused)}`);
  return outcome;
}

const waiting = waitingAccess().next;
const toActive = ['vote that decides', 'begin', 'sandbox-open', 'activate'] as const;
const active = after(waiting, toActive);

export const lives = {
  waiting,
  rejected: after(waiting, ['vote against']),
  withdrawn: after(waiting, ['withdraw']),
  lapsed: after(waiting, ['lapse'], noon + 9 * 3_600_000),
  approved: after(waiting, ['vote that decides']),
  'provisioning (sandbox)': after(waiting, ['vote that decides', 'begin']),
  'provisioning (grant)': after(waiting, ['vote that decides', 'begin', 'sandbox-open']),
  active,
  'active (warned)': after(active, ['warn']),
  'revoking (both left)': after(active, ['done']),
  'revoking (grant left)': after(active, ['done', 'sandbox-gone']),
  'revoking (sandbox left)': after(active, ['revoke', 'grant-gone']),
  'revoking (failed, sandbox left)': after(waiting, ['vote that decides', 'begin', 'give-up', 'grant-gone']),
  revoked: after(active, ['done', 'grant-gone', 'sandbox-gone']),
  failed: after(active, ['give-up', 'sandbox-gone', 'grant-gone']),
} as const satisfies Record<string, Access>;

export type LifeName = keyof typeof lives;
