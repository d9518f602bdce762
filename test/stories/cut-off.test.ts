/**
 * The end, felt: a busy terminal, a forward with traffic and a vended credential die on time, with the bot and without
 * it; on an early revoke the first two die at once and the third with IAM's propagation. Figures are printed.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { describe, expect, it } from 'vitest';
import { allProcesses, labelsIn } from '../../src/adapters/sandbox/local/processes.ts';
import { type WebTerminal, webPerson } from '../support/web-person.ts';
import { approveAsLea, askForWiki, of } from '../support/wiki-life.ts';
import { type Bot, openWorld, type World } from '../support/world.ts';

type Held = AsyncDisposable & {
  readonly world: World;
  readonly bot: Bot;
  readonly access: string;
  readonly endsAt: number;
  readonly terminal: WebTerminal;
  /** When the forward's other side last heard of the sandbox, and when it lost it. */
  readonly forwardCut: Promise<number>;
  /** Whether the credential that was copied out still works. */
  readonly works: () => Promise<boolean>;
};

/** An access that holds all that one can hold: a busy terminal, a forward with traffic, a credential copied out. */
async function holding(duration: string, propagationMs = 0): Promise<Held> {
  const parts = new AsyncDisposableStack();
  const forwardCut = Promise.withResolvers<number>();
  const service: Server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.on('close', () => forwardCut.resolve(Date.now()));
    socket.pipe(socket);
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  parts.defer(() => void service.close());
  const to = `127.0.0.1:${(service.address() as AddressInfo).port}`;
  const world = parts.use(
    await openWorld({
      propagationMs,
      policy: (policy) => {
        Object.assign(policy.targets.wiki.sandbox, {
          forwards: [{ name: 'orders', listen: 7000, to, private: true }],
        });
      },
    }),
  );
  const bot = await world.startBot();
  const access = await askForWiki(world, duration);
  await approveAsLea(world, access);
  await world.untilEntry(of(access, 'access.active'), 60_000);
  const ana = webPerson(world, bot.port, 'U0ANA');
  await ana.signIn();

  const first = ana.terminal(`/accesses/${access}/socket?cols=4000`);
  await first.until(/\$ /);
  first.type(
    'exec 3<>/dev/tcp/127.0.0.1/9911; printf "GET /credentials HTTP/1.0\\r\\nAuthorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN\\r\\n\\r\\n" >&3; cat <&3; exec 3>&-\n',
  );
  const [text] = await first.until(/\{[^{}]*"Token"[^{}]*\}/);
  const vended = JSON.parse(text.replaceAll(/\s/g, ''));
  const iam = new IAMClient({
    region: 'eu-west-1',
    endpoint: world.aws.url,
    maxAttempts: 1,
    credentials: {
      accessKeyId: vended.AccessKeyId,
      secretAccessKey: vended.SecretAccessKey,
      sessionToken: vended.Token,
    },
  });
  parts.defer(() => iam.destroy());
  const works = (): Promise<boolean> =>
    iam.send(new GetRoleCommand({ RoleName: access })).then(
      () => true,
      () => false,
    );
  first.type('exec 3<>/dev/tcp/127.0.0.1/7000; while :; do echo ping >&3; read -r x <&3; sleep 0.02; done\n');
  await world.untilEntry(of(access, 'connection.opened'));

  const terminal = ana.terminal(`/accesses/${access}/socket`);
  await terminal.until(/\$ /);
  terminal.type("trap '' HUP INT TERM QUIT; while :; do echo busy; done\n");
  await terminal.until(/busy\r\nbusy/);
  const { endsAt } = (await terminal.untilNews('session')) as { endsAt: number };
  expect(await works()).toBe(true);
  return {
    world,
    bot,
    access,
    endsAt,
    terminal,
    forwardCut: forwardCut.promise,
    works,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** When the credential was first refused. */
async function refused(works: Held['works'], giveUpMs: number): Promise<number> {
  for (const until = Date.now() + giveUpMs; Date.now() < until; await wait(20))
    if (!(await works())) return Date.now();
  throw new Error(`the credential still works after ${giveUpMs} ms`);
}

function print(what: string, figures: Readonly<Record<string, number>>): void {
  const words = Object.entries(figures).map(([name, ms]) => `${name} ${ms} ms`);
  process.stdout.write(`${what}: ${words.join(', ')}\n`);
}

describe('what was held', () => {
  it('is dead within a second of the end', async () => {
    await using held = await holding('9s');
    const { endsAt } = held;
    const [, cut, dead] = await Promise.all([
      held.terminal.untilNews('over', 30_000),
      held.forwardCut,
      wait(Math.max(0, endsAt - Date.now() - 200)).then(() => refused(held.works, 5_000)),
    ]);
    const over = Date.now();
    const figures = { terminal: over - endsAt, forward: cut - endsAt, credential: dead - endsAt };
    print('after the end', figures);
    for (const ms of Object.values(figures)) expect(ms).toBeLessThan(1_000);
    expect(figures.credential).toBeGreaterThan(-50);
  }, 60_000);

  it('is dead within a second of the end, though the bot was killed before', async () => {
    await using held = await holding('9s');
    const { endsAt, access } = held;
    await held.bot.kill();
    await held.terminal.closed;
    const alive = (): boolean => allProcesses().some(({ argv }) => labelsIn(argv)?.access === access);
    expect(alive()).toBe(true);
    const sandboxGone = async (): Promise<number> => {
      while (alive()) await wait(10);
      return Date.now();
    };
    const [cut, gone, dead] = await Promise.all([
      held.forwardCut,
      sandboxGone(),
      wait(Math.max(0, endsAt - Date.now() - 200)).then(() => refused(held.works, 5_000)),
    ]);
    const figures = { forward: cut - endsAt, sandbox: gone - endsAt, credential: dead - endsAt };
    print('after the end, the bot dead', figures);
    for (const ms of Object.values(figures)) expect(ms).toBeLessThan(1_000);
    expect(figures.sandbox).toBeGreaterThan(-50);
  }, 60_000);

  it('is cut within a second of a revoke, and copied credentials die with IAM’s propagation', async () => {
    await using held = await holding('10m', 4_000);
    const lea = webPerson(held.world, held.bot.port, 'U0LEA');
    await lea.signIn();
    const clicked = Date.now();
    const over = held.terminal.untilNews('over').then(() => Date.now());
    const [answer, terminal, forward, credential] = await Promise.all([
      lea.post(`/accesses/${held.access}/revoke`),
      over,
      held.forwardCut,
      refused(held.works, 20_000),
    ]);
    expect(answer.status).toBe(303);
    const figures = { terminal: terminal - clicked, forward: forward - clicked };
    print('after a revoke', { ...figures, credential: credential - clicked });
    for (const ms of Object.values(figures)) expect(ms).toBeLessThan(1_000);
    // The look-alike takes four seconds to spread a policy; ours is written within one.
    expect(credential - clicked).toBeLessThan(5_500);
  }, 60_000);
});
