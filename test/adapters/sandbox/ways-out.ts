/**
 * Everything that is tried to get out of a sandbox, whatever driver holds it. What a script says: ways-out/way.ts. How a
 * driver's test runs each: ways-out/suite.ts.
 */
import type { Bait } from './ways-out/bait.ts';
import { fileWays } from './ways-out/files.ts';
import { kernelWays } from './ways-out/kernel.ts';
import { networkWays } from './ways-out/network.ts';
import { processWays } from './ways-out/processes.ts';
import type { Way } from './ways-out/way.ts';

export type NamedWay = Way & { readonly kind: 'files' | 'processes' | 'kernel' | 'network' };

export function waysOut(bait: Bait): readonly NamedWay[] {
  const of = (kind: NamedWay['kind'], ways: readonly Way[]): readonly NamedWay[] =>
    ways.map((way) => ({ ...way, kind }));
  return [
    ...of('files', fileWays(bait)),
    ...of('processes', processWays(bait)),
    ...of('kernel', kernelWays(bait)),
    ...of('network', networkWays(bait)),
  ];
}
