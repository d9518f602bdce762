/** What a reviewer finds: all that is open, and the newest of what is over, by today's policy. */
import { expect, it } from 'vitest';
import { isRefused } from '../../src/domain/refusal.ts';
import { open, step } from '../../src/domain/step.ts';
import { reviewsOf } from '../../src/flow/reviews.ts';
import { makePolicy, makeRequest, newId, noon } from '../support/builders.ts';
import { type MemoryWorld, memoryWorld } from '../support/memory-world.ts';

const lea = { id: 'U0LEA', name: 'lea' };

async function asked(
  { ledger }: MemoryWorld,
  minute: number,
  { over, target = 'wiki', by = 'U0ANA' }: { over: boolean; target?: string; by?: string },
): Promise<string> {
  const [id, now] = [newId(), noon + minute * 60_000];
  const request = makeRequest({ id, target, askedAt: now, requester: { id: by, name: 'ana' } });
  const opened = open(request, { lapsesAt: now + 3_600_000 }, now);
  const stored = await ledger.commit({ next: opened.next }, opened.entries);
  if (stored === 'conflict') throw new Error('conflict');
  if (!over) return id;
  const stepped = step(stored.access, { kind: 'withdraw' }, now + 1_000);
  if (isRefused(stepped)) throw new Error(stepped.refused.code);
  await ledger.commit({ next: stepped.next, from: stored }, stepped.entries);
  return id;
}

const idsOf = (accesses: readonly { readonly request: { readonly id: string } }[]): readonly string[] =>
  accesses.map(({ request }) => request.id);

it('finds what is open however long ago it was asked, and the newest fifty that are over', async () => {
  const world = memoryWorld();
  const old = await asked(world, 0, { over: false });
  const over: string[] = [];
  for (let minute = 1; minute <= 55; minute += 1) over.push(await asked(world, minute, { over: true }));
  const late = await asked(world, 60, { over: false });
  const found = await reviewsOf(world.deps, lea);
  expect(idsOf(found.open)).toEqual([late, old]);
  expect(idsOf(found.over)).toEqual(over.reverse().slice(0, 50));
});

it('leaves out their own, what they do not review today, and everything for who reviews nothing', async () => {
  const world = memoryWorld();
  await asked(world, 0, { over: true, by: 'U0LEA' });
  await asked(world, 1, { over: false, by: 'U0LEA' });
  const wiki = await asked(world, 2, { over: true });
  const payments = await asked(world, 3, { over: true, target: 'payments-db' });
  expect(idsOf((await reviewsOf(world.deps, lea)).over)).toEqual([payments, wiki]);
  world.setPolicy(
    makePolicy(({ targets }) => {
      targets.wiki.approvers = [{ from: ['security'] }];
    }),
  );
  expect(idsOf((await reviewsOf(world.deps, lea)).over)).toEqual([payments]);
  expect(await reviewsOf(world.deps, { id: 'U0OUT', name: 'out' })).toEqual({ open: [], over: [] });
});
