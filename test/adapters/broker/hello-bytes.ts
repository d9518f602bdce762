/** ClientHellos, byte by byte: what a client could send, well formed or not. */
export type Extension = { readonly type: number; readonly body: Buffer };

export const sni = (
  ...names: readonly (string | { readonly type: number; readonly text: string })[]
): Extension => ({
  type: 0,
  body: vector(
    2,
    Buffer.concat(
      names.map((name) =>
        typeof name === 'string'
          ? Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(name, 'latin1'))])
          : Buffer.concat([Buffer.from([name.type]), vector(2, Buffer.from(name.text, 'latin1'))]),
      ),
    ),
  ),
});

export const grease: Extension = { type: 0x0a0a, body: Buffer.alloc(1) };
export const padding = (size: number): Extension => ({ type: 21, body: Buffer.alloc(size) });

/** The handshake message. `extensions` undefined: the old form that has none. */
export function helloMessage(
  extensions: readonly Extension[] | undefined,
  suites = [0x0a0a, 0x1301],
): Buffer {
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 0x5a),
    vector(1, Buffer.alloc(32, 1)),
    vector(2, Buffer.from(suites.flatMap((suite) => [suite >> 8, suite & 0xff]))),
    vector(1, Buffer.from([0])),
    ...(extensions === undefined ? [] : [vector(2, Buffer.concat(extensions.map(extensionBytes)))]),
  ]);
  return Buffer.concat([Buffer.from([1]), vector(3, body)]);
}

/** The message in records whose fragments have these sizes; the last one takes the rest. */
export function inRecords(message: Buffer, sizes: readonly number[] = []): Buffer {
  const records: Buffer[] = [];
  let rest = message;
  for (const size of [...sizes, 16_384, 16_384]) {
    if (rest.length === 0) break;
    const fragment = rest.subarray(0, Math.max(1, size));
    records.push(Buffer.from([22, 3, 1]), vector(2, fragment));
    rest = rest.subarray(fragment.length);
  }
  return Buffer.concat(records);
}

export const hello = (...extensions: readonly Extension[]): Buffer => inRecords(helloMessage(extensions));

export function vector(lengthBytes: number, bytes: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(bytes.length, 0, lengthBytes);
  return Buffer.concat([length, bytes]);
}

function extensionBytes({ type, body }: Extension): Buffer {
  return Buffer.concat([Buffer.from([type >> 8, type & 0xff]), vector(2, body)]);
}
