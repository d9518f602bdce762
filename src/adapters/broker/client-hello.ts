/**
 * Reads the server name from a TLS ClientHello (RFC 8446 4.1.2, RFC 6066 3), from the bytes that have come so far. Pure,
 * never throws, bounded, and the answer does not depend on how the bytes were cut into segments.
 *
 * It must not be more lenient than a server: what could be read in two ways is refused. So is an encrypted ClientHello,
 * whose real name lies inside; its imitation (GREASE) cannot be told from it.
 */
import type { More } from './read-first.ts';

export type ClientHello =
  | { readonly at: 'hello'; readonly serverName: string | undefined }
  | { readonly at: 'no-hello'; readonly why: string };

/** Bytes on the wire within which the ClientHello must end. */
export const helloMax = 16 * 1024;

const handshakeRecord = 22;
const recordHeader = 5;
const recordMax = 16_384;
/** More than any client needs. Each is looked at anew whenever bytes come, so many small ones would be costly. */
const recordsMax = 32;
const clientHello = 1;
const messageHeader = 4;
const serverNameExtension = 0;
const encryptedHelloExtensions = [0xfe0d, 0xffce];
const hostName = 0;

export function readClientHello(bytes: Uint8Array): ClientHello | More {
  const within = bytes.subarray(0, helloMax);
  const answer = readRecords(within);
  if (answer.at !== 'more') return answer;
  return answer.need > helloMax ? none(`it does not end within ${helloMax} bytes`) : answer;
}

/** Joins the fragments that the records carry, and looks after each whether the message is whole. */
function readRecords(bytes: Uint8Array): ClientHello | More {
  const message = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0, records = 1; ; records += 1) {
    if (records > recordsMax) return none(`it is spread over more than ${recordsMax} TLS records`);
    const type = bytes[at];
    const major = bytes[at + 1];
    if (type !== undefined && type !== handshakeRecord) return none('it does not begin with TLS');
    if (major !== undefined && major !== 3) return none('it is no version of TLS that is known');
    if (bytes.length < at + recordHeader) return { at: 'more', need: bytes.length + 1 };
    const size = number(bytes.subarray(at + 3, at + recordHeader));
    if (size === 0 || size > recordMax) return none('a TLS record has an impossible length');
    const fragment = bytes.subarray(at + recordHeader, at + recordHeader + size);
    message.set(fragment, length);
    length += fragment.length;
    const answer = readMessage(message.subarray(0, length));
    if (answer.at !== 'more') return answer;
    const missing = answer.need - length;
    const inRecord = size - fragment.length;
    // The message goes on in this record, or after the header of a next one.
    if (inRecord > 0) return { at: 'more', need: bytes.length + Math.min(missing, inRecord) };
    at += recordHeader + size;
  }
}

/** `need` counts bytes of the message. */
function readMessage(message: Uint8Array): ClientHello | More {
  if (message.length === 0) return { at: 'more', need: 1 };
  if (message[0] !== clientHello) return none('its first TLS message is not a ClientHello');
  if (message.length < messageHeader) return { at: 'more', need: messageHeader };
  const end = messageHeader + number(message.subarray(1, messageHeader));
  if (end > helloMax) return none(`it does not end within ${helloMax} bytes`);
  if (message.length < end) return { at: 'more', need: end };
  return readBody(message.subarray(messageHeader, end));
}

function readBody(body: Uint8Array): ClientHello {
  const rest: Rest = { bytes: body };
  const versionAndRandom = take(rest, 34);
  const session = vector(rest, 1);
  const suites = vector(rest, 2);
  const compression = vector(rest, 1);
  if (versionAndRandom === undefined || session === undefined || suites === undefined) return malformed;
  if (compression === undefined || compression.length === 0) return malformed;
  if (session.length > 32 || suites.length === 0 || suites.length % 2 !== 0) return malformed;
  // Before TLS 1.3 a ClientHello may have no extensions at all.
  if (rest.bytes.length === 0) return { at: 'hello', serverName: undefined };
  const extensions = vector(rest, 2);
  if (extensions === undefined || rest.bytes.length > 0) return malformed;
  return readExtensions({ bytes: extensions });
}

function readExtensions(rest: Rest): ClientHello {
  const seen = new Set<number>();
  let serverName: string | undefined;
  while (rest.bytes.length > 0) {
    const head = take(rest, 2);
    const body = vector(rest, 2);
    if (head === undefined || body === undefined) return malformed;
    const type = number(head);
    if (seen.has(type)) return none('its ClientHello has an extension twice');
    seen.add(type);
    if (encryptedHelloExtensions.includes(type))
      return none('its ClientHello is encrypted, and could name another server inside');
    if (type !== serverNameExtension) continue;
    serverName = readServerName({ bytes: body });
    if (serverName === undefined) return none('its server name is not exactly one host name');
  }
  return { at: 'hello', serverName };
}

/** The one host name in the list, in lower case; undefined where there is not exactly one. */
function readServerName(rest: Rest): string | undefined {
  const list = vector(rest, 2);
  if (list === undefined || rest.bytes.length > 0) return undefined;
  const names: Rest = { bytes: list };
  const type = take(names, 1);
  const name = vector(names, 2);
  if (type?.[0] !== hostName || name === undefined || names.bytes.length > 0) return undefined;
  const text = Buffer.from(name).toString('latin1');
  return /^[A-Za-z0-9._-]{1,255}$/.test(text) ? text.toLowerCase() : undefined;
}

/** What is yet to be read; {@link take} and {@link vector} cut it off from the front. */
type Rest = { bytes: Uint8Array };

function take(rest: Rest, length: number): Uint8Array | undefined {
  if (rest.bytes.length < length) return undefined;
  const taken = rest.bytes.subarray(0, length);
  rest.bytes = rest.bytes.subarray(length);
  return taken;
}

/** A vector of TLS: its length in `lengthBytes` bytes, then that many. */
function vector(rest: Rest, lengthBytes: number): Uint8Array | undefined {
  const length = take(rest, lengthBytes);
  return length === undefined ? undefined : take(rest, number(length));
}

function number(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

function none(why: string): ClientHello {
  return { at: 'no-hello', why };
}

const malformed = none('its ClientHello is malformed');
