/** Which destinations a target's policy opens to the proxy. Pure. */
import type { EgressLine } from '../../ports/brokers.ts';
import { type HostAndPort, hostFrom, isAddress } from './hosts.ts';

/** The lines with their hosts in the one form that is compared. Throws `RangeError` at a line that names no host. */
export function egressFrom(lines: readonly EgressLine[]): readonly EgressLine[] {
  return lines.map((line) => {
    if (line.host === '*') return line;
    const wild = line.host.startsWith('*.');
    const host = hostFrom(wild ? line.host.slice(2) : line.host);
    if (host === undefined || (wild && isAddress(host)))
      throw new RangeError(`${JSON.stringify(line.host)} is not a host that egress can name`);
    return { ...line, host: wild ? `*.${host}` : host };
  });
}

/**
 * What the lines that name a destination allow together; undefined where none does. An address is named only by a line
 * that names the same address.
 */
export function allowedBy(
  lines: readonly EgressLine[],
  to: HostAndPort,
): { readonly private: boolean } | undefined {
  const named = lines.filter((line) => line.port === to.port && names(line.host, to.host));
  return named.length === 0 ? undefined : { private: named.some((line) => line.private) };
}

function names(line: string, host: string): boolean {
  if (line === host) return true;
  if (!line.startsWith('*') || isAddress(host)) return false;
  const dot = host.indexOf('.');
  return line.slice(1) === (dot < 0 ? '' : host.slice(dot));
}
