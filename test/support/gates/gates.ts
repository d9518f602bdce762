/**
 * Gates between the bot and everything that it writes to: Redis, AWS, Slack. Each effect is named as it passes, so a
 * test can list all effects of a life, and have the bot die just before one takes place or just after it did.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { awsEffect, redisEffect, slackEffect } from './effects.ts';
import { commandReader } from './resp.ts';

export type When = 'before' | 'after';

/** Sees each effect as it is about to take place, and says what is to happen around it. */
export type Keeper = (effect: string) => Death | undefined;

export type Death = {
  readonly when: When;
  /** Ends the bot in the same turn. */
  readonly kill: () => void;
};

export type Gates = AsyncDisposable & {
  /** What a bot behind the gates must be told. */
  readonly env: Readonly<Record<string, string>>;
  keeper: Keeper;
  /** Called before each request to AWS is looked at: it goes on when this is settled. */
  holdAws: (effect: string) => Promise<void>;
};

export type Behind = { readonly redisUrl: string; readonly awsUrl: string; readonly slackUrl: string };

export async function openGates({ redisUrl, awsUrl, slackUrl }: Behind): Promise<Gates> {
  const gates: Pick<Gates, 'keeper' | 'holdAws'> = { keeper: () => undefined, holdAws: async () => {} };
  const pass = (effect: string | undefined): Death | undefined =>
    effect === undefined ? undefined : gates.keeper(effect);
  const redis = await redisGate(new URL(redisUrl), pass);
  const aws = await httpGate(new URL(awsUrl), async (_, body) => {
    const effect = awsEffect(body);
    if (effect !== undefined) await gates.holdAws(effect);
    return pass(effect);
  });
  const slack = await httpGate(new URL(slackUrl), async (path, body) => pass(slackEffect(path, body)));
  return Object.assign(gates, {
    env: {
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${aws.port}`,
      SLACK_API_URL: `http://127.0.0.1:${slack.port}${new URL(slackUrl).pathname}`,
    },
    [Symbol.asyncDispose]: async () => {
      for (const gate of [redis, aws, slack]) gate.close();
    },
  });
}

type Gate = { readonly port: number; close(): void };

async function redisGate(
  { hostname, port }: URL,
  pass: (effect: string | undefined) => Death | undefined,
): Promise<Gate> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((client) => {
    const redis = connect(Number(port), hostname);
    const commandsIn = commandReader();
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        redis.end();
        sockets.delete(socket);
      });
    }
    redis.pipe(client);
    let dead = false;
    client.on('data', (chunk: Buffer) => {
      for (const command of commandsIn(chunk)) {
        if (dead) return;
        const death = pass(redisEffect(command.words));
        if (death?.when !== 'before') redis.write(command.bytes);
        // Redis carries out what it was sent, whoever waits for the answer.
        death?.kill();
        dead = death !== undefined;
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function httpGate(
  { hostname, port }: URL,
  pass: (path: string, body: string) => Promise<Death | undefined>,
): Promise<Gate> {
  const server = createServer((incoming, outgoing) => {
    void forward(incoming, outgoing).catch(() => outgoing.destroy());
  });
  const forward = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { method, url: path, headers } = incoming;
    const death = await pass(path ?? '', body.toString());
    if (death?.when === 'before') {
      death.kill();
      return;
    }
    const sent = request({ hostname, port, method, path, headers, agent: false });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const answered: Buffer[] = [];
    for await (const chunk of answer) answered.push(chunk);
    if (death?.when === 'after') {
      death.kill();
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.end(Buffer.concat(answered));
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function portOf(server: Server | ReturnType<typeof createTcpServer>): number {
  return (server.address() as AddressInfo).port;
}
