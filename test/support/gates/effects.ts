/** Names for what the bot does to the outside. What only reads, renews or waits has none. */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { commitScript, toldScript } from '../../../src/adapters/redis/commit-script.ts';
import { effects as jobKinds } from '../../../src/domain/owed.ts';

/** Of a request to IAM or STS, by its form. */
export function awsEffect(body: string): string | undefined {
  const asked = new URLSearchParams(body);
  const action = asked.get('Action') ?? '';
  if (/^(Get|List|Simulate)/.test(action)) return undefined;
  return ['aws', action, asked.get('PolicyName')].filter((word) => word !== null).join(' ');
}

/** Of a request to Slack's Web API, by its path and form. */
export function slackEffect(path: string, body: string): string | undefined {
  const method = path.split('/').at(-1) ?? '';
  if (!/^(chat\.|views\.|conversations\.open)/.test(method)) return undefined;
  const asked = new URLSearchParams(body);
  const channel = asked.get('channel') ?? '';
  const place = channel.startsWith('D') ? 'direct' : channel;
  const metadata = JSON.parse(asked.get('metadata') ?? '{}');
  const about = metadata.event_payload?.tag ?? (metadata.event_type === 'prod_access_trail' ? 'trail' : '');
  // What a message says first tells one edit of it from the next.
  const says = method === 'chat.update' ? (asked.get('text') ?? '').split(/[:*]/)[0] : '';
  return ['slack', method, about, place, says].filter((word) => word !== '').join(' ');
}

const sha1 = (text: string): string => createHash('sha1').update(text, 'latin1').digest('hex');

type Script = { readonly name: string; readonly content: string };
const bullmq: Readonly<Record<string, Script>> = createRequire(import.meta.url)('bullmq/dist/cjs/scripts');
const bullmqNames = new Map(Object.values(bullmq).map(({ name, content }) => [sha1(content), name]));

/** Of a command to Redis. A command that no case knows and that is no plain read has its own name: nothing is left out. */
export function redisEffect([command = '', ...words]: readonly string[]): string | undefined {
  const [first = '', second = ''] = words;
  switch (command.toLowerCase()) {
    case 'eval':
      return scriptEffect(sha1(first), words);
    case 'evalsha':
      return scriptEffect(first, words);
    case 'set':
      if (first.includes(':seen:')) return 'request remembered';
      return first.includes(':lease:') ? `lease taken ${leaseKind(first)}` : `set ${first}`;
    case 'hsetnx':
      return `notice claimed ${second}`;
    case 'hset':
      return first.includes(':notices:') ? `notice noted ${second}` : `hset ${first}`;
    default:
      return reads.test(command) ? undefined : `${command} ${first}`;
  }
}

const reads =
  /^(auth|hello|client|info|ping|select|command|config|time|exists|get|hget|hgetall|hmget|type|ttl|pttl|llen|lrange|scard|smembers|sismember|zrange|zrevrange|zrangebylex|zcard|zscore|xrange|xrevrange|xlen|xread|bzpopmin|scan)$/i;

function scriptEffect(sha: string, words: readonly string[]): string | undefined {
  const text = words.slice(1).join(' ');
  if (sha === sha1(commitScript)) {
    const actions = [...text.matchAll(/"action":"([a-z.]+)"/g)].map(([, action]) => action);
    return actions.length > 0
      ? `entry ${actions.join(' + ')}`
      : `record ${/"state":"(\w+)"/.exec(text)?.[1]}`;
  }
  if (sha === sha1(toldScript)) return 'record told';
  const lease = words.find((word) => word.startsWith('{prod-access}:lease:'));
  if (lease !== undefined)
    return words[0]?.includes('DEL') ? `lease given back ${leaseKind(lease)}` : undefined;
  const script = bullmqNames.get(sha) ?? sha;
  if (/^(extendLocks?|moveStalledJobsToWait|get\w*|is\w*)$/.test(script)) return undefined;
  if (script === 'moveToActive') return `job taken ${/queue:(\w+):/.exec(text)?.[1]}`;
  const kind = jobKinds.find((each) => text.includes(`${each}-acc_`));
  return kind === undefined ? undefined : `job ${script} ${kind}`;
}

/** `notify` of `{prod-access}:lease:notify:acc_...`. */
function leaseKind(key: string): string {
  return key.split(':lease:')[1]?.split(':')[0] ?? '';
}
