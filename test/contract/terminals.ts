/** What every driver's terminals keep. Runs on a real sandbox: there is no twin of a shell. */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AccessId } from '../../src/domain/ids.ts';
import { SandboxFault } from '../../src/ports/sandboxes.ts';
import type { Terminal, Terminals } from '../../src/ports/terminals.ts';
import { newAccess } from './sandboxes.ts';

export type TerminalGround = AsyncDisposable & {
  readonly terminals: Terminals;
  /** Opens a sandbox to have terminals in. */
  sandbox(): Promise<AccessId>;
  close(access: AccessId): Promise<void>;
};

/** A terminal whose output is collected, and which can be talked to. */
export function talkTo(terminal: Terminal) {
  let seen = '';
  terminal.stream.on('data', (chunk: Buffer) => {
    seen += chunk.toString();
  });
  const ended = once(terminal.stream, 'close');
  return {
    seen: () => seen,
    ended,
    type: (text: string) => terminal.stream.write(text),
    until: (pattern: RegExp) =>
      vi.waitFor(
        () => {
          const match = pattern.exec(seen);
          if (match === null)
            throw new Error(`${pattern} was not seen in ${JSON.stringify(seen.slice(-500))}`);
          return match;
        },
        { timeout: 8_000, interval: 10 },
      ),
  };
}

/** `keysInterrupt`: whether the kernel that makes the terminals makes signals of keys such as Ctrl-C. */
export function terminalsContract(
  name: string,
  make: () => Promise<TerminalGround>,
  { keysInterrupt = true }: { readonly keysInterrupt?: boolean } = {},
): void {
  describe(`terminals kept by ${name}`, () => {
    let ground: TerminalGround;
    let access: AccessId;
    beforeEach(async () => {
      ground = await make();
      access = await ground.sandbox();
    });
    afterEach(() => ground[Symbol.asyncDispose]());

    it('show a prompt, carry what is typed, and end with the shell', async () => {
      const talk = talkTo(await ground.terminals.terminal(access, { cols: 80, rows: 24 }));
      await talk.until(/\$ /);
      talk.type('echo "sum $((20 + 22))"\n');
      await talk.until(/sum 42/);
      talk.type('exit\n');
      await talk.ended;
      expect(talk.seen()).not.toContain('terminal /dev/pts');
    });

    it('are real: a tty with job control, of the size that was asked for, and of the new one', async () => {
      const terminal = await ground.terminals.terminal(access, { cols: 91, rows: 17 });
      const talk = talkTo(terminal);
      talk.type('tty && stty size && set -o | grep monitor\n');
      await talk.until(/\/dev\/pts\/\d+\r\n17 91\r\nmonitor\s+on/);
      talk.type(`bash -c 'trap "stty size" WINCH; echo "rea"dy; while :; do sleep 0.05; done'\n`);
      await talk.until(/ready\r\n/);
      await terminal.resize({ cols: 120, rows: 40 });
      await talk.until(/40 120/);
      if (keysInterrupt) {
        // More than once where it must be: a bash that is just between two programs takes it for the one that has ended.
        await vi.waitFor(
          () => {
            talk.type('\x03');
            expect(talk.seen()).toMatch(/\^C[^$]*\$ /);
          },
          { timeout: 8_000, interval: 300 },
        );
      }
      terminal.stream.destroy();
    });

    it('stand side by side', async () => {
      const [one, two] = await Promise.all(
        [1, 2].map(async () => talkTo(await ground.terminals.terminal(access, { cols: 80, rows: 24 }))),
      );
      one?.type('tty; echo one\n');
      two?.type('tty; echo two\n');
      const first = await one?.until(/(\/dev\/pts\/\d+)\r\none/);
      const second = await two?.until(/(\/dev\/pts\/\d+)\r\ntwo/);
      expect(first?.[1]).not.toBe(second?.[1]);
    });

    it('hold back the shell while nobody reads, and lose nothing', async () => {
      const { stream } = await ground.terminals.terminal(access, { cols: 80, rows: 24 });
      stream.write('stty -echo; echo; seq 1 200000; echo "fin"ished\n');
      await wait(300);
      const held = process.memoryUsage().arrayBuffers;
      await wait(300);
      // Half a second of a shell that was not held back would be tens of megabytes.
      expect(process.memoryUsage().arrayBuffers - held).toBeLessThan(2_000_000);
      let text = '';
      for await (const chunk of stream) {
        text += String(chunk);
        if (text.includes('finished\r\n')) break;
      }
      const numbers = text.split('\r\n').filter((line) => /^\d+$/.test(line));
      expect(numbers).toHaveLength(200_000);
      expect(numbers.at(-1)).toBe('200000');
    });

    it('take a long paste into a program that echoes it', async () => {
      const talk = talkTo(await ground.terminals.terminal(access, { cols: 80, rows: 24 }));
      talk.type('tr y "\\132"; echo ""\n');
      await talk.until(/echo ""\r\n/);
      talk.type(`${`${'y'.repeat(99)}\n`.repeat(2_000)}\x04`);
      // What the program writes comes whole; of the echo the kernel itself may drop some.
      const came = (): number => talk.seen().split('Z').length - 1;
      await vi.waitFor(() => expect(came()).toBe(99 * 2_000), { timeout: 20_000, interval: 50 });
    });

    it('hang up on what runs in them when they are destroyed', async () => {
      const one = await ground.terminals.terminal(access, { cols: 80, rows: 24 });
      const talk = talkTo(one);
      talk.type('exec sleep 4242\n');
      await talk.until(/4242\r\n/);
      const other = talkTo(await ground.terminals.terminal(access, { cols: 80, rows: 24 }));
      const sleeping = 'grep -qsx sleep /proc/[0-9]*/comm';
      other.type(`${sleeping} && echo "still "there\n`);
      await other.until(/still there/);
      one.stream.destroy();
      other.type(`while ${sleeping}; do read -t 0.05 <> <(:); done; echo "all "gone\n`);
      await other.until(/all gone/);
    });

    it('end with their sandbox, whatever runs in them', async () => {
      const talk = talkTo(await ground.terminals.terminal(access, { cols: 80, rows: 24 }));
      talk.type("trap '' HUP INT TERM; while :; do echo busy; done\n");
      await talk.until(/busy\r\nbusy/);
      await ground.close(access);
      await talk.ended;
    });

    it('are refused where no sandbox stands', async () => {
      await expect(ground.terminals.terminal(newAccess(), { cols: 80, rows: 24 })).rejects.toThrow(
        SandboxFault,
      );
    });
  });
}
