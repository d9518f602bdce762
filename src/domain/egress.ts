/**
 * Ways out of a sandbox, as the policy writes them: lines `host:port` for the proxy, where a first label
 * `*` stands for any one label, and named forwards. `private` lets a line reach private addresses and the bot's own host.
 */
import { isIP } from 'node:net';
import { z } from 'zod';

/** Ports on the sandbox's loopback that the driver's own listeners take. */
export const proxyPort = 3128;
export const credentialsPort = 9911;

export type Endpoint = { readonly host: string; readonly port: number };

const label = '(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)';
const namePattern = new RegExp(`^(?:${label}\\.)*${label}$`);
const wildPattern = new RegExp(`^\\*\\.(?:${label}\\.)+${label}$`);

/** Reads `host:port`, or `[address]:port` for version 6. Names are lower-cased. Undefined where it is neither. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[(?<six>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]]+)):(?<port>[1-9][0-9]{0,4})$/.exec(text);
  const { six, host = '', port } = match?.groups ?? {};
  if (port === undefined || Number(port) > 65_535) return undefined;
  if (six !== undefined) return isIP(six) === 6 ? { host: six.toLowerCase(), port: Number(port) } : undefined;
  const name = host.toLowerCase();
  const looksNumeric = /^[0-9.]+$/.test(name);
  const good = looksNumeric
    ? isIP(name) === 4
    : name.length <= 253 && (namePattern.test(name) || wildPattern.test(name));
  return good ? { host: name, port: Number(port) } : undefined;
}

export function isWild({ host }: Endpoint): boolean {
  return host.startsWith('*.');
}

/** Whether the address is this host's own loopback, spelled as an address and not as a name. */
export function isLoopbackLiteral(host: string): boolean {
  return (isIP(host) === 4 && host.startsWith('127.')) || (isIP(host) === 6 && /^(0*:)*:?0*1$/.test(host));
}

const endpointForm =
  'write a name and a port, such as logs.example.com:443 or *.example.com:443, or an address and a port';

const endpoint = z.string().transform((text, ctx): Endpoint => {
  const parsed = parseEndpoint(text);
  if (parsed !== undefined) return parsed;
  ctx.addIssue({ code: 'custom', message: `"${text}" is not a way out: ${endpointForm}` });
  return z.NEVER;
});

export const egressLine = z
  .union([z.string(), z.strictObject({ to: z.string(), private: z.boolean().default(false) })], {
    error: `must be a text, or a map with the keys to and private: ${endpointForm}`,
  })
  .transform((line) => (typeof line === 'string' ? { to: line, private: false } : line))
  .pipe(
    z
      .object({ to: endpoint, private: z.boolean() })
      .transform(({ to, private: reachesPrivate }) => ({ ...to, private: reachesPrivate })),
  );

export const forwardLine = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9-]{1,20}$/, 'must be lower-case letters, digits and dashes, 20 at most'),
    listen: z.int().min(1024, 'must be 1024 or more: nothing inside may listen below').max(65_535),
    to: endpoint,
    private: z.boolean().default(false),
  })
  .superRefine(({ name, listen, to, private: reachesPrivate }, ctx) => {
    const issue = (key: string, message: string): void =>
      ctx.addIssue({ code: 'custom', path: [key], message });
    // What the trail calls the proxy; one word for one thing.
    if (name === 'proxy') issue('name', 'must not be proxy, which is what the trail calls the way of egress');
    if (listen === proxyPort || listen === credentialsPort)
      issue('listen', `must not be ${listen}, which the sandbox itself listens on`);
    if (isWild(to)) issue('to', 'must be one host: a wildcard is for egress');
    if (isLoopbackLiteral(to.host) && !reachesPrivate)
      issue('to', 'is on the bot’s own host, which takes private: true');
  });

/** Names of environment variables that the sandbox sets itself. */
export const ownVariables = [
  'HTTPS_PROXY',
  'https_proxy',
  'HTTP_PROXY',
  'http_proxy',
  'NO_PROXY',
  'no_proxy',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'PATH',
  'LANG',
  'TERM',
  'PROD_ACCESS_ID',
  'PROD_ACCESS_TARGET',
] as const;

const own: ReadonlySet<string> = new Set(ownVariables);

export const environment = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'must be the name of an environment variable')
      .refine(
        (name) => !own.has(name) && !name.startsWith('LD_'),
        'is set by the sandbox itself, or not at all',
      ),
    z.string().max(1_000),
  )
  .default({});
