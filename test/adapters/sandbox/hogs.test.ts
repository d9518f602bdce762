/**
 * Whoever takes all that can be had inside: it is bounded, the host and another sandbox go on, and the end is on time.
 * Each script shows by its last words that it met its limit, and goes on taking in the background.
 */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findCgroups } from '../../../src/adapters/sandbox/local/cgroups.ts';
import { machineFrom } from '../../../src/adapters/sandbox/local/machine.ts';
import type { AccessId } from '../../../src/domain/ids.ts';
import { newAccess, specFor } from '../../contract/sandboxes.ts';
import { type LocalGround, localGround } from './local-ground.ts';
import { stubborn } from './stubborn.ts';

let ground: LocalGround;
let hog: AccessId;
let neighbour: AccessId;
beforeEach(async () => {
  ground = await localGround();
  [hog, neighbour] = [newAccess(), newAccess()];
  await Promise.all([hog, neighbour].map((access) => ground.open(access)));
});
afterEach(() => ground[Symbol.asyncDispose]());

const { limits } = specFor('', newAccess(), 0);
/** A machine with two cores that has other work as well. */
const answersWithinMs = 3_000;
const endsWithinMs = 3_000;

const python = (body: string): string => `python3 -I -c '\n${body}\n'`;

const memory = python('held = []\nwhile True: held.append(bytearray(1 << 20))');
const emptyFiles = python(`
import os
for at in ("/tmp", "/home/engineer", "/dev/shm"):
    try:
        for number in range(1000000): os.close(os.open(f"{at}/{number}", os.O_CREAT | os.O_WRONLY))
    except OSError as error: print("full", error.errno)
    else: print("a million")`);
const openFiles = python(`
import os, time
held = []
try:
    while True: held.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error: print("full", len(held), flush=True)
time.sleep(60)`);
const socketBuffers = python(`
import socket
server = socket.create_server(("127.0.0.1", 0), backlog=512)
held, total = [], 0
for _ in range(300):
    pair = [socket.create_connection(server.getsockname()), server.accept()[0]]
    held += pair
    for one in pair:
        one.setblocking(False)
        try:
            while True: total += one.send(bytes(1 << 16))
        except BlockingIOError: pass
print("full", total)`);
const descriptorsEverywhere = `for _ in {1..20}; do ${openFiles} & done; sleep 1.5`;

test.each([
  [
    'memory',
    `${memory} 2>/dev/null; echo "full $?"; while :; do ${memory}; done >/dev/null 2>&1 &`,
    /^full 137\n$/,
  ],
  [
    'disk',
    'for at in ~ /tmp /dev/shm; do head -c 100M /dev/zero >$at/fill || echo full; done; while :; do cat /dev/zero >~/more; done 2>/dev/null &',
    /^full\nfull\nfull\n$/,
  ],
  // Killed for the memory that they take in the kernel, or refused.
  ['empty files', `${emptyFiles} 2>/dev/null; [ $? -ne 0 ] && echo "full"`, /full/],
  ['open files', descriptorsEverywhere, /^(full 409\d\n)+$/],
  ['deaf processes', `for _ in {1..12}; do ${stubborn}; done; echo full`, /^full\n$/],
  ['output', 'yes', /^(y\n)+/],
])('%s', { timeout: 60_000 }, async (_, script, words) => {
  const { stdout } = await ground.bash(hog, script, script === 'yes' ? 1_000 : 25_000);
  expect(stdout).toMatch(words);
  expect(stdout).not.toContain('a million');
  await othersGoOn();
  await endsOnTime();
});

test('processes', async () => {
  const bombed = ground.bash(hog, 'bomb() { bomb | bomb & }; bomb 2>/dev/null; sleep 20', 20_000);
  bombed.catch(() => undefined);
  const { uid } = ground.state(hog);
  // What is counted are the sandbox's, with the supervisor, its watcher and bubblewrap outside.
  await vi.waitFor(
    () => expect(ground.processes(hog, uid).length).toBeGreaterThan(limits.processes - 8),
    10_000,
  );
  expect(ground.processes(hog, uid).length).toBeLessThanOrEqual(limits.processes + 3);
  await othersGoOn();
  await endsOnTime();
});

test('buffers of sockets', async () => {
  const { stdout, code } = await ground.bash(hog, `${socketBuffers} & wait $!`, 25_000);
  // Killed where the kernel counts them as memory, as version 2 of cgroups does.
  const taken = code === 137 ? 0 : Number(/^full (\d+)\n$/.exec(stdout)?.[1]);
  expect(taken).toBeLessThan(limits.memoryBytes);
  await othersGoOn();
  await endsOnTime();
});

/** The neighbour answers, and every check of its fence holds; the hog's group is within its limit. */
async function othersGoOn(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    const asked = performance.now();
    expect(await ground.bash(neighbour, 'echo here >~/f && cat ~/f')).toMatchObject({ stdout: 'here\n' });
    expect(performance.now() - asked).toBeLessThan(answersWithinMs);
  }
  expect((await ground.sandboxes.probe(neighbour)).filter(({ holds }) => !holds)).toEqual([]);
  expect(memoryInUse()).toBeLessThanOrEqual(limits.memoryBytes);
}

async function endsOnTime(): Promise<void> {
  const { uid } = ground.state(hog);
  const deadline = Date.now() + 200;
  await ground.sandboxes.setDeadline(hog, deadline);
  await vi.waitFor(() => expect(ground.processes(hog, uid)).toEqual([]), {
    timeout: endsWithinMs + 200,
    interval: 10,
  });
  expect(Date.now() - deadline).toBeLessThan(endsWithinMs);
  await vi.waitFor(async () => expect((await ground.sandboxes.list()).length).toBe(1), endsWithinMs);
}

function memoryInUse(): number {
  const layout = findCgroups(machineFrom(ground.options));
  if (layout === undefined) throw new Error('no cgroup holds it');
  const file =
    layout.version === 'cgroup-v2'
      ? `${layout.root}/%/memory.current`
      : `${layout.memory}/%/memory.usage_in_bytes`;
  return Number(readFileSync(file.replace('%', `prod-access-${ground.install}/${hog}`), 'utf8'));
}
