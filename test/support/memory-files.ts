/** Files inside sandboxes, in memory: what stands at a path, or what a reading of it comes to. */
import { Readable } from 'node:stream';
import type { FileFlaw } from '../../src/domain/own-path.ts';
import type { ReadFile, SandboxFiles } from '../../src/ports/sandbox-files.ts';
import { SandboxFault } from '../../src/ports/sandboxes.ts';

export type MemoryFiles = SandboxFiles & {
  /** By absolute path: a content, a flaw, a fault, or a stream that the test holds and its length. */
  readonly at: Map<string, string | { readonly flaw: FileFlaw } | SandboxFault | ReadFile>;
  /** What was asked for, in order. */
  readonly asked: { readonly path: string; readonly mostBytes: number }[];
};

export function memoryFiles(): MemoryFiles {
  const at: MemoryFiles['at'] = new Map();
  const asked: MemoryFiles['asked'] = [];
  return {
    at,
    asked,
    readFile: async (_access, path, mostBytes) => {
      asked.push({ path, mostBytes });
      const found = at.get(path) ?? { flaw: 'absent' };
      if (found instanceof SandboxFault) throw found;
      if (typeof found !== 'string') return found;
      const content = Buffer.from(found);
      if (content.length > mostBytes) return { tooBig: content.length };
      return { bytes: content.length, stream: Readable.from([content], { objectMode: false }) };
    },
  };
}
