/**
 * Brokers in this process: one per access, each with its own sockets, bounds and counts, so that what one sandbox does
 * is no other's loss. Keeps the promises of the port; what is told and what is carried lives in `let-out.ts`.
 */
import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type { AccessId } from '../../domain/ids.ts';
import { idBytes, idFrom } from '../../domain/ids.ts';
import {
  type Broker,
  BrokerFault,
  type BrokerSpec,
  type Brokers,
  type BrokerTold,
} from '../../ports/brokers.ts';
import type { Clock } from '../../ports/clock.ts';
import { blockedReport } from './blocked-report.ts';
import { type Bounds, usualBounds } from './bounds.ts';
import { credentialsServer } from './credentials.ts';
import { type Dial, systemDial } from './dial.ts';
import { doorkeeper } from './doorkeeper.ts';
import { egressFrom } from './egress.ts';
import { findsAddresses, type Lookup, systemLookup } from './find-addresses.ts';
import { forwardTo } from './forward.ts';
import { hostFrom } from './hosts.ts';
import { inTime } from './in-time.ts';
import { proxyName, proxyTo } from './proxy.ts';
import { tellUntilHeard } from './tell.ts';
import type { BrokerLog, WayOut } from './way-out.ts';

export type HostBrokersOptions = {
  readonly clock: Clock;
  readonly log: BrokerLog;
  readonly bounds?: Partial<Bounds>;
  readonly lookup?: Lookup;
  readonly dial?: Dial;
  /** Addresses of this host's interfaces, as of now. */
  readonly ownAddresses?: () => readonly string[];
  readonly randomBytes?: (size: number) => Uint8Array;
};

const tokenMin = 16;

export function hostBrokers(options: HostBrokersOptions): Brokers {
  const standing = new Set<AccessId>();
  return {
    open: async (spec, told) => {
      if (standing.has(spec.access))
        throw new BrokerFault('taken', `a broker of this process already carries for ${spec.access}`);
      standing.add(spec.access);
      try {
        return await openOne(options, valid(spec), told, () => standing.delete(spec.access));
      } catch (error) {
        standing.delete(spec.access);
        throw error;
      }
    },
  };
}

async function openOne(
  options: HostBrokersOptions,
  spec: BrokerSpec,
  told: BrokerTold,
  gone: () => void,
): Promise<Broker> {
  const { access, egress, forwards, sockets } = spec;
  const { clock, log } = options;
  const bounds = { ...usualBounds, ...options.bounds };
  const random = options.randomBytes ?? randomBytes;
  const underWay = new Set<Promise<void>>();
  let cut: string | undefined;
  let closing: Promise<void> | undefined;

  const report = blockedReport(clock, (blocked) =>
    tellUntilHeard({ clock, log, patienceMs: bounds.patienceMs }, { access, blocked }, () =>
      told.blocked(blocked),
    ),
  );
  const way: WayOut = {
    access,
    told,
    bounds,
    clock,
    log,
    report,
    dial: options.dial ?? systemDial,
    find: findsAddresses({
      lookup: options.lookup ?? systemLookup,
      ownAddresses: options.ownAddresses ?? addressesOfThisHost,
      clock,
      lookupMs: bounds.lookupMs,
    }),
    newId: () => idFrom('con', random(idBytes)),
    unconfirmed: new Set(),
    cut: () => cut,
    track: (work) => {
      const kept = work
        .catch((err: unknown) => log.error({ access, err }, 'a connection failed in the broker'))
        .finally(() => underWay.delete(kept));
      underWay.add(kept);
    },
  };
  const keeper = doorkeeper(way, sockets);

  async function shutDown(): Promise<void> {
    keeper.close();
    gone();
    const told = (async () => {
      while (underWay.size > 0) await Promise.all(underWay);
      await report.finish();
    })();
    if ((await inTime(clock, bounds.closeMs, told)) === 'late')
      log.warn({ access }, 'a broker closed before all of its ends were on the record');
  }

  try {
    if (egress.length > 0) await keeper.open('proxy', proxyName, proxyTo(egress));
    for (const each of forwards) await keeper.open(`forward-${each.name}`, each.name, forwardTo(each));
    await keeper.openCredentials(credentialsServer(way, spec.credentialsToken));
  } catch (error) {
    cut = 'it could not be opened';
    keeper.close();
    throw error;
  }
  return {
    access,
    stands: () => cut === undefined && keeper.stand(),
    close: (why) => {
      cut ??= why;
      closing ??= shutDown();
      return closing;
    },
  };
}

/** The spec with its hosts in the form that is compared. What cannot be understood is not opened. */
function valid(spec: BrokerSpec): BrokerSpec {
  const names = spec.forwards.map(({ name }) => name);
  const form = /^[a-z0-9-]{1,40}$/;
  if (new Set([proxyName, ...names]).size <= names.length || !names.every((name) => form.test(name)))
    throw invalid('each forward needs a name of its own: lower-case letters, digits and dashes, not proxy');
  if (spec.credentialsToken.length < tokenMin)
    throw invalid(`the credentials token must have at least ${tokenMin} characters`);
  const forwards = spec.forwards.map((each) => {
    const host = hostFrom(each.to.host);
    const port = each.to.port;
    if (host === undefined) throw invalid(`the forward ${each.name} leads to no host`);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw invalid(`the forward ${each.name} leads to no port`);
    return { ...each, to: { ...each.to, host } };
  });
  try {
    return { ...spec, forwards, egress: egressFrom(spec.egress) };
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}

function invalid(message: string): BrokerFault {
  return new BrokerFault('invalid', message);
}

function addressesOfThisHost(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((each) => each?.map(({ address }) => address) ?? []);
}
