/**
 * Connections to Redis as `REDIS_URL` names it: one node, `redis+sentinel://host:port,host:port/name`, or several
 * nodes separated by commas for a cluster. Two tempers: `prompt` connections fail at once while Redis is away, so that
 * a person gets an answer; `patient` ones wait, as BullMQ's workers must.
 */
import { Cluster, Redis } from 'ioredis';

export type Connection = Redis | Cluster;

/** An even, short pause between attempts: the default back-off costs up to 18 s after an outage. */
const retryEveryMs = 500;

export function connectRedis(url: string, temper: 'prompt' | 'patient'): Connection {
  const connection = open(url, {
    connectTimeout: 5_000,
    ...(temper === 'prompt'
      ? // None: a command that may have taken effect is not sent again, its caller is told that nobody knows.
        { maxRetriesPerRequest: 0, commandTimeout: 5_000 }
      : { maxRetriesPerRequest: null }),
  });
  // Without a listener ioredis prints to the console; state is read from the commands' own failures.
  connection.on('error', () => {});
  return connection;
}

type Temper = { connectTimeout: number; maxRetriesPerRequest: number | null; commandTimeout?: number };

function open(url: string, temper: Temper): Connection {
  const retryStrategy = (): number => retryEveryMs;
  if (url.startsWith('redis+sentinel://')) {
    const [nodes = '', name = 'mymaster'] = url.slice('redis+sentinel://'.length).split('/');
    const { credentials, hosts } = splitCredentials(nodes);
    const sentinels = hosts.map(hostAndPort);
    return new Redis({
      ...temper,
      ...credentials,
      retryStrategy,
      name,
      sentinels,
      sentinelRetryStrategy: retryStrategy,
    });
  }
  if (url.includes(',')) {
    const nodes = url.split(',').map((node) => node.trim());
    return new Cluster(nodes, { redisOptions: temper, clusterRetryStrategy: retryStrategy });
  }
  return new Redis(url, { ...temper, retryStrategy });
}

function splitCredentials(nodes: string): {
  credentials: { username?: string; password?: string };
  hosts: string[];
} {
  const at = nodes.lastIndexOf('@');
  const hosts = nodes.slice(at + 1).split(',');
  if (at < 0) return { credentials: {}, hosts };
  const [username = '', password = ''] = nodes.slice(0, at).split(':').map(decodeURIComponent);
  return { credentials: { ...(username === '' ? {} : { username }), password }, hosts };
}

function hostAndPort(text: string): { host: string; port: number } {
  const [host = '127.0.0.1', port = '26379'] = text.split(':');
  return { host, port: Number(port) };
}

/** Closes without waiting for a Redis that may be away. */
export function hangUp(connection: Connection): void {
  connection.disconnect(false);
}
