/**
 * Sign in with Slack: the issuer's state. One app, the codes and access tokens it was given, where it may send people
 * back to, and what a test wants to be wrong with the next id_token. Codes age by the workspace's clock; tokens are
 * dated by the clock of signatures, with which clients compare them.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { z } from 'zod';
import type { Workspace } from '../workspace.ts';
import { type Bend, bendSchema } from './claims.ts';
import { type Codes, type Consent, createCodes } from './codes.ts';
import { createKeys, type Keys } from './keys.ts';
import { redirectUrlSchema } from './redirect-urls.ts';

export type OpenIdDeps = {
  readonly workspace: Workspace;
  /** The look-alike's own, once it listens: `http://127.0.0.1:PORT`. */
  readonly origin: () => string;
  readonly isDown: () => boolean;
  /** Epoch milliseconds. */
  readonly signingNow: () => number;
  /** The manifest's. */
  readonly redirectUrls: readonly string[];
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
};

export type OpenId = {
  readonly workspace: Workspace;
  readonly issuer: () => string;
  readonly isDown: () => boolean;
  readonly signingNow: () => number;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly codes: Codes;
  /** What was agreed to, by access token. */
  readonly consents: Map<string, Consent>;
  readonly keys: Keys;
  readonly redirectUrls: () => readonly string[];
  /** Replaces those registered this way before; the manifest's stay. */
  readonly setRedirectUrls: (urls: readonly string[]) => void;
  /** Bends the next id_token, and only that. */
  readonly bendIdToken: (bend: Bend) => void;
  readonly takeBend: () => Bend;
};

export function createOpenId(deps: OpenIdDeps): OpenId {
  let more: readonly string[] = [];
  let bend: Bend = {};
  return {
    workspace: deps.workspace,
    issuer: deps.origin,
    isDown: deps.isDown,
    signingNow: deps.signingNow,
    clientId: deps.clientId ?? `${randomInt(1e10, 1e11)}.${randomInt(1e12, 1e13)}`,
    clientSecret: deps.clientSecret ?? randomBytes(16).toString('hex'),
    codes: createCodes(deps.workspace.now),
    consents: new Map(),
    keys: createKeys(),
    redirectUrls: () => [...deps.redirectUrls, ...more],
    setRedirectUrls: (urls) => {
      more = z.array(redirectUrlSchema).parse(urls);
    },
    bendIdToken: (next) => {
      bend = bendSchema.parse(next);
    },
    takeBend: () => {
      const taken = bend;
      bend = {};
      return taken;
    },
  };
}
