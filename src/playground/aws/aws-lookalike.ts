/**
 * A local stand-in for AWS IAM and STS that unchanged SDK clients talk to, plus a little data service to be granted.
 * It checks signatures, evaluates policies on every call and keeps IAM's limits, conflicts and delays, so that what
 * works against it has met the refusals that the real one has. All state is in memory and ends with it.
 */
import { type Account, type Bot, openAccount } from './account.ts';
import { type Controls, handleControl } from './control.ts';
import { allowEverything, readOnlyAccess } from './default-policies.ts';
import { openBucket, openFaults } from './faults.ts';
import { handleData, handleQuery, type World } from './handle-call.ts';
import { newManagedPolicy } from './iam-managed-policies.ts';
import { parsePolicy } from './policy-document.ts';
import { openRequestLog } from './request-log.ts';
import { viewRoles } from './role-view.ts';
import { listen } from './server.ts';

export type AwsLookalikeOptions = {
  /** On 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number;
  readonly accountId?: string;
  /** Epoch milliseconds. */
  readonly now?: () => number;
  /** How long IAM's writes take to have effect; reading back sees them at once. 0 by default. */
  readonly propagationMs?: number;
  /** Above it IAM's writes are answered with `Throttling`. No bound by default. */
  readonly writesPerSecond?: number;
  /** How far a signature's time may be off: 15 minutes, but any where `now` is given. */
  readonly maxSkewMs?: number;
  readonly bot?: Partial<BotOptions>;
};

export type BotOptions = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only where the bot is an assumed role. */
  readonly sessionToken: string;
  /** `arn:aws:iam::…:user/…` or `arn:aws:sts::…:assumed-role/…/…`. */
  readonly arn: string;
  /** A policy document. Everything is allowed by default. */
  readonly policy: unknown;
};

export type AwsLookalike = AsyncDisposable &
  Controls & {
    readonly url: string;
    readonly accountId: string;
    /** For an SDK client: the bot's keys. */
    readonly botCredentials: {
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      readonly sessionToken?: string;
    };
    /** Calls `listener` after every call and every change from here. Returns how to stop it. */
    onChange(listener: () => void): () => void;
  };

/** Rejects if the port is taken; throws `AwsError` for a bot policy that cannot be judged. */
export async function startAwsLookalike(options: AwsLookalikeOptions = {}): Promise<AwsLookalike> {
  const { accountId = '123456789012', now: wallClock = Date.now, propagationMs = 0 } = options;
  const bot = botOf(options.bot ?? {}, accountId);
  const listeners = new Set<() => void>();
  const onChange = () => {
    for (const listener of listeners) listener();
  };
  let advancedMs = 0;
  const now = () => wallClock() + advancedMs;
  const open = () => {
    const opened = openAccount({ id: accountId, now, propagationMs, bot, onChange });
    plantManagedPolicy(opened, readOnlyAccess.arn, readOnlyAccess.document);
    return opened;
  };
  let account = open();
  const faults = openFaults();
  const log = openRequestLog();
  const throttleWrite = openBucket(options.writesPerSecond ?? Number.POSITIVE_INFINITY, now);
  // Signers know nothing of an advanced clock, and tests with a clock of their own cannot set the SDK's.
  const skew = {
    maxMs: options.maxSkewMs ?? (options.now ? Number.POSITIVE_INFINITY : 15 * 60_000),
    now: wallClock,
  };
  const world = (): World => ({ account, faults, log, skew, throttleWrite, onChange });

  const controls: Controls = {
    roles: () => viewRoles(account),
    counts: log.counts,
    requests: log.entries,
    inject: faults.inject,
    setBotPolicy(document) {
      account.bot = { ...account.bot, policy: parsePolicy(JSON.stringify(document), 'identity') };
      onChange();
    },
    addManagedPolicy: (arn, document) => plantManagedPolicy(account, arn, document),
    addResourcePolicy(arn, document) {
      account.resourcePolicies.set(arn, parsePolicy(JSON.stringify(document), 'resource').document);
      onChange();
    },
    advance(ms) {
      advancedMs += ms;
      onChange();
    },
    reset() {
      account = open();
      faults.clear();
      log.clear();
      onChange();
    },
  };

  const server = await listen(options.port ?? 0, {
    query: (request, sourceIp) => handleQuery(world(), request, sourceIp),
    data: (request, sourceIp) => handleData(world(), request, sourceIp),
    control: (command, body) => handleControl(controls, command, body),
  });
  return {
    ...controls,
    url: server.url,
    accountId,
    botCredentials: {
      accessKeyId: bot.accessKeyId,
      secretAccessKey: bot.secretAccessKey,
      ...(bot.sessionToken === undefined ? {} : { sessionToken: bot.sessionToken }),
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [Symbol.asyncDispose]: server.close,
  };
}

function botOf(bot: Partial<BotOptions>, accountId: string): Bot {
  return {
    accessKeyId: bot.accessKeyId ?? 'AKIALOOKALIKEBOT0000',
    secretAccessKey: bot.secretAccessKey ?? 'look-alike-secret-of-no-value-to-anyone0',
    sessionToken: bot.sessionToken,
    arn: bot.arn ?? `arn:aws:iam::${accountId}:user/prod-access-bot`,
    policy: parsePolicy(JSON.stringify(bot.policy ?? allowEverything), 'identity'),
  };
}

function plantManagedPolicy(account: Account, arn: string, document: unknown): void {
  account.managed.plant(arn, newManagedPolicy(account, arn, JSON.stringify(document)));
}
