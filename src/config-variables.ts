/** Each variable of the environment: what it may hold, and what a person is told where it does not. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { durationForm, parseDuration } from './domain/duration.ts';
import { imageForm, isImage } from './domain/image.ts';
import { readSigningKey } from './signing-key.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const settleMaxMs = 10 * 60_000;

/** What would be right, per variable. */
export const right: Readonly<Record<string, string>> = {
  SLACK_BOT_TOKEN: 'the bot token (xoxb-…) from "OAuth & Permissions" in your Slack app\'s settings',
  SLACK_SIGNING_SECRET:
    'the signing secret from "Basic Information" in your Slack app\'s settings; or set SLACK_APP_TOKEN for Socket Mode',
  SLACK_APP_TOKEN: 'the app-level token (xapp-…) with the scope connections:write, or leave it out for HTTP',
  SLACK_CLIENT_ID: 'the client id and SLACK_CLIENT_SECRET together, or neither (no sign-in, no web pages)',
  SLACK_CLIENT_SECRET:
    'the client secret and SLACK_CLIENT_ID together, or neither (no sign-in, no web pages)',
  SLACK_API_URL:
    'an https:// address; plain http:// on loopback only. Left out, it is https://slack.com/api/',
  REDIS_URL:
    'redis://host:6379, rediss://…, redis+sentinel://host:26379,host:26379/name, or nodes separated by commas',
  AWS_REGION: 'a region such as eu-west-1',
  AWS_ENDPOINT_URL: 'an https:// address, or plain http:// on loopback; leave it out to use AWS itself',
  PROD_ACCESS_POLICY: 'the path of the policy file, such as /etc/prod-access/policy.yaml',
  PROD_ACCESS_DATA_DIR: 'a directory that only the bot can write, such as /var/lib/prod-access',
  PROD_ACCESS_SIGNING_KEY:
    'an Ed25519 private key as PEM text, or the path of one: openssl genpkey -algorithm ed25519 -out signing-key.pem && chmod 600 signing-key.pem',
  PROD_ACCESS_LIMITS: 'enforced (the default) or best-effort',
  PROD_ACCESS_REDIS_LOSS: 'refuse (the default) or accept-last-second',
  PROD_ACCESS_IAM_SETTLE: `${durationForm}, at most 10m. Left out, it is 5s`,
  PROD_ACCESS_RECORDINGS:
    's3://bucket or s3://bucket/prefix, to which recordings are also uploaded; leave it out for files only',
  PROD_ACCESS_SANDBOX: 'local (the default) or docker',
  PROD_ACCESS_SANDBOX_IMAGE: `with docker only: ${imageForm}`,
  PROD_ACCESS_SANDBOX_RUNTIME: 'with docker only: a runtime as the engine has it registered, such as runsc',
  DOCKER_HOST: "unix:// and the path of the engine's socket. Left out, it is unix:///var/run/docker.sock",
  PORT: 'a port from 0 to 65535. Left out, it is 3000',
  PUBLIC_URL:
    'the https:// address under which people reach the web pages, without a path; plain http:// on loopback only',
  LOG_LEVEL: `one of ${logLevels.join(', ')}`,
};

const present = z.string('is missing');

/** A string that `read` accepts; a text that it returns is what is wrong. */
function checked<T>(read: (text: string) => { readonly value: T } | { readonly wrong: string }) {
  return present.transform((text, ctx): T => {
    const outcome = read(text);
    if ('value' in outcome) return outcome.value;
    ctx.addIssue({ code: 'custom', message: outcome.wrong });
    return z.NEVER;
  });
}

const oneOf = <const T extends readonly [string, ...string[]]>(values: T, usual: T[number]) =>
  z.enum(values, { error: ({ input }) => `"${String(input)}" is not a choice` }).default(usual);

/** A token of another kind in the wrong place is the usual mistake. */
const token = (others: readonly string[]) =>
  present.refine((text) => !others.some((prefix) => text.startsWith(prefix)), 'is a token of another kind');

export const url = checked((text) => {
  const parsed = URL.parse(text);
  if (parsed === null) return { wrong: 'is not an address' };
  if (parsed.username !== '' || parsed.password !== '') return { wrong: 'must not carry credentials' };
  if (parsed.search !== '' || parsed.hash !== '') return { wrong: 'must not carry a query or a fragment' };
  if (parsed.protocol === 'https:' || (parsed.protocol === 'http:' && isLoopback(parsed.hostname)))
    return { value: parsed.href };
  return { wrong: `must not be ${parsed.protocol}//${parsed.host}: nobody may listen in between` };
});

export const ledgerSchema = z.object({
  REDIS_URL: present.refine(isRedisUrl, 'is not an address of Redis'),
  PROD_ACCESS_REDIS_LOSS: oneOf(['refuse', 'accept-last-second'], 'refuse'),
  PROD_ACCESS_DATA_DIR: checked((text) =>
    existsSync(text) && !statSync(text).isDirectory()
      ? { wrong: `${text} is not a directory` }
      : { value: resolve(text) },
  ),
  PROD_ACCESS_SIGNING_KEY: checked((text) => {
    const read = readSigningKey(text);
    return 'key' in read ? { value: read.key } : read;
  }),
  LOG_LEVEL: oneOf(logLevels, 'info'),
});

export const serveSchema = ledgerSchema.extend({
  SLACK_BOT_TOKEN: token(['xapp-', 'xoxp-', 'xoxa-']),
  SLACK_SIGNING_SECRET: token(['xapp-', 'xoxb-', 'xoxp-']).optional(),
  SLACK_APP_TOKEN: token(['xoxb-', 'xoxp-']).optional(),
  SLACK_CLIENT_ID: present.optional(),
  SLACK_CLIENT_SECRET: present.optional(),
  SLACK_API_URL: url.prefault('https://slack.com/api/'),
  AWS_REGION: present.regex(/^[a-z]{2}(-[a-z]+)+-[0-9]$/, 'is not the name of a region'),
  AWS_ENDPOINT_URL: url.optional(),
  PROD_ACCESS_POLICY: checked((text) => {
    try {
      accessSync(text, constants.R_OK);
      return { value: resolve(text) };
    } catch {
      return { wrong: `${text} cannot be read` };
    }
  }),
  PROD_ACCESS_LIMITS: oneOf(['enforced', 'best-effort'], 'enforced'),
  PROD_ACCESS_IAM_SETTLE: checked((text) => {
    const ms = parseDuration(text);
    if (ms === undefined) return { wrong: `"${text}" is not a duration` };
    return ms > settleMaxMs ? { wrong: `"${text}" is too long` } : { value: ms };
  }).prefault('5s'),
  PROD_ACCESS_RECORDINGS: checked((text) => {
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    const found =
      /^s3:\/\/(?<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(?<prefix>[\w.=/-]{0,200}?))?\/?$/.exec(text);
    const { bucket, prefix = '' } = found?.groups ?? {};
    if (bucket === undefined) return { wrong: `"${text}" is not the address of a bucket` };
    return { value: { bucket, prefix: prefix === '' ? '' : `${prefix}/` } };
  }).optional(),
  PROD_ACCESS_SANDBOX: oneOf(['local', 'docker'], 'local'),
  PROD_ACCESS_SANDBOX_IMAGE: present.refine(isImage, 'does not name an image by its digest').optional(),
  PROD_ACCESS_SANDBOX_RUNTIME: present
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,100}$/, 'is not the name of a runtime')
    .optional(),
  DOCKER_HOST: present.optional(),
  PORT: checked((text) =>
    /^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535
      ? { value: Number(text) }
      : { wrong: `"${text}" is not a port` },
  ).prefault('3000'),
  PUBLIC_URL: url.refine((href) => new URL(href).pathname === '/', 'must not carry a path').optional(),
});

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.[0-9]+\.[0-9]+\.[0-9]+$/.test(host);
}

function isRedisUrl(text: string): boolean {
  const sentinel = /^redis\+sentinel:\/\/(?<nodes>[^/]+)(\/[^/]+)?$/.exec(text)?.groups?.nodes;
  if (sentinel !== undefined) return sentinel.split(',').every((node) => isNode(`redis://${node}`));
  const [first = '', ...rest] = text.split(',').map((node) => node.trim());
  return isNode(first) && rest.every((node) => isNode(node.includes('://') ? node : `redis://${node}`));
}

function isNode(text: string): boolean {
  const parsed = URL.parse(text);
  return (
    parsed !== null &&
    (parsed.protocol === 'redis:' || parsed.protocol === 'rediss:') &&
    parsed.hostname !== ''
  );
}
