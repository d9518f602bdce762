/**
 * Types on a terminal of the bot's and on a bare PTY, and measures. A process of its own, so that the clock is held up
 * neither by the bot nor by the look-alikes. Argument: the terminal's URL and the cookie. Says when it is ready.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Typing } from './terminal.ts';
import { type Line, ptyLine, webLine } from './terminal-line.ts';

const letters = 'abcdefghijklmnopqrstuvwxyz';
const eraseLine = '\x15';
/** So many copies of a file of 5 MB, for the sandbox's home is small. */
const copies = 20;
const lines = 41_322;
const lineLength = 121;
const outputBytes = copies * lines * (lineLength + 1);

const [url = '', cookie = ''] = process.argv.slice(2);
const dir = mkdtempSync(join(tmpdir(), 'prod-access-bench-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
process.once('SIGTERM', () => process.exit(0));

const ends = { terminal: await webLine(url, cookie), pty: ptyLine(dir) };
for (const line of Object.values(ends)) {
  const ready = line.until('ready 2');
  line.write(`yes ${'x'.repeat(lineLength - 1)} | head -n ${lines} >big; echo ready $((1 + 1))\n`);
  await ready;
}

process.on('message', ({ on, what, count }: Typing) => {
  const work = what === 'keys' ? typeKeys : showOutput;
  void work(ends[on], count).then((samples) => process.send?.(samples));
});
process.send?.('ready');

/** Milliseconds from a key to its echo, for so many keys. */
async function typeKeys(line: Line, count: number): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const letter = letters.charAt(index % letters.length);
    const echo = line.until(letter);
    const begun = performance.now();
    line.write(letter);
    await echo;
    samples.push(performance.now() - begun);
    await wait(2);
    if (index % 50 !== 49) continue;
    line.write(eraseLine);
    await wait(20);
  }
  return samples;
}

/** Megabytes per second, so many times. */
async function showOutput(line: Line, count: number): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const done = line.until('done 2');
    const begun = performance.now();
    line.write(`cat ${'big '.repeat(copies)}; echo done $((1 + 1))\n`);
    const came = await done;
    if (came < outputBytes) throw new Error(`${outputBytes - came} bytes are missing`);
    samples.push(came / 1e3 / (performance.now() - begun));
  }
  return samples;
}
