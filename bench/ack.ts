/** Ack of the slash command at 50 at once: an ask that is judged and committed, against a bare Bolt app that only acks. */
import { spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { openWorld } from '../test/support/world.ts';
import { type Figure, percentile } from './figures.ts';

const atOnce = 50;
const perRound = 100;
const rounds = 4;
const requesters = Array.from({ length: 40 }, (_, index) => ({
  id: `U0R${String(index).padStart(3, '0')}`,
  name: `r${index}`,
}));

export async function benchAck(): Promise<readonly Figure[]> {
  await using world = await openWorld({
    seed: (seed) => {
      seed.people = [...(seed.people ?? []), ...requesters];
      seed.usergroups = [{ id: 'S0PAY', handle: 'payments', users: requesters.map(({ id }) => id) }];
    },
  });
  const bot = await world.startBot({ LOG_LEVEL: 'error' });
  const bare = spawn(process.execPath, ['bench/bare-bolt.ts', world.slack.signingSecret], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(bare.stdout, 'data')) as [Buffer];
    const barePort = Number(line.toString());
    const secret = world.slack.signingSecret;
    await round(bot.port, secret);
    await round(barePort, secret);
    const ours: number[] = [];
    const baseline: number[] = [];
    for (let index = 0; index < rounds; index += 1) {
      ours.push(...(await round(bot.port, secret)));
      baseline.push(...(await round(barePort, secret)));
    }
    return [50, 99].map((p) => ({
      what: `ack of an ask, 50 at once, p${p}`,
      ours: percentile(ours, p),
      baseline: percentile(baseline, p),
      unit: 'ms',
      aim: p === 99 ? 'within 2' : 'told only',
    }));
  } finally {
    bare.kill('SIGTERM');
  }
}

async function round(port: number, secret: string): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const samples: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < perRound) {
      const index = next;
      next += 1;
      const begun = performance.now();
      await ask(agent, port, secret, requesters[index % requesters.length]?.id ?? '');
      samples.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  agent.destroy();
  return samples;
}

async function ask(agent: Agent, port: number, secret: string, user: string): Promise<void> {
  const body = new URLSearchParams({
    command: '/prod-access',
    text: 'wiki 10m the wiki is down and must be read',
    user_id: user,
    user_name: user.toLowerCase(),
    team_id: 'T0LOOKALIKE',
    channel_id: 'C0GENERAL',
    trigger_id: randomUUID(),
    response_url: 'http://127.0.0.1:9/none',
    api_app_id: 'A0LOOKALIKE',
  }).toString();
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  const sent = request({
    agent,
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/slack/events',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': signature,
    },
  });
  sent.end(body);
  const [answer] = await once(sent, 'response');
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  if (answer.statusCode !== 200 || !/Asked for|taken/.test(text))
    throw new Error(`unexpected answer ${answer.statusCode}: ${text.slice(0, 200)}`);
}
