/** What a sandbox of this access is to be: its limits, and the ways to the broker that stand open inside. */
import { credentialsPort, proxyPort } from '../domain/egress.ts';
import type { Target } from '../domain/policy.ts';
import type { Request } from '../domain/request.ts';
import type { SandboxSpec } from '../ports/sandboxes.ts';
import type { Flow } from './deps.ts';

const proxy = `http://127.0.0.1:${proxyPort}`;
const local = '127.0.0.1,localhost';
/** Clear-text HTTP too, although none is carried: the proxy says so in words, and the attempt is on the record. */
const throughProxy = {
  HTTPS_PROXY: proxy,
  https_proxy: proxy,
  HTTP_PROXY: proxy,
  http_proxy: proxy,
  NO_PROXY: local,
  no_proxy: local,
};

export function sandboxSpecOf(
  { install, credentialsToken }: Pick<Flow, 'install' | 'credentialsToken'>,
  request: Request,
  target: Target,
  deadline: number,
): SandboxSpec {
  const { memory, cpus, processes, disk, image, egress, forwards, environment } = target.sandbox;
  const { region } = target.grant.aws;
  const proxied = egress.length > 0;
  return {
    labels: { install, access: request.id, requester: request.requester.id, target: request.target },
    limits: { memoryBytes: memory, cpus, processes, diskBytes: disk },
    listeners: [
      { port: credentialsPort, socket: 'credentials' },
      ...(proxied ? [{ port: proxyPort, socket: 'proxy' }] : []),
      ...forwards.map(({ name, listen }) => ({ port: listen, socket: `forward-${name}` })),
    ],
    environment: {
      ...environment,
      PROD_ACCESS_TARGET: request.target,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${credentialsPort}/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: credentialsToken(request.id),
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      ...(proxied ? throughProxy : {}),
    },
    ...(image === undefined ? {} : { image }),
    deadline,
  };
}
