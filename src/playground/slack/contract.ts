/** What a look-alike is started with, and what its owner (a test, the playground) can do with it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Change } from './changes.ts';
import type { Courier } from './delivery.ts';
import type { Fault } from './faults.ts';
import type { Human } from './human.ts';
import type { OpenId } from './openid/openid.ts';
import type { RateLimit } from './rates.ts';
import type { Manifest, Seed } from './seed.ts';
import type { CallRecord, TokenState } from './web-api.ts';
import type { Channel, Person, UserGroup } from './wire.ts';
import type { Workspace } from './workspace.ts';

export type LookalikeOptions = {
  readonly seed?: Seed | undefined;
  /**
   * The app's manifest: its bot scopes and redirect URLs are enforced; if it lists slash commands, only those exist.
   */
  readonly manifest: Manifest;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /**
   * The workspace's clock, epoch milliseconds: timestamps, triggers, response URLs, rates, authorisation codes. Default
   * `Date.now`.
   */
  readonly now?: (() => number) | undefined;
  /** The clock of signatures and id_tokens. Default `Date.now`, which is what Bolt and openid-client compare with. */
  readonly signingNow?: (() => number) | undefined;
  /** Real milliseconds that the app has to acknowledge. Default 3,000, as in Slack. */
  readonly ackTimeoutMs?: number | undefined;
  /** Messages per channel; `slackRate` is Slack's. Default: no limit. */
  readonly rateLimit?: RateLimit | undefined;
  readonly requestUrl?: string | undefined;
  readonly botToken?: string | undefined;
  readonly appToken?: string | undefined;
  readonly signingSecret?: string | undefined;
  /** Of Sign in with Slack, like the secret; random where left out. */
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  /** Serves what the look-alike does not: a page on the same origin. Returns whether it answered. */
  readonly handle?:
    | ((request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>)
    | undefined;
};

export type SlackLookalike = AsyncDisposable & {
  /** `http://127.0.0.1:PORT`, no slash at the end. The OpenID Connect issuer, too. */
  readonly url: string;
  /** What `SLACK_API_URL` takes. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly signingSecret: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly workspace: Workspace;
  readonly human: Human;
  readonly setRequestUrl: (url: string | undefined) => void;
  /** Where a sign-in may lead besides the manifest's `redirect_urls`; replaces what was set here before. */
  readonly setRedirectUrls: OpenId['setRedirectUrls'];
  /**
   * Signs this person in as they would in the browser and gives the address that the browser is then sent to. Rejects
   * with what the page says where it does not let them.
   */
  readonly signIn: (authorizeUrl: string, personId: string) => Promise<string>;
  /** Makes the next id_token wrong in a chosen way, and only that one. */
  readonly bendIdToken: OpenId['bendIdToken'];
  readonly deliverRaw: Courier['deliverRaw'];
  readonly replay: Courier['replay'];
  readonly lastDelivery: Courier['lastDelivery'];
  readonly inject: (fault: Fault) => void;
  /** Ends all injected faults and lets hanging calls go on. */
  readonly clearFaults: () => void;
  /** All of Slack away: calls are cut, sockets dropped, nobody's act is delivered. */
  readonly down: (down: boolean) => void;
  readonly setTokenState: (state: TokenState) => void;
  readonly sockets: () => number;
  /** Asks Socket Mode connections to reconnect, or cuts them without a word. */
  readonly disconnectSockets: (how?: 'ask' | 'cut') => void;
  /** Changes a person, channel or user group, as an admin would. */
  readonly amend: (id: string, patch: Partial<Person & Channel & UserGroup>) => void;
  /** Web API calls so far, by method. */
  readonly counts: () => Readonly<Record<string, number>>;
  /** The last 2,000 calls, oldest first. */
  readonly calls: (method?: string) => readonly CallRecord[];
  /** Returns the function that stops the listening. */
  readonly onChange: (listener: (change: Change) => void) => () => void;
  /** Waits until `look` finds something, looking now and after each change; default 5 s, then rejects. */
  readonly waitFor: <T>(look: () => T | undefined | null | false, timeoutMs?: number) => Promise<T>;
};
