/**
 * Keeps a broker for every active access whose sandbox stands on this host. It is there before a shell is, and again
 * soon after the bot was started anew or the sandbox replaced; when the access is over, every connection is cut.
 */
import { bot } from '../domain/audit.ts';
import { isoTime } from '../domain/duration.ts';
import type { AccessId } from '../domain/ids.ts';
import { approvedTarget } from '../domain/policy.ts';
import { isRefused } from '../domain/refusal.ts';
import { type Blocked, type Broker, BrokerFault, type BrokerTold } from '../ports/brokers.ts';
import type { Stored } from '../ports/ledger.ts';
import type { FoundSandbox } from '../ports/sandboxes.ts';
import { load } from './advance.ts';
import type { Attendance } from './attendance.ts';
import { brokerTold } from './broker-told.ts';
import type { Flow } from './deps.ts';
import { openConnections } from './open-connections.ts';
import { flawOf } from './proof.ts';
import { unsureOpenings } from './unsure-openings.ts';

type Deps = Pick<
  Flow,
  'ledger' | 'sandboxes' | 'brokers' | 'grants' | 'policy' | 'clock' | 'credentialsToken' | 'log'
>;

export type BrokerKeeper = {
  /** Resolves once the access has its broker, here or in another process of this host. */
  keep(access: AccessId): Promise<void>;
  /** Looks for active accesses without one. */
  sweep(): Promise<void>;
  close(why: string): Promise<void>;
};

type KeptBroker = Pick<Broker, 'stands' | 'close'> & {
  /** Has its refused connections ended on the record, where the trail holds them. */
  settle(): Promise<void>;
};

/** `blocked` hears of what was refused, once that is on the record. */
export function keepBrokers(
  deps: Deps,
  attendance: Attendance,
  blocked: (access: AccessId, attempt: Blocked) => void = () => {},
): BrokerKeeper {
  const kept = new Map<AccessId, Promise<KeptBroker | undefined>>();
  const stopping = new AbortController();

  const keep = async (access: AccessId, sandboxes?: readonly FoundSandbox[]): Promise<void> => {
    const known = kept.get(access);
    const stale = await known;
    if (stale?.stands() === true) return;
    // Others waited for the same one, and one of them was first.
    if (kept.get(access) !== known) return keep(access, sandboxes);
    const opening = openAfter(stale, () =>
      openOne({ ...deps, attendance, blocked, giveUp: stopping.signal }, access, sandboxes),
    );
    kept.set(access, opening);
    const forget = (): void => {
      if (kept.get(access) === opening) kept.delete(access);
    };
    try {
      const broker = await opening;
      if (broker === undefined) return forget();
      void attendance.over(access).then(async (why) => {
        await broker.close(why);
        forget();
      });
    } catch (error) {
      forget();
      throw error;
    }
  };

  return {
    keep: (access) => keep(access),
    sweep: async () => {
      const sandboxes = await deps.sandboxes.list();
      for (const { labels } of sandboxes) {
        const { access } = labels;
        try {
          await keep(access, sandboxes);
          await (await kept.get(access))?.settle();
        } catch (error) {
          deps.log.warn({ access, err: error }, 'a broker could not be kept; trying again');
        }
      }
    },
    close: async (why) => {
      const brokers = await Promise.allSettled([...kept.values()]);
      await Promise.allSettled(
        brokers.map((each) => (each.status === 'fulfilled' ? each.value?.close(why) : undefined)),
      );
      stopping.abort();
      kept.clear();
    },
  };
}

/** Its ends are on the record before the next one looks for those that are not. */
async function openAfter<T>(stale: KeptBroker | undefined, open: () => Promise<T>): Promise<T> {
  await stale?.close('its sandbox is gone');
  return open();
}

type Ears = {
  readonly attendance: Attendance;
  readonly blocked: (access: AccessId, attempt: Blocked) => void;
};

/** Undefined where the access is not active, its sandbox stands elsewhere, or another process carries for it. */
async function openOne(
  deps: Deps & Ears & { readonly giveUp: AbortSignal },
  access: AccessId,
  sandboxes?: readonly FoundSandbox[],
): Promise<KeptBroker | undefined> {
  const stored = await load(deps, access);
  if (isRefused(stored) || stored.access.state !== 'active') return undefined;
  const { request } = stored.access;
  // What was approved is carried, or nothing: an edit of the policy opens no new way out of an access that stands.
  const target = approvedTarget(deps.policy.current(), request);
  const found = sandboxes ?? (await deps.sandboxes.list());
  const sandbox = found.find(({ labels, stands }) => stands && labels.access === access);
  if (target === undefined || sandbox === undefined) return undefined;
  if ((await flawOf(deps, stored)) !== undefined) return undefined;
  const { egress, forwards } = target.sandbox;
  const spec = {
    access,
    sockets: sandbox.sockets,
    egress,
    forwards,
    credentialsToken: deps.credentialsToken(access),
  };
  try {
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>();
    const told = brokerTold(deps, request, () => deps.attendance.now(access));
    const unsure = unsureOpenings(deps, stored);
    const opened: BrokerTold['opened'] = async (connection) => {
      await settled;
      await told.opened(connection).catch((error: unknown) => {
        unsure.add(connection);
        throw error;
      });
    };
    const refused: BrokerTold['blocked'] = async (attempt) => {
      await told.blocked(attempt);
      deps.blocked(access, attempt);
    };
    const broker = await deps.brokers.open(spec, { ...told, opened, blocked: refused });
    // Before anything new is opened: what is open in the trail now was an earlier broker's.
    await closeLost(deps, stored).finally(settle);
    return {
      stands: () => broker.stands(),
      settle: unsure.settle,
      close: async (why) => {
        await broker.close(why);
        await unsure.settleInTheEnd(deps.giveUp);
      },
    };
  } catch (error) {
    if (error instanceof BrokerFault && error.code === 'taken') return undefined;
    throw error;
  }
}

/** Whoever opens a broker knows that no connection of an earlier one is left: their ends are put on the record. */
async function closeLost({ ledger, clock }: Deps, stored: Stored): Promise<void> {
  const evidence = await ledger.evidence(stored);
  if (!('entries' in evidence)) return;
  const { id, target } = stored.access.request;
  const lost = openConnections(evidence.entries);
  await ledger.append(
    lost.map(({ details }) => ({
      at: isoTime(clock.now()),
      action: 'connection.closed' as const,
      access: id,
      actor: bot,
      target,
      details: { ...details, why: 'the process that carried it died', reconstructed: true },
    })),
  );
}
