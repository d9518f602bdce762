/**
 * The look-alike as a process of its own:
 *
 *   node src/playground/slack/main.ts --port 4000 --seed seed.json --manifest manifest.json
 *
 * Prints one line of JSON (`url`, `apiUrl`, `botToken`, `appToken`, `signingSecret`, `clientId`, `clientSecret`) when it listens, and runs until a
 * signal. Without a manifest the app has every scope that the look-alike knows.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { startSlackLookalike } from './lookalike.ts';
import { slackRate } from './rates.ts';
import { manifestSchema, seedSchema } from './seed.ts';

const everyScope = [
  'chat:write',
  'commands',
  'users:read',
  'usergroups:read',
  'team:read',
  'im:write',
  'mpim:write',
  'channels:read',
  'groups:read',
  'im:read',
  'mpim:read',
  'channels:history',
  'groups:history',
  'im:history',
  'mpim:history',
];

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    host: { type: 'string', default: '127.0.0.1' },
    seed: { type: 'string' },
    manifest: { type: 'string' },
    'request-url': { type: 'string' },
    'bot-token': { type: 'string' },
    'app-token': { type: 'string' },
    'signing-secret': { type: 'string' },
    'client-id': { type: 'string' },
    'client-secret': { type: 'string' },
    'redirect-url': { type: 'string', multiple: true, default: [] },
    'ack-timeout-ms': { type: 'string', default: '3000' },
    'rate-limit': { type: 'boolean', default: false },
  },
});

async function json(path: string | undefined, otherwise: unknown): Promise<unknown> {
  return path === undefined ? otherwise : JSON.parse(await readFile(path, 'utf8'));
}

const seed = seedSchema.parse(await json(values.seed, {}));
const lookalike = await startSlackLookalike({
  seed,
  manifest: manifestSchema.parse(
    await json(values.manifest, { oauth_config: { scopes: { bot: everyScope } } }),
  ),
  port: Number(values.port),
  host: values.host,
  requestUrl: values['request-url'],
  botToken: values['bot-token'],
  appToken: values['app-token'],
  signingSecret: values['signing-secret'],
  clientId: values['client-id'],
  clientSecret: values['client-secret'],
  ackTimeoutMs: Number(values['ack-timeout-ms']),
  rateLimit: values['rate-limit'] ? slackRate : undefined,
});
lookalike.setRedirectUrls(values['redirect-url']);
const { url, apiUrl, botToken, appToken, signingSecret, clientId, clientSecret } = lookalike;
process.stdout.write(
  `${JSON.stringify({ url, apiUrl, botToken, appToken, signingSecret, clientId, clientSecret })}\n`,
);

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void lookalike[Symbol.asyncDispose]();
  });
