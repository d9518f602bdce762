/** What every keeper of the ledger port must do; run on the memory twin and on Redis. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { expect, it } from 'vitest';
import { isRefused } from '../../src/domain/refusal.ts';
import { step } from '../../src/domain/step.ts';
import { type StoredLine, verifyChain } from '../../src/domain/verify-chain.ts';
import type { Ledger, Stored } from '../../src/ports/ledger.ts';
import { noon, someDraft, waitingAccess } from '../support/builders.ts';

export function ledgerContract(make: () => Promise<{ ledger: Ledger; signingKey: KeyObject }>): void {
  const begin = async (ledger: Ledger): Promise<Stored> => {
    const { next, entries } = waitingAccess();
    const stored = await ledger.commit({ next }, entries);
    if (stored === 'conflict') throw new Error('a new access conflicted');
    return stored;
  };

  it('stores an access with its entries and reads it back', async () => {
    const { ledger } = await make();
    const stored = await begin(ledger);
    expect(stored.version).toBe(1);
    const read = await ledger.read(stored.access.request.id);
    expect(read).toEqual(stored);
    const trail = await ledger.trail(0, 10);
    expect(trail.map(({ entry }) => [entry.seq, entry.action, entry.access])).toEqual([
      [1, 'access.requested', stored.access.request.id],
    ]);
    expect(await ledger.head()).toMatchObject({ seq: 1, hash: trail[0]?.entry.hash });
  });

  it('says absent of what it does not hold', async () => {
    const { ledger } = await make();
    expect(await ledger.read('acc_aaaaaaaaaaaaaaaa')).toBe('absent');
  });

  it('lets one of many writers of one version through, and writes the entries of that one only', async () => {
    const { ledger } = await make();
    const stored = await begin(ledger);
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => {
        const stepped = step(stored.access, { kind: 'withdraw' }, noon + 1);
        if (isRefused(stepped)) throw new Error('refused');
        return ledger.commit({ next: stepped.next, from: stored }, stepped.entries);
      }),
    );
    expect(outcomes.filter((outcome) => outcome !== 'conflict')).toHaveLength(1);
    const trail = await ledger.trail(0, 100);
    expect(trail.map(({ entry }) => entry.action)).toEqual(['access.requested', 'access.withdrawn']);
    expect(await ledger.unfinished()).toEqual([]);
  });

  it('keeps one gapless, signed order under concurrent appends and commits', async () => {
    const { ledger, signingKey } = await make();
    await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        index % 4 === 0 ? begin(ledger) : ledger.append([someDraft(), someDraft()]),
      ),
    );
    const trail = await ledger.trail(0, 1_000);
    expect(trail).toHaveLength(50 + 300);
    const lines = trail.map(({ entry, sig }) => ({
      entry: JSON.stringify(entry),
      ...(sig === undefined ? {} : { sig }),
    }));
    expect(verifyChain(lines, [createPublicKey(signingKey)]).flaws).toEqual([]);
    expect((await ledger.unfinished()).length).toBe(50);
    expect((await ledger.recent(7)).length).toBe(7);
    expect((await ledger.of('U0ANA', 9)).length).toBe(9);
    expect(await ledger.of('U0BEN', 9)).toEqual([]);
    expect(await ledger.unfinishedOf('U0ANA')).toHaveLength(50);
    expect(await ledger.unfinishedOf('U0BEN')).toEqual([]);
  });

  it('remembers what people were not told yet, and forgets it only for the version that they were told of', async () => {
    const { ledger } = await make();
    const first = await begin(ledger);
    expect(await ledger.untold()).toEqual([first.access.request.id]);
    const stepped = step(first.access, { kind: 'withdraw' }, noon + 1);
    if (isRefused(stepped)) throw new Error('refused');
    const second = await ledger.commit({ next: stepped.next, from: first }, stepped.entries);
    if (second === 'conflict') throw new Error('conflict');
    await ledger.told(first);
    expect(await ledger.untold()).toEqual([first.access.request.id]);
    await ledger.told(second);
    expect(await ledger.untold()).toEqual([]);
  });

  it("lists a person's accesses with their targets until they are over", async () => {
    const { ledger } = await make();
    const first = await begin(ledger);
    const { id, target } = (await begin(ledger)).access.request;
    const stepped = step(first.access, { kind: 'withdraw' }, noon + 1);
    if (isRefused(stepped)) throw new Error('refused');
    await ledger.commit({ next: stepped.next, from: first }, stepped.entries);
    expect(await ledger.unfinishedOf('U0ANA')).toEqual([{ id, target }]);
  });

  it('finds accesses by prefix', async () => {
    const { ledger } = await make();
    const { id } = (await begin(ledger)).access.request;
    await begin(ledger);
    expect(await ledger.find(id.slice(0, 12), 5)).toEqual([id]);
    expect((await ledger.find('acc_', 5)).length).toBe(2);
  });

  it('gives as evidence every entry of the access that the trail holds, and of no other', async () => {
    const { ledger } = await make();
    const stored = await begin(ledger);
    await begin(ledger);
    await ledger.append([someDraft({ access: stored.access.request.id }), someDraft()]);
    const evidence = await ledger.evidence(stored);
    expect('entries' in evidence && evidence.entries.map((entry) => entry.action)).toEqual([
      'access.requested',
      'vote.refused',
    ]);
  });

  it('tells the newest change of an access, as opposed to what merely happened in it', async () => {
    const { ledger } = await make();
    const stored = await begin(ledger);
    const { id } = stored.access.request;
    await ledger.append([someDraft({ access: id })]);
    expect(await ledger.newest(id)).toBe('access.requested');
    const stepped = step(stored.access, { kind: 'withdraw' }, noon + 1);
    if (isRefused(stepped)) throw new Error('refused');
    await ledger.commit({ next: stepped.next, from: stored }, stepped.entries);
    expect(await ledger.newest(id)).toBe('access.withdrawn');
    expect(await ledger.newest('acc_aaaaaaaaaaaaaaaa')).toBeUndefined();
  });

  it('dumps the trail as it is stored, so that it verifies', async () => {
    const { ledger, signingKey } = await make();
    await begin(ledger);
    await ledger.append([someDraft(), someDraft()]);
    const lines: StoredLine[] = [];
    for await (const line of ledger.dump()) lines.push(line);
    expect(lines.map(({ sig }) => sig !== undefined)).toEqual([true, false, true]);
    expect(verifyChain(lines, [createPublicKey(signingKey)])).toMatchObject({ entries: 3, flaws: [] });
  });
}
