/**
 * A world whose sandboxes are containers of an engine of its own. The wiki's policy names an image by its digest that
 * only a registry has, and two ways out: a forward to a service that greets and sends back what it gets, and one host.
 */
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { ContainerInspectInfo } from 'dockerode';
import { supervisorMark } from '../../src/adapters/sandbox/docker/machine.ts';
import { allProcesses, killProcess, labelledProcesses } from '../../src/adapters/sandbox/local/processes.ts';
import { type TestEngine, testEngine } from '../adapters/sandbox/docker-engine.ts';
import { importImage, systemTar, usual } from '../adapters/sandbox/docker-image.ts';
import { imageRegistry } from './image-registry.ts';
import { type WebPerson, type WebTerminal, webPerson } from './web-person.ts';
import { type Bot, openWorld, type World } from './world.ts';

export type ContainerGround = AsyncDisposable & {
  readonly engine: TestEngine;
  /** On the host from the start: where a target names none. */
  readonly image: string;
  /** In the registry only: the wiki's. */
  readonly wikiImage: string;
  openWorld(env?: Readonly<Record<string, string>>): Promise<World>;
  /** The access's container as the engine has it; undefined where it has none. */
  container(access: string): Promise<ContainerInspectInfo | undefined>;
  /** When the engine no longer had the access's container. */
  gone(access: string): Promise<number>;
};

export async function containerGround(): Promise<ContainerGround> {
  const parts = new AsyncDisposableStack();
  try {
    const engine = parts.use(await testEngine());
    const installs: string[] = [];
    // A supervisor goes on until its container is removed: one that lost its engine would go on for ever.
    parts.defer(() => supervisorsEnded(installs));
    const image = await importImage(engine.docker);
    const tar = systemTar(['bash', ...usual]);
    const layer = readFileSync(tar);
    rmSync(dirname(tar), { recursive: true });
    const registry = parts.use(await imageRegistry(layer));
    const service = createServer((socket: Socket) => {
      socket.on('error', () => {});
      socket.write('hello from production\n');
      socket.pipe(socket);
    });
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
    parts.defer(() => void service.close());
    const to = `127.0.0.1:${(service.address() as AddressInfo).port}`;
    const containers = (access: string) =>
      engine.docker.listContainers({ all: true, filters: { label: [`prod-access:access=${access}`] } });
    return {
      engine,
      image,
      wikiImage: registry.image,
      openWorld: async (env = {}) => {
        const world = await openWorld({
          policy: ({ targets }) =>
            Object.assign(targets.wiki.sandbox, {
              image: registry.image,
              egress: ['allowed.example:443'],
              forwards: [{ name: 'orders', listen: 7000, to, private: true }],
              download: '1Mi',
            }),
          env: {
            PROD_ACCESS_SANDBOX: 'docker',
            PROD_ACCESS_SANDBOX_IMAGE: image,
            DOCKER_HOST: `unix://${engine.socketPath}`,
            ...env,
          },
        });
        installs.push(world.install);
        return world;
      },
      container: async (access) => {
        const [found] = await containers(access);
        return found && engine.docker.getContainer(found.Id).inspect();
      },
      gone: async (access) => {
        while ((await containers(access)).length > 0) await wait(10);
        return Date.now();
      },
      [Symbol.asyncDispose]: () => parts.disposeAsync(),
    };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

/** Waits for those whose worlds are over, and so whose files are gone. */
async function supervisorsEnded(installs: readonly string[]): Promise<void> {
  const left = () =>
    installs.flatMap((install) => labelledProcesses(install, allProcesses(), supervisorMark));
  for (const until = Date.now() + 20_000; left().length > 0; await wait(20)) {
    if (Date.now() < until) continue;
    const stuck = left();
    for (const { pid } of stuck) killProcess(pid);
    throw new Error(`supervisors did not end: ${stuck.map(({ labels }) => labels.access).join(' ')}`);
  }
}

/** A terminal of Ana's in it, with the prompt shown. */
export async function terminalOf(
  world: World,
  bot: Bot,
  access: string,
): Promise<{ ana: WebPerson; terminal: WebTerminal }> {
  const ana = webPerson(world, bot.port, 'U0ANA');
  await ana.signIn(`/accesses/${access}/terminal`);
  const terminal = ana.terminal(`/accesses/${access}/socket?cols=200`);
  await terminal.until(/\$ /);
  return { ana, terminal };
}

/** What to type to be greeted by the forward, and what is shown then. */
export const callForward =
  'exec 3<>/dev/tcp/127.0.0.1/7000; read -r line <&3; echo "it says $line"; exec 3>&-\n';
export const forwardAnswers = /it says hello from production/;
