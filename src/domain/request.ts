/** What was asked, by whom, why and for how long; and how a one-line ask is read. */
import { parseDuration } from './duration.ts';
import type { AccessId } from './ids.ts';
import type { Person } from './people.ts';
import type { Refusal, Refused } from './refusal.ts';

/** The longest reason in characters: it must fit a card, the trail and a page. */
export const reasonMax = 1_000;
/** The longest ticket in characters. */
export const ticketMax = 100;

export type Ask = {
  readonly target: string;
  /** As written; absent means the target's default. */
  readonly duration?: string;
  readonly reason: string;
  readonly ticket?: string;
};

export type Request = {
  readonly id: AccessId;
  readonly requester: Person;
  readonly team: string;
  readonly target: string;
  readonly reason: string;
  readonly ticket?: string;
  readonly durationMs: number;
  /** Epoch milliseconds. */
  readonly askedAt: number;
  /** Hash of the policy under which it was asked. */
  readonly policy: string;
  /** Digest of what the target granted at that time. */
  readonly terms: string;
};

/** Reads `<target> [duration] <reason>`. A second word that starts like a duration is held to be one. */
export function parseAsk(text: string): Ask {
  const [target = '', second = '', ...rest] = text.trim().split(/\s+/);
  const meant = /^[0-9]/.test(second);
  const reason = (meant ? rest : [second, ...rest]).join(' ').trim();
  return { target, reason, ...(meant ? { duration: second } : {}) };
}

/**
 * What a person wrote, made safe to store and to show: well-formed, in one line, without control, bidirectional or
 * invisible characters, and no longer than `most` characters (code points: a pair is never cut). Escaping is the door's.
 */
export function cleanText(text: string, most = Number.POSITIVE_INFINITY): string {
  const clean = text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\p{Cf}\p{Co}\p{Cn}\p{Default_Ignorable_Code_Point}\u2800]/gu, '')
    .normalize('NFC')
    .replace(/\s+/g, ' ')
    .trim();
  return clean.length <= most ? clean : [...clean].slice(0, most).join('').trim();
}

export type Terms = {
  readonly maxMs: number;
  readonly defaultMs: number;
  readonly reasonMin: number;
  readonly ticket?: string;
};

/** Holds an ask against its target's bounds; the first thing wrong is the answer. */
export function checkAsk(
  ask: Ask,
  terms: Terms,
): Refused | { readonly durationMs: number; readonly reason: string; readonly ticket?: string } {
  const refuse = (refused: Refusal): Refused => ({ refused });
  const durationMs = ask.duration === undefined ? terms.defaultMs : parseDuration(ask.duration);
  if (durationMs === undefined)
    return refuse({ code: 'duration-malformed', text: cleanText(ask.duration ?? '', 40) });
  if (durationMs > terms.maxMs)
    return refuse({ code: 'duration-too-long', askedMs: durationMs, maxMs: terms.maxMs });
  const reason = cleanText(ask.reason);
  const length = [...reason].length;
  if (length === 0) return refuse({ code: 'reason-missing' });
  if (length < terms.reasonMin) return refuse({ code: 'reason-too-short', min: terms.reasonMin, length });
  if (length > reasonMax) return refuse({ code: 'reason-too-long', max: reasonMax, length });
  if (terms.ticket === undefined)
    return { durationMs, reason, ...ticketField(cleanText(ask.ticket ?? '', ticketMax)) };
  const ticket = findTicket(terms.ticket, cleanText(ask.ticket ?? '', ticketMax), reason);
  return ticket === undefined
    ? refuse({ code: 'ticket-missing', pattern: terms.ticket })
    : { durationMs, reason, ticket };
}

function ticketField(ticket: string): { ticket?: string } {
  return ticket === '' ? {} : { ticket };
}

/** The ticket must be the whole field, or stand as a word of its own in the reason. */
function findTicket(pattern: string, field: string, reason: string): string | undefined {
  if (field !== '') return new RegExp(`^(?:${pattern})$`, 'u').test(field) ? field : undefined;
  return new RegExp(`(?<![\\p{L}\\p{N}_-])(?:${pattern})(?![\\p{L}\\p{N}_-])`, 'u').exec(reason)?.[0];
}
