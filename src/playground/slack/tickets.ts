/**
 * The two short-lived rights that an interaction hands to the app: a trigger id (3 s, once) that opens a modal, and a
 * response URL (30 minutes, five uses) that answers where the interaction happened.
 */
import { randomBytes } from 'node:crypto';
import { SlackRefusal } from './wire.ts';

export const triggerLifeMs = 3_000;
export const responseUrlLifeMs = 30 * 60_000;
export const responseUrlUses = 5;

/** Where a response URL answers: the person, the channel, and the message that was clicked, if one was. */
export type ResponseTarget = {
  readonly user: string;
  readonly channel: string;
  readonly message?:
    | { readonly ts: string; readonly ephemeral: boolean; readonly thread_ts?: string | undefined }
    | undefined;
};

export type Tickets = {
  readonly issueTrigger: (user: string) => string;
  /** Spends a trigger and says whose it was; throws Slack's refusals. */
  readonly spendTrigger: (trigger: string) => string;
  /** A new secret path segment. */
  readonly issueResponse: (target: ResponseTarget) => string;
  /** Spends one use; `used_url` and `expired_url` are what Slack answers then. */
  readonly spendResponse: (ticket: string) => ResponseTarget;
};

export function createTickets(now: () => number): Tickets {
  const triggers = new Map<string, { user: string; bornAt: number; spent: boolean }>();
  const responses = new Map<string, { target: ResponseTarget; bornAt: number; uses: number }>();
  let count = 0;
  return {
    issueTrigger: (user) => {
      count += 1;
      const trigger = `${Math.floor(now() / 1000)}.${count}.${randomBytes(16).toString('hex')}`;
      triggers.set(trigger, { user, bornAt: now(), spent: false });
      return trigger;
    },
    spendTrigger: (trigger) => {
      const found = triggers.get(trigger);
      if (!found) throw new SlackRefusal('invalid_trigger_id');
      if (found.spent) throw new SlackRefusal('exchanged_trigger_id');
      if (now() - found.bornAt > triggerLifeMs) throw new SlackRefusal('expired_trigger_id');
      found.spent = true;
      return found.user;
    },
    issueResponse: (target) => {
      const ticket = randomBytes(18).toString('base64url');
      responses.set(ticket, { target, bornAt: now(), uses: 0 });
      return ticket;
    },
    spendResponse: (ticket) => {
      const found = responses.get(ticket);
      if (!found || now() - found.bornAt > responseUrlLifeMs) throw new SlackRefusal('expired_url');
      if (found.uses >= responseUrlUses) throw new SlackRefusal('used_url');
      found.uses += 1;
      return found.target;
    },
  };
}
