/**
 * Expected noes. Each is a fact that someone can be told; doors turn them into words, nothing else does.
 */
import type { FileFlaw } from './own-path.ts';
import type { Ineligibility } from './people.ts';

export type Refusal =
  /** Unknown targets and those that one may not ask for read alike: a refusal must not be a way to list targets. */
  | { readonly code: 'no-such-target'; readonly target: string; readonly offered: readonly string[] }
  | { readonly code: 'ineligible'; readonly why: Ineligibility }
  | { readonly code: 'directory-unavailable'; readonly missing: readonly string[] }
  | { readonly code: 'duration-malformed'; readonly text: string }
  | { readonly code: 'duration-too-long'; readonly askedMs: number; readonly maxMs: number }
  | { readonly code: 'reason-missing' }
  | { readonly code: 'reason-too-short'; readonly min: number; readonly length: number }
  | { readonly code: 'reason-too-long'; readonly max: number; readonly length: number }
  | { readonly code: 'ticket-missing'; readonly pattern: string }
  | { readonly code: 'denied-by-rule'; readonly because: string }
  | { readonly code: 'own-request' }
  | { readonly code: 'not-an-approver' }
  | { readonly code: 'already-voted' }
  | { readonly code: 'terms-changed' }
  | { readonly code: 'wrong-state'; readonly state: string; readonly wanted: string }
  | { readonly code: 'not-yours' }
  | { readonly code: 'no-such-access'; readonly text: string }
  | { readonly code: 'ambiguous-access'; readonly text: string; readonly matches: number }
  | { readonly code: 'too-many-sessions'; readonly max: number }
  | { readonly code: 'not-recordable'; readonly why: string }
  | { readonly code: 'no-such-session' }
  | { readonly code: 'from-elsewhere' }
  | { readonly code: 'download-off' }
  | { readonly code: 'download-under-way' }
  | { readonly code: 'replays-under-way' }
  | { readonly code: 'too-many-attempts'; readonly perMinute: number }
  | { readonly code: 'no-file'; readonly why: FileFlaw; readonly path: string }
  | {
      readonly code: 'file-too-big';
      readonly bytes: number;
      readonly leftBytes: number;
      readonly maxBytes: number;
    }
  /** The sandbox or the host failed: nothing has left. */
  | { readonly code: 'download-failed'; readonly why: string }
  | { readonly code: 'stale-card' }
  | { readonly code: 'total-exceeded'; readonly totalMs: number; readonly leftMs: number }
  | { readonly code: 'unproven'; readonly why: string };

/** `also`: whatever else was wrong, so that nobody has to find it out one by one. */
export type Refused = { readonly refused: Refusal; readonly also?: readonly Refusal[] };

export function isRefused(outcome: object): outcome is Refused {
  return 'refused' in outcome;
}
