/** What stands between a sandbox and the host, and between two sandboxes. */
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readProcess } from '../../../src/adapters/sandbox/local/processes.ts';
import type { AccessId } from '../../../src/domain/ids.ts';
import { newAccess } from '../../contract/sandboxes.ts';
import { type LocalGround, localGround } from './local-ground.ts';

let ground: LocalGround;
let access: AccessId;
beforeEach(async () => {
  ground = await localGround();
  access = newAccess();
  await ground.open(access);
});
afterEach(async () => {
  await ground[Symbol.asyncDispose]();
});

const promised = [
  'probe-complete network-interfaces network-routes connect-internet connect-metadata connect-host capabilities',
  'no-new-privileges seccomp our-filter identity one-user-mapped hostname system-not-writable mounts-read-only no-setuid home-bounded',
  'tmp-bounded shm-bounded no-user-namespaces own-processes environment no-shadow no-block-devices',
  'nothing-of-the-host host:no-connection host:namespaces host:capabilities host:seccomp host:user host:user-is-its-alone',
  'host:descriptors host:no-host-paths host:crashes-stay-inside host:memory-limit host:process-limit host:cpu-limit',
]
  .join(' ')
  .split(' ');

test('every check is made, and holds', async () => {
  const found = await ground.sandboxes.probe(access);
  expect(found.map(({ check }) => check).toSorted()).toEqual(promised.toSorted());
  expect(found.filter(({ holds }) => !holds)).toEqual([]);
});

test('the label stands in the arguments of supervisor and bubblewrap', () => {
  const argv = ground.processes(access).map((pid) => readProcess(pid)?.argv.join(' ') ?? '');
  const named = argv.filter((words) => words.includes(`prod-access-sandbox ${access} ${ground.install}`));
  expect(named.filter((words) => words.includes('supervise.sh')).length).toBeGreaterThan(0);
  expect(named.filter((words) => words.includes(`bwrap --hostname ${access}`)).length).toBe(1);
});

test('two sandboxes have two users, neither the bot', async () => {
  const other = newAccess();
  await ground.open(other);
  const ids = [ground.state(access).uid, ground.state(other).uid];
  expect(new Set([...ids, process.getuid?.()]).size).toBe(3);
  const said = await Promise.all([access, other].map((one) => ground.bash(one, 'id -u')));
  expect(said.map(({ stdout }) => Number(stdout))).toEqual(ids);
});

test('no variable of the bot is seen, in its environment or its first process', async () => {
  const { stdout } = await ground.bash(access, 'env; tr "\\0" "\\n" </proc/1/environ');
  const names = new Set(stdout.split('\n').map((line) => line.split('=')[0] ?? ''));
  expect(names.has('PROD_ACCESS_ID')).toBe(true);
  for (const name of ['VITEST', 'NODE_ENV', 'VITEST_WORKER_ID', 'PROD_ACCESS_DATA_DIR'])
    expect(names).not.toContain(name);
});

test('what listens on the host is out of reach', async () => {
  let reached = 0;
  const server = createServer(() => {
    reached += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const { stdout } = await ground.bash(
    access,
    `for to in 127.0.0.1 0.0.0.0 localhost; do (exec 3<>/dev/tcp/$to/${address.port}) && echo connected; done; echo done`,
  );
  await new Promise((resolve) => server.close(resolve));
  expect(stdout).toBe('done\n');
  expect(reached).toBe(0);
});

test('the tools of the host work inside', async () => {
  const { stdout } = await ground.bash(
    access,
    'whoami; hostname; cd; pwd; echo text >~/f; cat ~/f; awk "BEGIN{print 1}"',
  );
  expect(stdout).toBe(`engineer\n${access}\n/home/engineer\ntext\n1\n`);
});

test('nothing inside reaches the call directories, the control or the first process', async () => {
  const { stdout } = await ground.bash(
    access,
    'ls /run/prod-access; touch /run/prod-access/x; echo "x 1" >/proc/1/fd/0; kill -KILL 1; sleep 0.1; echo alive',
  );
  expect(stdout).toBe('alive\n');
  expect((await ground.sandboxes.probe(access)).every(({ holds }) => holds)).toBe(true);
});

describe('limits', () => {
  test('a disk filler meets the end of its disk', async () => {
    const script = `for at in ~ /tmp /dev/shm; do head -c 100M /dev/zero >$at/fill; stat -c %s $at/fill; done`;
    const { stdout } = await ground.bash(access, script, 20_000);
    const bytes = stdout.trim().split('\n').map(Number);
    expect(bytes.length).toBe(3);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(32 * 2 ** 20);
    expect((await ground.sandboxes.probe(access)).filter(({ holds }) => !holds)).toEqual([]);
  });

  test('a memory hog is killed, and nothing else', async () => {
    const { stdout } = await ground.bash(
      access,
      'bash -c \'x=0123456789abcdef; while :; do x=$x$x; done\' >/dev/null 2>&1; echo "code $?"',
      30_000,
    );
    expect(stdout).toBe('code 137\n');
    expect((await ground.sandboxes.probe(access)).every(({ holds }) => holds)).toBe(true);
  });

  test('a fork bomb stays within its number, and closes', async () => {
    await ground
      .bash(access, 'bomb() { bomb | bomb & }; bomb 2>/dev/null; sleep 0.5', 3_000)
      .catch(() => undefined);
    const { uid } = ground.state(access);
    expect(ground.processes(access, uid).length).toBeLessThanOrEqual(48 + 3);
    await ground.sandboxes.close(access);
    expect(ground.processes(access, uid)).toEqual([]);
  });
});
