/**
 * User ids that no account has, one per standing sandbox: files, signals and the kernel's per-user limits of one then
 * mean nothing to another, nor to the bot. A slot is a file named by its number that holds the access; it is given back
 * after the last process under it was gone.
 */
import { linkSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccessId } from '../../../domain/ids.ts';
import { SandboxFault } from '../../../ports/sandboxes.ts';
import { type House, slotsDir } from './machine.ts';

/** Takes a free slot. Slots are tried from a place that depends on the access, to keep two installs on one host apart. */
export function takeSlot(house: House, access: AccessId): number {
  const { first, count } = house.uids;
  const used = userIdsAlive();
  const ready = join(slotsDir(house), `.${access}`);
  writeFileSync(ready, access, { mode: 0o600 });
  try {
    const start = hash(house.install + access) % count;
    for (let step = 0; step < count; step += 1) {
      const slot = (start + step) % count;
      if (!used.has(first + slot) && claim(ready, slotFile(house, slot))) return slot;
    }
  } finally {
    rmSync(ready, { force: true });
  }
  throw new SandboxFault('unavailable', `all ${count} user ids for sandboxes are in use`, {
    retryable: true,
  });
}

export function holdsSlot(house: House, slot: number, access: AccessId): boolean {
  try {
    return readFileSync(slotFile(house, slot), 'utf8') === access;
  } catch {
    return false;
  }
}

/** The slot that the access holds, for when its state was lost. */
export function slotOf(house: House, access: AccessId): number | undefined {
  try {
    return readdirSync(slotsDir(house))
      .map(Number)
      .find((slot) => Number.isInteger(slot) && holdsSlot(house, slot, access));
  } catch {
    return undefined;
  }
}

export function giveBackSlot(house: House, slot: number, access: AccessId): void {
  if (holdsSlot(house, slot, access)) rmSync(slotFile(house, slot), { force: true });
}

export function slotFile(house: House, slot: number): string {
  return join(slotsDir(house), String(slot));
}

/** A link is made at once and whole, or not at all. */
function claim(ready: string, file: string): boolean {
  try {
    linkSync(ready, file);
    return true;
  } catch {
    return false;
  }
}

function userIdsAlive(): Set<number> {
  const alive = new Set<number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!(pid > 0)) continue;
    const owner = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
    if (owner !== undefined) alive.add(owner);
  }
  return alive;
}

/** FNV-1a, 32 bits: spreads, and protects nothing. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return value;
}
