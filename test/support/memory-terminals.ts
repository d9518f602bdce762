/** Terminals in memory: each is a stream whose other end the test holds. */
import { duplexPair } from 'node:stream';
import type { AccessId } from '../../src/domain/ids.ts';
import { SandboxFault } from '../../src/ports/sandboxes.ts';
import type { Terminal, TerminalSize, Terminals } from '../../src/ports/terminals.ts';

export type MemoryTerminal = {
  readonly access: AccessId;
  /** The shell's end. */
  readonly shell: ReturnType<typeof duplexPair>[0];
  readonly sizes: readonly TerminalSize[];
  /** Whether the host hung up. */
  readonly hungUp: () => boolean;
};

export type MemoryTerminals = Terminals & {
  readonly opened: readonly MemoryTerminal[];
  /** The next opening fails with this. */
  failWith: SandboxFault | undefined;
};

export function memoryTerminals(): MemoryTerminals {
  const opened: MemoryTerminal[] = [];
  const terminals: MemoryTerminals = {
    opened,
    failWith: undefined,
    terminal: async (access, size): Promise<Terminal> => {
      if (terminals.failWith !== undefined) throw terminals.failWith;
      const [shell, stream] = duplexPair();
      const sizes = [size];
      opened.push({ access, shell, sizes, hungUp: () => stream.destroyed });
      return {
        stream,
        resize: async (wanted) => {
          sizes.push(wanted);
        },
      };
    },
  };
  return terminals;
}

export const noSandbox = new SandboxFault('gone', 'no sandbox stands', { retryable: false });
