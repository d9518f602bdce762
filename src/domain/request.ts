/** What was asked, by whom, why and for how long; and how a one-line ask is read. */
import { isDurationUnit, readDuration } from './duration.ts';
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

/**
 * Reads `<target> [duration] <reason>`. A second word that starts like a duration is held to be one, with the unit that
 * follows it. Phones write the first letter large; names of targets have none.
 */
export function parseAsk(text: string): Ask {
  const [name = '', ...words] = text.trim().split(/\s+/);
  const [second = '', third = ''] = words;
  const target = name.toLowerCase();
  if (!/^[0-9]/.test(second)) return { target, reason: words.join(' ') };
  const apart = /^[0-9]+$/.test(second) && isDurationUnit(third);
  const duration = apart ? second + third : second;
  return { target, duration, reason: words.slice(apart ? 2 : 1).join(' ') };
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

/** Holds an ask against its target's bounds; tells all that is wrong with it, one thing of each part. */
export function checkAsk(
  ask: Ask,
  terms: Terms,
): Refused | { readonly durationMs: number; readonly reason: string; readonly ticket?: string } {
  const durationMs = ask.duration === undefined ? terms.defaultMs : readDuration(ask.duration);
  const reason = cleanText(ask.reason);
  const field = cleanText(ask.ticket ?? '', ticketMax);
  const ticket = terms.ticket === undefined ? field : findTicket(terms.ticket, field, reason);
  const [refused, ...also] = [
    durationFlaw(ask, durationMs, terms),
    reasonFlaw([...reason].length, terms),
    ticket === undefined ? ({ code: 'ticket-missing', pattern: terms.ticket ?? '' } as const) : undefined,
  ].filter((flaw) => flaw !== undefined);
  if (refused !== undefined) return { refused, ...(also.length === 0 ? {} : { also }) };
  return { durationMs: durationMs ?? terms.defaultMs, reason, ...(ticket ? { ticket } : {}) };
}

function durationFlaw(ask: Ask, ms: number | undefined, { maxMs }: Terms): Refusal | undefined {
  if (ms === undefined) return { code: 'duration-malformed', text: cleanText(ask.duration ?? '', 40) };
  return ms > maxMs ? { code: 'duration-too-long', askedMs: ms, maxMs } : undefined;
}

function reasonFlaw(length: number, { reasonMin }: Terms): Refusal | undefined {
  if (length === 0) return { code: 'reason-missing' };
  if (length < reasonMin) return { code: 'reason-too-short', min: reasonMin, length };
  return length > reasonMax ? { code: 'reason-too-long', max: reasonMax, length } : undefined;
}

/** The ticket must be the whole field, or stand as a word of its own in the reason. */
function findTicket(pattern: string, field: string, reason: string): string | undefined {
  if (field !== '') return new RegExp(`^(?:${pattern})$`, 'u').test(field) ? field : undefined;
  return new RegExp(`(?<![\\p{L}\\p{N}_-])(?:${pattern})(?![\\p{L}\\p{N}_-])`, 'u').exec(reason)?.[0];
}
