/**
 * Opening a local sandbox, probe included, against the driver's own bubblewrap command that runs /bin/true. What is
 * added is the lock, the supervisor, the cgroups, the files and the probe.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Fence, fenceArguments, fenceCommand } from '../src/adapters/sandbox/local/bwrap-arguments.ts';
import { localSandboxes } from '../src/adapters/sandbox/local/local-sandboxes.ts';
import { type Machine, machineFrom } from '../src/adapters/sandbox/local/machine.ts';
import { layEtc, sharedEtc, systemLinks } from '../src/adapters/sandbox/local/public-system.ts';
import { hasFilter } from '../src/adapters/sandbox/seccomp/calls.ts';
import { seccompFilter } from '../src/adapters/sandbox/seccomp/filter.ts';
import { newId } from '../test/support/builders.ts';
import { type Figure, percentile } from './figures.ts';

const install = 'be4c00000002';
const limits = { memoryBytes: 128 * 2 ** 20, cpus: 1, processes: 64, diskBytes: 16 * 2 ** 20 };
const warmUps = 3;
const rounds = 40;

export async function benchSandbox(): Promise<readonly Figure[]> {
  const dir = mkdtempSync(join(tmpdir(), 'prod-access-bench-'));
  chmodSync(dir, 0o711);
  const options = { dataDir: dir, runDir: join(dir, 'run'), install, limits: 'best-effort' } as const;
  const sandboxes = localSandboxes(options);
  const ours: number[] = [];
  const baseline: number[] = [];
  try {
    const runBare = bareFence(dir, machineFrom(options));
    for (let round = -warmUps; round < rounds; round += 1) {
      const access = newId();
      const labels = { install, access, requester: 'U0ANA', target: 'wiki' };
      const spec = { labels, limits, listeners: [], environment: {}, deadline: Date.now() + 60_000 };
      const opened = await timed(() => sandboxes.open(spec));
      await sandboxes.close(access);
      const ran = await timed(runBare);
      if (round < 0) continue;
      ours.push(opened);
      baseline.push(ran);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  return [50, 99].map((p) => ({
    what: `opening a local sandbox, p${p}`,
    ours: percentile(ours, p),
    baseline: percentile(baseline, p),
    unit: 'ms',
    addedPer: 1,
    aim: p === 50 ? 'at most 15 ms added' : 'told only',
  }));
}

/** What the driver runs, but for the program inside; and the means to run it again and again. */
function bareFence(dir: string, machine: Machine): () => Promise<void> {
  if (!hasFilter(process.arch)) throw new Error(`there is no seccomp filter for ${process.arch}`);
  const fence = layFence(join(dir, 'bare'), machine);
  const command = fenceCommand(fence);
  const [program = '', ...words] = [...command.slice(0, command.indexOf('--') + 1), '/bin/true'];
  const filter = join(dir, 'bare.filter');
  const args = join(dir, 'bare.args');
  writeFileSync(filter, seccompFilter(process.arch));
  writeFileSync(args, `${fenceArguments(fence).join('\0')}\0`);
  return async () => {
    // Descriptors 6, 7 and 8, as the driver's arguments name them.
    const open = [openSync(filter, 'r'), openSync('/dev/null', 'w'), openSync(args, 'r')];
    const child = spawn(program, words, {
      stdio: ['ignore', 'ignore', 'inherit', 'ignore', 'ignore', 'ignore', ...open],
    });
    for (const fd of open) closeSync(fd);
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`the bare bubblewrap exited with ${code}`);
  };
}

function layFence(door: string, { bwrapPath, uids, ownUids }: Machine): Fence {
  // The one after those that the driver gives out.
  const uid = ownUids ? uids.first + uids.count : (process.getuid?.() ?? 0);
  const gid = ownUids ? uid : (process.getgid?.() ?? 0);
  const shared = sharedEtc();
  mkdirSync(join(door, 'calls'), { recursive: true });
  layEtc(join(door, '.kept'), join(door, 'etc'), uid, gid, 'bare', shared);
  const user = { uid, gid, changeUid: ownUids };
  const system = { system: systemLinks(), sharedEtc: shared, probePort: 0, environment: {} };
  return { access: 'bare', install, bwrapPath, limits, door, ...user, ...system };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
