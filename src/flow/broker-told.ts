/** What the broker asks before it carries anything, answered by the ledger: no entry, no connection and no credential. */
import type { Draft } from '../domain/audit.ts';
import { isoTime } from '../domain/duration.ts';
import type { Request } from '../domain/request.ts';
import { cleanText } from '../domain/request.ts';
import type { BrokerTold, Connection } from '../ports/brokers.ts';
import { isStored } from '../ports/ledger.ts';
import type { Flow } from './deps.ts';

type Deps = Pick<Flow, 'ledger' | 'grants' | 'clock'>;

/** `whyOver`: why nothing may be vended now, or undefined while the access is active. */
export function brokerTold(
  { ledger, grants, clock }: Deps,
  { id, requester, target }: Request,
  whyOver: () => Promise<string | undefined>,
): BrokerTold {
  const tell = (action: Draft['action'], details: Draft['details']): Promise<void> =>
    ledger.append([
      {
        at: isoTime(clock.now()),
        action,
        access: id,
        actor: { kind: 'person', ...requester },
        target,
        details,
      },
    ]);
  return {
    opened: (connection) => tell('connection.opened', about(connection)),
    closed: (connection, { bytesOut, bytesIn, seconds, why }) =>
      tell('connection.closed', {
        ...about(connection),
        bytes_out: bytesOut,
        bytes_in: bytesIn,
        seconds,
        why: cleanText(why, 200),
      }),
    blocked: ({ by, host, port, why, count }) =>
      tell('connection.blocked', { by, host: cleanText(host, 255), port, why: cleanText(why, 200), count }),
    vend: async () => {
      const read = await ledger.read(id);
      const why = await whyOver();
      if (why !== undefined || !isStored(read) || read.access.state !== 'active')
        throw new Error(`no credentials: ${why ?? 'the access is not active'}`);
      const { endsAt } = read.access;
      const credentials = await grants.vend({ access: id, requester: requester.id, endsAt });
      await tell('credentials.vended', {
        key_id: credentials.accessKeyId,
        expires_at: isoTime(credentials.expiresAt),
      });
      return credentials;
    },
  };
}

function about({ id, by, host, port }: Connection): { readonly [key: string]: string | number } {
  return { connection: id, by, host: cleanText(host, 255), port };
}
