/** The only way out: forwards, the proxy and credentials, from a real terminal through the real broker, to the end. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WebTerminal, webPerson } from '../support/web-person.ts';
import { activeAccess, of } from '../support/wiki-life.ts';
import { type Bot, openWorld, type World } from '../support/world.ts';

let world: World;
let bot: Bot;
let service: Server;

beforeAll(async () => {
  // What a forward leads to: it sends back what it gets, and says hello first.
  service = createServer((socket) => {
    socket.write('hello from production\n');
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  const { port } = service.address() as AddressInfo;
  world = await openWorld({
    policy: (policy) => {
      Object.assign(policy.targets.wiki.sandbox, {
        egress: ['allowed.example:443'],
        forwards: [{ name: 'orders', listen: 7000, to: `127.0.0.1:${port}`, private: true }],
      });
    },
  });
  bot = await world.startBot();
}, 60_000);
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  service.close();
});

async function work(duration = '10m'): Promise<{ access: string; terminal: WebTerminal }> {
  const access = await activeAccess(world, duration);
  const ana = webPerson(world, bot.port, 'U0ANA');
  await ana.signIn();
  const terminal = ana.terminal(`/accesses/${access}/socket`);
  await terminal.until(/\$ /);
  return { access, terminal };
}

describe('from a terminal', () => {
  it('the forward works, and is on the record from its opening to its end', async () => {
    const { access, terminal } = await work();
    terminal.type('exec 3<>/dev/tcp/127.0.0.1/7000; read -r line <&3; echo "it says $line"; exec 3>&-\n');
    await terminal.until(/it says hello from production/);
    const opened = await world.untilEntry(of(access, 'connection.opened'));
    expect(opened.details).toMatchObject({ by: 'orders', host: '127.0.0.1' });
    const closed = await world.untilEntry(of(access, 'connection.closed'));
    expect(closed.details).toMatchObject({
      connection: opened.details.connection,
      bytes_in: 22,
      bytes_out: 0,
    });
  });

  it('everything else is blocked, and on the record', async () => {
    const { access, terminal } = await work();
    terminal.type(
      'exec 3<>/dev/tcp/127.0.0.1/3128; printf "CONNECT evil.example:443 HTTP/1.1\\r\\n\\r\\n" >&3; head -1 <&3\n',
    );
    await terminal.until(/HTTP\/1\.1 403/);
    const blocked = await world.untilEntry(of(access, 'connection.blocked'));
    expect(blocked.details).toMatchObject({ by: 'proxy', host: 'evil.example', port: 443, count: 1 });
    terminal.type('(: </dev/tcp/1.1.1.1/443) 2>&1 | tail -1\n');
    await terminal.until(/unreachable/i);
  });

  it('credentials are vended with a token, and on the record without the secret', async () => {
    const { access, terminal } = await work();
    const ask = (token: string): string =>
      `exec 3<>/dev/tcp/127.0.0.1/9911; printf "GET /credentials HTTP/1.0\\r\\nAuthorization: %s\\r\\n\\r\\n" "${token}" >&3; cat <&3 | tr -d '\\r' | grep -oE "^HTTP.*|AccessKeyId|[0-9-]{10}T[0-9:.]*Z"\n`;
    terminal.type(ask('wrong'));
    await terminal.until(/HTTP\/1\.1 401/);
    terminal.type(ask('$AWS_CONTAINER_AUTHORIZATION_TOKEN'));
    await terminal.until(/HTTP\/1\.1 200[^$]*AccessKeyId/);
    const vended = await world.untilEntry(of(access, 'credentials.vended'));
    expect(vended.details.key_id).toMatch(/^A/);
    const { SecretAccessKey, secret, token } = vended.details;
    expect([SecretAccessKey, secret, token]).toEqual([undefined, undefined, undefined]);
  });

  it('at the end an open forward with traffic is cut within a second', async () => {
    const { access, terminal } = await work('8s');
    const { endsAt } = (await terminal.untilNews('session')) as { endsAt: number };
    terminal.type(
      'exec 3<>/dev/tcp/127.0.0.1/7000; while :; do echo ping >&3; read -r x <&3; sleep 0.05; done\n',
    );
    await world.untilEntry(of(access, 'connection.opened'));
    const closed = await world.untilEntry(of(access, 'connection.closed'), 30_000);
    const late = Date.parse(closed.at) - endsAt;
    process.stdout.write(`an open forward was cut ${late} ms after the end\n`);
    expect(late).toBeLessThan(1_000);
    expect(Number(closed.details.bytes_out)).toBeGreaterThan(0);
  });

  it('a bot that was killed carries again after its start, and accounts for what it lost', async () => {
    const { access, terminal } = await work();
    terminal.type('exec 3<>/dev/tcp/127.0.0.1/7000; read -r x <&3; echo "got "it\n');
    await terminal.until(/got it/);
    const opened = await world.untilEntry(of(access, 'connection.opened'));
    await bot.kill();
    bot = await world.startBot();
    const closed = await world.untilEntry(of(access, 'connection.closed'));
    expect(closed.details).toMatchObject({ connection: opened.details.connection, reconstructed: true });
    const ana = webPerson(world, bot.port, 'U0ANA');
    await ana.signIn();
    const again = ana.terminal(`/accesses/${access}/socket`);
    await again.until(/\$ /);
    again.type('exec 3<>/dev/tcp/127.0.0.1/7000; read -r line <&3; echo "it says $line"\n');
    await again.until(/it says hello/);
  });
});
