/** A forward: raw TCP to the one destination that the target names. Addresses are judged as for the proxy. */
import { isIPv4 } from 'node:net';
import type { Forward } from '../../ports/brokers.ts';
import { spelled } from './addresses.ts';
import { letOut } from './let-out.ts';
import { unreachable } from './refusals.ts';
import type { Serve } from './way-out.ts';

const loopback6 = spelled('::1');

export function forwardTo(forward: Forward): Serve {
  const { name: by, to } = forward;
  const toLoopback = isLiteralLoopback(forward);
  return async (way, client) => {
    const found = toLoopback
      ? { found: true as const, addresses: [to.host] }
      : await way.find(to.host, { private: forward.private });
    if (!found.found) return way.report.add({ by, ...to, why: unreachable(to, found).why });
    await letOut(
      way,
      client,
      { by, ...to, addresses: found.addresses },
      {
        refuse: async () => void client.destroy(),
        admit: async () => undefined,
      },
    );
  };
}

/** The one way to a loopback address: a line that spells it out, as an address and not as a name, and says private. */
function isLiteralLoopback({ to, private: isPrivate }: Forward): boolean {
  return isPrivate && (to.host === loopback6 || (isIPv4(to.host) && to.host.startsWith('127.')));
}
