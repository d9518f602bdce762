/** A registry that serves one image of one layer, by digest only. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type ImageRegistry = AsyncDisposable & {
  /** `127.0.0.1:port/name@sha256:…` */
  readonly image: string;
  readonly pulls: () => number;
};

/** `layer`: a tar file's bytes. */
export async function imageRegistry(layer: Buffer): Promise<ImageRegistry> {
  const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const config = text({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Env: ['FROM_IMAGE=yes'] },
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  });
  const part = (type: string, bytes: Buffer) => ({
    mediaType: `application/vnd.docker.${type}`,
    size: bytes.length,
    digest: digestOf(bytes),
  });
  const manifest = text({
    schemaVersion: 2,
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    config: part('container.image.v1+json', config),
    layers: [part('image.rootfs.diff.tar', layer)],
  });
  const served = new Map([manifest, config, layer].map((bytes) => [digestOf(bytes), bytes]));
  let pulls = 0;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const bytes = path === '/v2/' ? Buffer.from('{}') : served.get(path.slice(path.lastIndexOf('/') + 1));
    if (bytes === undefined) {
      response.writeHead(404).end();
      return;
    }
    const isManifest = path.includes('/manifests/');
    if (isManifest) pulls += 1;
    response.writeHead(200, {
      'content-type': isManifest
        ? 'application/vnd.docker.distribution.manifest.v2+json'
        : 'application/octet-stream',
      'content-length': bytes.length,
      'docker-content-digest': digestOf(bytes),
    });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    image: `127.0.0.1:${port}/debug/tools@${digestOf(manifest)}`,
    pulls: () => pulls,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
