/**
 * Authorisation codes: good once and for ten minutes by the workspace's clock. A code remembers all that its exchange
 * must match. It needs no client: the workspace has one app, and nobody else gets as far as spending a code.
 */
import { randomBytes } from 'node:crypto';
import { SlackRefusal } from '../wire.ts';

export const codeLifeMs = 10 * 60_000;

/** What a person agreed to on the sign-in page. */
export type Consent = {
  readonly user: string;
  readonly scopes: ReadonlySet<string>;
  /** Exactly as the authorisation request wrote it. */
  readonly redirectUri: string;
  /** Empty where the request had none. */
  readonly nonce: string;
  /** The S256 challenge, if the request had one. */
  readonly challenge: string | undefined;
  /** Epoch milliseconds, by the clock of signatures. */
  readonly at: number;
};

export type Codes = {
  readonly issue: (consent: Consent) => string;
  /** Throws `invalid_code` for one that is unknown or too old, `code_already_used` for a second try. */
  readonly spend: (code: string) => Consent;
};

export function createCodes(now: () => number): Codes {
  const codes = new Map<string, { consent: Consent; bornAt: number; spent: boolean }>();
  let count = 0;
  const isOld = (bornAt: number): boolean => now() - bornAt > codeLifeMs;
  return {
    issue: (consent) => {
      // Oldest first: the sweep ends at the first that still lives.
      for (const [code, { bornAt }] of codes) {
        if (!isOld(bornAt)) break;
        codes.delete(code);
      }
      count += 1;
      const code = `${Math.floor(now() / 1000)}.${count}.${randomBytes(32).toString('hex')}`;
      codes.set(code, { consent, bornAt: now(), spent: false });
      return code;
    },
    spend: (code) => {
      const found = codes.get(code);
      if (!found || isOld(found.bornAt)) throw new SlackRefusal('invalid_code');
      if (found.spent) throw new SlackRefusal('code_already_used');
      found.spent = true;
      return found.consent;
    },
  };
}
