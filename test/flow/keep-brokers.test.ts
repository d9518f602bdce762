/** Brokers of active accesses: there before a shell is, as approved and not otherwise, cut when the access is over. */
import { describe, expect, it, vi } from 'vitest';
import type { AccessId } from '../../src/domain/ids.ts';
import { makeAttendance } from '../../src/flow/attendance.ts';
import { done } from '../../src/flow/end-early.ts';
import { type BrokerKeeper, keepBrokers } from '../../src/flow/keep-brokers.ts';
import { makePolicy } from '../support/builders.ts';
import { type MemoryWorld, memoryWorld } from '../support/memory-world.ts';
import { activeAccess, allTurns } from '../support/session-world.ts';

const policy = (egress: readonly string[]) =>
  makePolicy((input) => {
    Object.assign(input.targets['payments-db'].sandbox, {
      egress,
      forwards: [{ name: 'db', listen: 5432, to: 'db.internal:5432', private: true }],
    });
  });

const active = (world: MemoryWorld): Promise<AccessId> => activeAccess(world, '10m');

const keeper = (world: MemoryWorld): BrokerKeeper =>
  keepBrokers(world.deps, makeAttendance(world.deps, new AbortController().signal));
const connection = { id: 'con_aaaaaaaaaaaaaaaa', by: 'db', host: 'db.internal', port: 5432 } as const;
const entriesOf = async (world: MemoryWorld, id: AccessId, action: string) =>
  (await world.ledger.trail(0, 1_000))
    .map(({ entry }) => entry)
    .filter((e) => e.access === id && e.action === action);

describe('a broker', () => {
  it('carries what was approved, one for an access however often it is asked for', async () => {
    const world = memoryWorld(policy(['logs.example.com:443']));
    const id = await active(world);
    const brokers = keeper(world);
    await Promise.all([brokers.keep(id), brokers.keep(id), brokers.sweep()]);
    expect(world.brokers.opened.map(({ spec }) => spec)).toMatchObject([
      {
        access: id,
        egress: [{ host: 'logs.example.com', port: 443, private: false }],
        forwards: [{ name: 'db', listen: 5432, to: { host: 'db.internal', port: 5432 }, private: true }],
        credentialsToken: `token of ${id}`,
      },
    ]);
  });

  it('is not opened for what the policy was made to grant since', async () => {
    const world = memoryWorld(policy(['logs.example.com:443']));
    const id = await active(world);
    world.setPolicy(policy(['logs.example.com:443', 'evil.example:443']));
    await keeper(world).keep(id);
    expect(world.brokers.opened).toEqual([]);
  });

  it('is not opened for a record that does not verify, nor for what is not active', async () => {
    const world = memoryWorld(policy([]));
    const waiting = await world.ask();
    const id = await active(world);
    world.ledger.forge(id);
    const brokers = keeper(world);
    await brokers.keep(waiting);
    await brokers.keep(id);
    expect(world.brokers.opened).toEqual([]);
  });

  it('is not opened for a record that says something else than the signed trail', async () => {
    const world = memoryWorld(policy([]));
    const id = await active(world);
    const stored = await world.stored(id);
    if (stored.access.state !== 'active') throw new Error('not active');
    world.ledger.putBack({
      ...stored,
      access: { ...stored.access, endsAt: stored.access.endsAt + 3_600_000 },
    });
    await keeper(world).keep(id);
    expect(world.brokers.opened).toEqual([]);
    expect(await entriesOf(world, id, 'alarm.raised')).toMatchObject([
      { details: { why: 'the signed end is another one' } },
    ]);
  });

  it('leaves it to another process of the host, and tries again when that is gone', async () => {
    const world = memoryWorld(policy([]));
    const id = await active(world);
    world.brokers.taken.add(id);
    const brokers = keeper(world);
    await brokers.keep(id);
    expect(world.brokers.opened).toEqual([]);
    world.brokers.taken.clear();
    await brokers.sweep();
    expect(world.brokers.opened).toHaveLength(1);
  });

  it('tells of what it refused once that is on the record, and not before', async () => {
    const world = memoryWorld(policy(['logs.example.com:443']));
    const id = await active(world);
    const heard: string[] = [];
    const attendance = makeAttendance(world.deps, new AbortController().signal);
    await keepBrokers(world.deps, attendance, (access, { host }) => heard.push(`${access} ${host}`)).keep(id);
    const told = world.brokers.opened[0]?.told;
    const attempt = { by: 'proxy', host: 'example.com', port: 443, why: 'not in this target', count: 1 };
    const { append } = world.ledger;
    world.ledger.append = async () => {
      throw new Error('Redis is away');
    };
    await expect(told?.blocked(attempt)).rejects.toThrow('Redis is away');
    expect(heard).toEqual([]);
    world.ledger.append = append;
    await told?.blocked(attempt);
    expect(heard).toEqual([`${id} example.com`]);
    expect((await entriesOf(world, id, 'connection.blocked')).length).toBe(1);
  });

  it('is cut when the access is over, with the reason', async () => {
    const world = memoryWorld(policy([]));
    const id = await active(world);
    await keeper(world).keep(id);
    await done(world.deps, { access: id, person: { id: 'U0ANA', name: 'ana' } });
    await vi.waitFor(async () => {
      await world.live(1);
      expect(world.brokers.opened[0]?.closed()).toBe('its requester is done');
    });
  });

  it('accounts for connections that an earlier process lost, before it lets out new ones', async () => {
    const world = memoryWorld(policy([]));
    const id = await active(world);
    await keeper(world).keep(id);
    await world.brokers.opened[0]?.told.opened(connection);
    await keeper(world).keep(id);
    const closed = await entriesOf(world, id, 'connection.closed');
    expect(closed.map(({ details }) => details)).toMatchObject([
      { connection: connection.id, reconstructed: true },
    ]);
    await world.brokers.opened[1]?.told.opened({ ...connection, id: 'con_bbbbbbbbbbbbbbbb' });
    expect(await entriesOf(world, id, 'connection.opened')).toHaveLength(2);
    expect(await entriesOf(world, id, 'connection.closed')).toHaveLength(1);
  });

  it('takes no connection of its own for a lost one, however early it comes', async () => {
    const early = { ...connection, id: 'con_bbbbbbbbbbbbbbbb' } as const;
    const recorded = Promise.withResolvers<void>();
    let opens = 0;
    const world = memoryWorld(policy([]), (deps) => ({
      ...deps,
      brokers: {
        open: async (spec, told) => {
          opens += 1;
          if (opens === 2) void told.opened(early).then(recorded.resolve);
          await allTurns();
          return deps.brokers.open(spec, told);
        },
      },
    }));
    const id = await active(world);
    await keeper(world).keep(id);
    await world.brokers.opened[0]?.told.opened(connection);
    await keeper(world).keep(id);
    await recorded.promise;
    const actions = (await world.ledger.trail(0, 1_000)).flatMap(({ entry: { action, details } }) =>
      action.startsWith('connection.') ? [[action, details.connection]] : [],
    );
    expect(actions).toEqual([
      ['connection.opened', connection.id],
      ['connection.closed', connection.id],
      ['connection.opened', early.id],
    ]);
  });

  describe('whose opening was refused, for its answer was lost,', () => {
    const other = { ...connection, id: 'con_bbbbbbbbbbbbbbbb' } as const;

    /** The ledger takes the opening of `connection` and rejects; that of `other` it does not take. */
    async function refused() {
      const ledger = { away: false };
      const world = memoryWorld(policy([]), (deps) => ({
        ...deps,
        ledger: {
          ...deps.ledger,
          append: async (entries) => {
            const [first] = entries;
            if (ledger.away || first?.details?.connection === other.id) throw new Error('not taken');
            await deps.ledger.append(entries);
            if (first?.action === 'connection.opened') throw new Error('the answer was lost');
          },
        },
      }));
      const id = await active(world);
      const brokers = keeper(world);
      await brokers.keep(id);
      for (const each of [connection, other])
        await expect(world.brokers.opened[0]?.told.opened(each)).rejects.toThrow();
      const ends = async () =>
        (await entriesOf(world, id, 'connection.closed')).map(({ details }) => details);
      return { world, id, brokers, ends, ledger };
    }
    const end = { connection: connection.id, bytes_out: 0, bytes_in: 0, why: expect.stringMatching(/never/) };

    it('ends it on the record soon', async () => {
      const { brokers, ends } = await refused();
      await brokers.sweep();
      await brokers.sweep();
      expect(await ends()).toMatchObject([end]);
    });

    it('ends it on the record at its close, in the end', async () => {
      const { world, id, ends, ledger } = await refused();
      await done(world.deps, { access: id, person: { id: 'U0ANA', name: 'ana' } });
      ledger.away = true;
      await vi.waitFor(async () => {
        world.clock.tick(250);
        expect(world.log).toContain('warn: the ends of refused connections are not on the record yet');
      });
      expect(await ends()).toEqual([]);
      ledger.away = false;
      await vi.waitFor(async () => {
        world.clock.tick(250);
        expect(await ends()).toMatchObject([end]);
      });
    });

    it('ends it on the record when the process stops', async () => {
      const { brokers, ends } = await refused();
      await brokers.close('the bot is stopping');
      expect(await ends()).toMatchObject([end]);
    });
  });

  it.each(['the sweep', 'the next terminal'])(
    'is opened anew by %s when its sandbox was replaced',
    async (who) => {
      const world = memoryWorld(policy([]));
      const id = await active(world);
      const brokers = keeper(world);
      await brokers.keep(id);
      world.brokers.opened[0]?.loseSockets();
      await Promise.all([1, 2].map(() => (who === 'the sweep' ? brokers.sweep() : brokers.keep(id))));
      expect(world.brokers.opened.map(({ closed }) => closed())).toEqual(['its sandbox is gone', undefined]);
      await done(world.deps, { access: id, person: { id: 'U0ANA', name: 'ana' } });
      await vi.waitFor(async () => {
        await world.live(1);
        expect(world.brokers.opened[1]?.closed()).toBe('its requester is done');
      });
    },
  );

  it('is opened for a sandbox that stands, and not for what one left', async () => {
    const world = memoryWorld(policy([]));
    const id = await active(world);
    world.sandboxes.kill(id);
    const brokers = keeper(world);
    await brokers.keep(id);
    await brokers.sweep();
    expect(world.brokers.opened).toEqual([]);
  });

  it('vends credentials on the record and without the secret, and none once the access is over', async () => {
    const world = memoryWorld(policy([]));
    const id = await active(world);
    await keeper(world).keep(id);
    const vended = await world.brokers.opened[0]?.told.vend();
    const [entry] = await entriesOf(world, id, 'credentials.vended');
    expect(entry?.details).toEqual({
      key_id: vended?.accessKeyId,
      expires_at: new Date(vended?.expiresAt ?? 0).toISOString(),
    });
    expect(JSON.stringify(entry)).not.toContain(vended?.secretAccessKey);
    await done(world.deps, { access: id, person: { id: 'U0ANA', name: 'ana' } });
    await expect(world.brokers.opened[0]?.told.vend()).rejects.toThrow('no credentials');
    expect(await entriesOf(world, id, 'credentials.vended')).toHaveLength(1);
  });

  it('asks AWS for none once the time is up, though nobody has ended the access yet', async () => {
    const world = memoryWorld(policy([]));
    const id = await active(world);
    await keeper(world).keep(id);
    world.tick(10 * 60_000);
    expect((await world.stored(id)).access.state).toBe('active');
    await expect(world.brokers.opened[0]?.told.vend()).rejects.toThrow('no credentials: its time is up');
    expect(world.grants.calls.filter(({ verb }) => verb === 'vend')).toEqual([]);
  });
});
