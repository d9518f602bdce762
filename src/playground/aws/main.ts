/**
 * The AWS look-alike as a process of its own, so that the bot may die and AWS live on:
 * `node src/playground/aws/main.ts [--port 4566] [--propagation-ms 4000] [--writes-per-second 10]`.
 * Prints one JSON line with its URL and the bot's keys, and runs until a signal.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { startAwsLookalike } from './aws-lookalike.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'propagation-ms': { type: 'string', default: '0' },
    'writes-per-second': { type: 'string', default: 'Infinity' },
  },
});

await using lookalike = await startAwsLookalike({
  port: Number(values.port),
  propagationMs: Number(values['propagation-ms']),
  writesPerSecond: Number(values['writes-per-second']),
});
const { url, botCredentials } = lookalike;
process.stdout.write(`${JSON.stringify({ url, ...botCredentials })}\n`);
await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
