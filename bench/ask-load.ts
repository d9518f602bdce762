/**
 * Sends asks, 50 at once, from a thread of its own, so that the clock is not held up by the look-alikes. Takes rounds as
 * messages `{ port, count }`, answers each with its samples in milliseconds.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const { secret, users } = workerData as { secret: string; users: readonly string[] };
const atOnce = 50;
/** By port. Kept from round to round, as the proxy before a bot keeps its own. */
const agents = new Map<number, Agent>();

parentPort?.on('message', ({ port, count }: { port: number; count: number }) => {
  void round(port, count).then((samples) => parentPort?.postMessage(samples));
});

async function round(port: number, count: number): Promise<readonly number[]> {
  const agent = agents.get(port) ?? new Agent({ keepAlive: true, maxSockets: atOnce });
  agents.set(port, agent);
  const samples: number[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const user = users[next % users.length] ?? '';
      next += 1;
      const begun = performance.now();
      await ask(agent, port, user);
      samples.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return samples;
}

async function ask(agent: Agent, port: number, user: string): Promise<void> {
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
