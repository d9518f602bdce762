/**
 * What can happen to an access. Whether somebody may give a command is judged before, in the flow; what it does in
 * which state is the table at the head of step.ts.
 */
import type { Vote } from './approval.ts';
import type { Actor } from './audit.ts';

export type Command =
  /** `decided` is what the vote, which the flow has found entitled, brings about by today's policy. */
  | {
      readonly kind: 'vote';
      readonly vote: Vote;
      readonly decided: boolean;
      readonly line?: number;
      readonly policy: string;
    }
  | { readonly kind: 'withdraw' }
  | { readonly kind: 'lapse' }
  | { readonly kind: 'begin' }
  | {
      readonly kind: 'sandbox-open';
      readonly driver: string;
      readonly limitsHeldBy: string;
      readonly checks: number;
    }
  | { readonly kind: 'sandbox-anew'; readonly driver: string }
  | { readonly kind: 'activate'; readonly role: string }
  | { readonly kind: 'warn' }
  | {
      readonly kind: 'extend';
      readonly byMs: number;
      readonly by: Actor;
      readonly why?: string;
      readonly policy: string;
      readonly rule: string;
    }
  | { readonly kind: 'end' }
  | { readonly kind: 'done' }
  | { readonly kind: 'revoke'; readonly by: Actor; readonly why?: string }
  | { readonly kind: 'give-up'; readonly why: string }
  | { readonly kind: 'missed'; readonly what: 'grant' | 'sandbox'; readonly why: string }
  | { readonly kind: 'grant-gone' }
  | { readonly kind: 'sandbox-gone' };
