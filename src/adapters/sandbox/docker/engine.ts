/**
 * The engine, over its Unix socket. Every call is bounded in time, and every failure comes out as a fault, but for the
 * answers that are none: that something is not there, or there already.
 */
import type { Socket } from 'node:net';
import Docker, { type Container, type ContainerCreateOptions, type ContainerInspectInfo } from 'dockerode';
import type { AccessId } from '../../../domain/ids.ts';
import { SandboxFault, type SandboxLabels } from '../../../ports/sandboxes.ts';
import { labelsFromEngine } from './machine.ts';

/** Starting a container on a busy machine takes a second or two; what takes longer hangs. */
const callMs = 20_000;
const pullMs = 120_000;

/** Parts of `GET /info` that decide whether sandboxes can be fenced and bounded there. */
export type EngineInfo = {
  readonly OSType?: string;
  readonly CgroupVersion?: string;
  readonly MemoryLimit?: boolean;
  readonly PidsLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  readonly SecurityOptions?: readonly string[] | null;
  readonly Runtimes?: Readonly<Record<string, unknown>>;
};

export type Executed = {
  /** Its output in frames; what is written reaches its input, where it has one. */
  readonly socket: Socket;
  /** The host's pid while it runs; the exit code once it has ended. */
  look(): Promise<{ readonly pid: number } | { readonly code: number | undefined }>;
};

export type Labelled = { readonly id: string; readonly labels: SandboxLabels };

export type Engine = {
  info(): Promise<EngineInfo>;
  hasImage(image: string): Promise<boolean>;
  pull(image: string): Promise<void>;
  /** The container's id; `taken` where one of that name stands, `no-image` where its image is not on the host. */
  create(options: ContainerCreateOptions): Promise<string | 'taken' | 'no-image'>;
  /** Output of the first process from its first byte on, in frames: to be called before the start. */
  attach(id: string): Promise<Socket>;
  start(id: string): Promise<void>;
  /** Settles once it does not run, or once that cannot be told any more; never rejects. */
  ended(id: string, unwatched: AbortSignal): Promise<void>;
  /** Undefined where there is no such container. */
  inspect(idOrName: string): Promise<ContainerInspectInfo | undefined>;
  /** Kills and removes it, and the anonymous volumes that its image declares. One that is not there is removed. */
  remove(idOrName: string): Promise<void>;
  /** The install's containers, whatever state they are in. */
  labelled(install: string, access?: AccessId): Promise<readonly Labelled[]>;
  /** Runs something beside the first process. */
  exec(id: string, argv: readonly string[], options: { readonly stdin: boolean }): Promise<Executed>;
};

export function connectEngine(socketPath: string): Engine {
  // Whatever dockerode would take from the environment is set here. A connection that is kept could be one to an
  // engine that has been restarted since.
  const docker = new Docker({ socketPath, host: '', protocol: 'http', headers: { Connection: 'close' } });
  const container = (id: string): Container => docker.getContainer(id);
  return {
    info: () => call('tell about itself', () => docker.info() as Promise<EngineInfo>),
    hasImage: (image) =>
      call('look at an image', () => docker.getImage(image).inspect().then(yes), { 404: false }),
    pull: (image) =>
      call(`pull ${image}`, async (bound) => finished(docker, await docker.pull(image, bound)), {}, pullMs),
    create: (options) =>
      call(
        'create a container',
        async (bound) => (await docker.createContainer({ ...options, ...bound })).id,
        { 409: 'taken', 404: 'no-image' },
      ),
    attach: (id) =>
      call('attach to a container', (bound) =>
        socketOf(container(id).attach({ ...bound, stream: true, stdout: true, stderr: true, hijack: true })),
      ),
    start: (id) => call('start a container', (bound) => container(id).start(bound)),
    ended: (id, unwatched) => container(id).wait({ abortSignal: unwatched }).then(nothing, nothing),
    inspect: (id) => call('look at a container', (bound) => container(id).inspect(bound), { 404: undefined }),
    remove: (id) =>
      call('remove a container', (bound) => container(id).remove({ ...bound, force: true, v: true }), {
        404: undefined,
      }),
    labelled: async (install, access) => {
      const own = [`prod-access:install=${install}`];
      const label = access === undefined ? own : [...own, `prod-access:access=${access}`];
      const found = await call('list containers', (bound) =>
        docker.listContainers({ ...bound, all: true, filters: { label } }),
      );
      return found.flatMap(({ Id, Labels }) => {
        const labels = labelsFromEngine(Labels);
        return labels === undefined ? [] : [{ id: Id, labels }];
      });
    },
    exec: async (id, argv, { stdin }) => {
      const streams = { AttachStdin: stdin, AttachStdout: true, AttachStderr: true, Tty: false };
      const exec = await call('prepare a command', (bound) =>
        container(id).exec({ ...bound, ...streams, Cmd: [...argv] }),
      );
      const socket = await call('start a command', (bound) =>
        socketOf(exec.start({ ...bound, hijack: true, stdin, Detach: false, Tty: false })),
      );
      return {
        socket,
        look: async () => {
          const { Running, ExitCode, Pid } = await call('look at a command', (bound) => exec.inspect(bound));
          return Running ? { pid: Pid } : { code: ExitCode ?? undefined };
        },
      };
    },
  };
}

/** Makes one call; `answers` gives the statuses that are no failure, and what they mean. */
async function call<T, A = never>(
  what: string,
  act: (bound: { abortSignal: AbortSignal }) => Promise<T>,
  answers: Readonly<Record<number, A>> = {},
  ms = callMs,
): Promise<T | A> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no answer for ${ms / 1000} s`)), ms);
  const tooLate = new Promise<never>((_, reject) => {
    late.signal.addEventListener('abort', () => reject(late.signal.reason));
  });
  try {
    return await Promise.race([act({ abortSignal: late.signal }), tooLate]);
  } catch (cause) {
    const status = statusOf(cause);
    for (const [number, meaning] of Object.entries(answers)) if (Number(number) === status) return meaning;
    // The engine's own words name images and paths, and no secret.
    const text = (cause instanceof Error ? cause.message : String(cause))
      .replaceAll(/\s+/g, ' ')
      .trim()
      .slice(0, 500);
    if (status === 404)
      throw new SandboxFault('gone', `no such container: ${text}`, { retryable: true, cause });
    // What it refused as a bad request it refuses again.
    const retryable = status !== 400;
    throw new SandboxFault('unavailable', `the container engine did not ${what}: ${text}`, {
      retryable,
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/** What is asked for as hijacked is the connection itself, though dockerode's types say less. */
async function socketOf(stream: Promise<NodeJS.ReadWriteStream>): Promise<Socket> {
  return (await stream) as Socket;
}

function finished(docker: Docker, progress: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(progress, (error) => (error === null ? resolve() : reject(error)));
  });
}

const yes = (): boolean => true;
const nothing = (): void => {};
