/**
 * Names and addresses of hosts as people and programs write them. Pure. There is one form for each, so that what a
 * policy line says and what a client asks for can be compared as text.
 */
import { isIP } from 'node:net';
import { spelled } from './addresses.ts';

export type HostAndPort = { readonly host: string; readonly port: number };

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Lower case, without a trailing dot; IP addresses, with or without brackets, in their one spelling. Undefined for what
 * is neither. A name whose last label is a number is none: resolvers take such for addresses (`127.1`, `0x7f.1`).
 */
export function hostFrom(text: string): string | undefined {
  const inBrackets = /^\[(.*)\]$/.exec(text)?.[1];
  if (inBrackets !== undefined) return isIP(inBrackets) === 6 ? spelled(inBrackets) : undefined;
  if (isIP(text) !== 0) return spelled(text);
  const name = text.toLowerCase().replace(/\.$/, '');
  const labels = name.split('.');
  const last = labels.at(-1) ?? '';
  if (name.length > 253 || !labels.every((each) => label.test(each))) return undefined;
  return /^([0-9]+|0x[0-9a-f]*)$/.test(last) ? undefined : name;
}

/** Reads `host:port` and `[address]:port`, and nothing looser. */
export function hostAndPortFrom(text: string): HostAndPort | undefined {
  const match = /^(\[[^\]]*\]|[^:[\]]*):([1-9][0-9]{0,4})$/.exec(text);
  const host = hostFrom(match?.[1] ?? '');
  const port = Number(match?.[2]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

/** `host:port`, with the brackets that an IPv6 address needs. */
export function written({ host, port }: HostAndPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

export function isAddress(host: string): boolean {
  return isIP(host) !== 0;
}
