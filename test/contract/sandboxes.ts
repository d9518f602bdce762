/**
 * What every driver of the sandboxes port keeps. Run on a real driver and on the memory twin. `make` brings a fresh
 * ground for one test: two drivers on the same ground stand for two processes of one bot.
 */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type AccessId, idBytes, idFrom } from '../../src/domain/ids.ts';
import { type Sandboxes, SandboxFault, type SandboxSpec } from '../../src/ports/sandboxes.ts';

export type SandboxGround = AsyncDisposable & {
  readonly sandboxes: Sandboxes;
  readonly another: Sandboxes;
  readonly install: string;
  now(): number;
  /** Milliseconds in which a sandbox opens also on a busy machine. */
  readonly opensWithin: number;
  /** Where the clock is set by hand, sets it; where it is real, does nothing: the test waits for the effect. */
  turnTo(instant: number): void;
};

export function newAccess(): AccessId {
  return idFrom('acc', randomBytes(idBytes));
}

export function specFor(install: string, access: AccessId, deadline: number): SandboxSpec {
  return {
    labels: { install, access, requester: 'U0REQ', target: 'payments-db' },
    limits: { memoryBytes: 128 * 2 ** 20, cpus: 1, processes: 48, diskBytes: 32 * 2 ** 20 },
    listeners: [],
    environment: {},
    deadline,
  };
}

/** How soon after its deadline a sandbox must be gone, as seen by polling on a busy machine. */
const goneWithin = { timeout: 15_000, interval: 20 };
const minute = 60_000;

export function sandboxesContract(name: string, make: () => Promise<SandboxGround>): void {
  describe(`sandboxes kept by ${name}`, () => {
    let ground: SandboxGround;
    let access: AccessId;
    const spec = (deadline = ground.now() + minute): SandboxSpec => specFor(ground.install, access, deadline);
    const listed = async (): Promise<AccessId[]> =>
      (await ground.another.list()).map(({ labels }) => labels.access);

    beforeEach(async () => {
      ground = await make();
      access = newAccess();
    });
    afterEach(async () => {
      await ground[Symbol.asyncDispose]();
    });

    test('is ready', async () => {
      expect(await ground.sandboxes.readiness()).toMatchObject({ ready: true });
    });

    test('opens fenced, with its labels and deadline, seen by another process', async () => {
      const wanted = spec();
      const opened = await ground.sandboxes.open(wanted);
      expect(opened).toMatchObject({ labels: wanted.labels, deadline: wanted.deadline });
      expect(opened.checks).toBeGreaterThan(0);
      expect(await ground.another.list()).toEqual([{ ...opened, stands: true }]);
      const found = await ground.another.probe(access);
      expect(found.length).toBeGreaterThan(0);
      expect(found.filter(({ holds }) => !holds)).toEqual([]);
    });

    test('adopts the standing one and sets nothing', async () => {
      const first = await ground.sandboxes.open(spec());
      const second = await ground.another.open(spec(first.deadline + minute));
      expect(second).toEqual(first);
      expect(await listed()).toEqual([access]);
    });

    test('two open at once: one sandbox', async () => {
      const wanted = spec();
      const both = await Promise.all([ground.sandboxes.open(wanted), ground.another.open(wanted)]);
      expect(both[0]).toEqual(both[1]);
      expect(await listed()).toEqual([access]);
    });

    test('refuses a deadline that has passed and another install', async () => {
      await expect(ground.sandboxes.open(spec(ground.now() - 1))).rejects.toMatchObject({
        name: 'SandboxFault',
        code: 'unavailable',
      });
      await expect(ground.sandboxes.open(specFor('other', access, ground.now() + minute))).rejects.toThrow(
        SandboxFault,
      );
      expect(await listed()).toEqual([]);
    });

    test('is destroyed at its deadline', async () => {
      const deadline = ground.now() + ground.opensWithin;
      await ground.sandboxes.open(spec(deadline));
      ground.turnTo(deadline);
      await vi.waitFor(async () => expect(await listed()).toEqual([]), goneWithin);
      expect(ground.now()).toBeGreaterThanOrEqual(deadline);
      await expect(ground.sandboxes.probe(access)).rejects.toMatchObject({ code: 'gone' });
    });

    test('takes an earlier deadline', async () => {
      await ground.sandboxes.open(spec());
      const earlier = ground.now() + 100;
      await ground.another.setDeadline(access, earlier);
      ground.turnTo(earlier);
      await vi.waitFor(async () => expect(await listed()).toEqual([]), goneWithin);
    });

    test('takes a later deadline, and outlives the first', async () => {
      const first = ground.now() + ground.opensWithin + 400;
      await ground.sandboxes.open(spec(first));
      await ground.another.setDeadline(access, first + minute);
      ground.turnTo(first + 300);
      await vi.waitFor(() => expect(ground.now()).toBeGreaterThanOrEqual(first + 300), goneWithin);
      expect(await ground.sandboxes.list()).toMatchObject([{ labels: { access }, deadline: first + minute }]);
      expect((await ground.sandboxes.probe(access)).length).toBeGreaterThan(0);
    });

    test('closes, twice, and what never was; then opens anew', async () => {
      await ground.sandboxes.open(spec());
      await ground.another.close(access);
      expect(await listed()).toEqual([]);
      await ground.sandboxes.close(access);
      await ground.sandboxes.close(newAccess());
      await ground.sandboxes.open(spec());
      expect(await listed()).toEqual([access]);
    });

    test('says gone where none stands', async () => {
      await expect(ground.sandboxes.probe(access)).rejects.toMatchObject({
        name: 'SandboxFault',
        code: 'gone',
      });
      await expect(ground.sandboxes.setDeadline(access, ground.now() + minute)).rejects.toMatchObject({
        name: 'SandboxFault',
        code: 'gone',
      });
    });

    test('two closings at once are one, by two processes too', async () => {
      await ground.sandboxes.open(spec(ground.now() + minute));
      await Promise.all([
        ground.sandboxes.close(access),
        ground.another.close(access),
        ground.sandboxes.close(access),
      ]);
      expect(await listed()).toEqual([]);
      await ground.sandboxes.open(spec(ground.now() + minute));
      expect(await listed()).toEqual([access]);
    });

    test('closing one leaves the other', async () => {
      const other = newAccess();
      const deadline = ground.now() + minute;
      await Promise.all([
        ground.sandboxes.open(spec(deadline)),
        ground.sandboxes.open(specFor(ground.install, other, deadline)),
      ]);
      expect((await listed()).toSorted()).toEqual([access, other].toSorted());
      await ground.sandboxes.close(access);
      expect(await listed()).toEqual([other]);
      expect((await ground.sandboxes.probe(other)).every(({ holds }) => holds)).toBe(true);
    });
  });
}
