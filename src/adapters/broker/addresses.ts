/**
 * What an IP address is, as far as a sandbox may connect to it. Pure.
 *
 * An address that carries an IPv4 address inside (mapped, compatible, NAT64, 6to4) is judged as that one, for that is
 * where its packets go. What is not known to be public is refused: of IPv6 only 2000::/3 is.
 * Ranges: IANA's special-purpose address registries, and the metadata services of the clouds.
 */
import { isIPv4, isIPv6 } from 'node:net';

export type AddressKind = {
  /** `private` may be reached where the policy says so, `never` from nowhere. */
  readonly kind: 'public' | 'private' | 'never';
  /** For a sentence: "a loopback address". */
  readonly what: string;
};

type Range = AddressKind & { readonly bytes: readonly number[]; readonly bits: number };

/** The first range that holds an address decides. */
const ranges4: readonly Range[] = [
  range('0.0.0.0/8', 'never', 'an unspecified address'),
  range('127.0.0.0/8', 'never', 'a loopback address'),
  range('169.254.0.0/16', 'never', 'a link-local address, where metadata services are'),
  range('100.100.100.200/32', 'never', 'a metadata service'),
  range('168.63.129.16/32', 'never', 'a metadata service'),
  range('192.0.0.0/24', 'never', 'a reserved address'),
  range('192.0.2.0/24', 'never', 'a reserved address'),
  range('192.88.99.0/24', 'never', 'a reserved address'),
  range('198.18.0.0/15', 'never', 'a reserved address'),
  range('198.51.100.0/24', 'never', 'a reserved address'),
  range('203.0.113.0/24', 'never', 'a reserved address'),
  range('224.0.0.0/4', 'never', 'a multicast address'),
  range('255.255.255.255/32', 'never', 'the broadcast address'),
  range('240.0.0.0/4', 'never', 'a reserved address'),
  range('10.0.0.0/8', 'private', 'a private address'),
  range('172.16.0.0/12', 'private', 'a private address'),
  range('192.168.0.0/16', 'private', 'a private address'),
  range('100.64.0.0/10', 'private', 'a private address'),
  range('0.0.0.0/0', 'public', 'a public address'),
];

const ranges6: readonly Range[] = [
  range('::/128', 'never', 'an unspecified address'),
  range('::1/128', 'never', 'a loopback address'),
  range('fd00:ec2::/32', 'never', 'a metadata service'),
  range('fd20:ce::254/128', 'never', 'a metadata service'),
  range('fd00:42::42/128', 'never', 'a metadata service'),
  range('fd00:c1::a9fe:a9fe/128', 'never', 'a metadata service'),
  range('fc00::/7', 'private', 'a private address'),
  range('fe80::/10', 'never', 'a link-local address'),
  range('ff00::/8', 'never', 'a multicast address'),
  // Teredo, benchmarking and ORCHID among them.
  range('2001::/23', 'never', 'a reserved address'),
  range('2001:db8::/32', 'never', 'a reserved address'),
  range('3fff::/20', 'never', 'a reserved address'),
  range('2000::/3', 'public', 'a public address'),
  range('::/0', 'never', 'a reserved address'),
];

/** Prefixes of twelve bytes, or two, that are followed by an IPv4 address. */
const carriers: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
  [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0],
  [0x20, 0x02],
];

/** `own` are the addresses of this host's interfaces, spelled by {@link spelled}. Never throws. */
export function kindOfAddress(address: string, own: ReadonlySet<string>): AddressKind {
  const bytes = bytesOf(address);
  if (bytes === undefined) return { kind: 'never', what: 'not an address' };
  const judged = innermost(bytes);
  const found = (judged.length === 4 ? ranges4 : ranges6).find((each) => holds(each, judged));
  if (found === undefined) return { kind: 'never', what: 'a reserved address' };
  if (found.kind !== 'never' && (own.has(spell(judged)) || own.has(spell(bytes))))
    return { kind: 'private', what: "an address of the bot's own host" };
  return { kind: found.kind, what: found.what };
}

/** One spelling for each address, whatever form it came in; undefined where it is none. */
export function spelled(address: string): string | undefined {
  const bytes = bytesOf(address);
  return bytes === undefined ? undefined : spell(bytes);
}

function spell(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0));
  return groups.map((group) => group.toString(16)).join(':');
}

/** The IPv4 address that an IPv6 address carries inside, or else the address itself. */
function innermost(bytes: readonly number[]): readonly number[] {
  // `::` and `::1` are addresses of their own, not IPv4 ones.
  if (bytes.length === 4 || bytes.slice(0, 15).every((byte) => byte === 0)) return bytes;
  const carrier = carriers.find((prefix) => prefix.every((byte, at) => bytes[at] === byte));
  return carrier === undefined ? bytes : bytes.slice(carrier.length, carrier.length + 4);
}

function holds({ bytes, bits }: Range, address: readonly number[]): boolean {
  return bytes.every((byte, at) => {
    const counted = Math.min(8, Math.max(0, bits - 8 * at));
    const mask = (0xff << (8 - counted)) & 0xff;
    return (byte & mask) === ((address[at] ?? 0) & mask);
  });
}

function range(cidr: string, kind: AddressKind['kind'], what: string): Range {
  const [address = '', bits] = cidr.split('/');
  const bytes = bytesOf(address);
  if (bytes === undefined) throw new TypeError(`${cidr} is not a range`);
  return { bytes, bits: Number(bits), kind, what };
}

/** An address with a zone (`fe80::1%eth0`) is none: which interface it means is the host's business. */
function bytesOf(address: string): readonly number[] | undefined {
  if (isIPv4(address)) return address.split('.').map(Number);
  if (!isIPv6(address) || address.includes('%')) return undefined;
  const [head = '', tail] = address.split('::');
  const front = groupBytes(head);
  const back = tail === undefined ? [] : groupBytes(tail);
  return [...front, ...Array<number>(16 - front.length - back.length).fill(0), ...back];
}

function groupBytes(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
