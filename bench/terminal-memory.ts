/**
 * What 50 open terminals cost the bot: its memory with them against without, each after the garbage was collected. Once
 * when each has shown a prompt and a little more, and once when each has shown 2 MB, more than is kept of it.
 */
import { readFile } from 'node:fs/promises';
import { WebSocket } from 'ws';
import type { Bot } from '../test/support/world.ts';
import type { Figure } from './figures.ts';
import { type Line, webLine } from './terminal-line.ts';
import { openWorkplace } from './workplace.ts';

const perAccess = 8;
const count = 50;
const little = 'seq 100';
const much = 'seq 300000';

export async function benchTerminalMemory(): Promise<readonly Figure[]> {
  await using place = await openWorkplace({ NODE_OPTIONS: '--inspect=127.0.0.1:0' });
  const accesses = await place.accesses(Math.ceil(count / perAccess) + 1);
  const openAll = async (on: readonly string[], most: number): Promise<readonly Line[]> => {
    const lines: Line[] = [];
    for (const access of on.flatMap((each) => Array.from({ length: perAccess }, () => each)).slice(0, most)) {
      const line = await webLine(place.socketUrl(access), place.cookie);
      await runIn(line, little);
      lines.push(line);
    }
    return lines;
  };
  // The first terminals of a process bring its code and its heap into shape.
  const [warmUp = '', ...rest] = accesses;
  await openAll([warmUp], perAccess);
  const none = await megabytesOf(place.bot);
  const lines = await openAll(rest, count);
  const few = await megabytesOf(place.bot);
  for (const line of lines) await runIn(line, much);
  const many = await megabytesOf(place.bot);
  return [
    { what: `memory of ${count} terminals, each`, ours: few, aim: 'under 2 MB' },
    { what: `memory of ${count} terminals, each after 2 MB`, ours: many, aim: 'under 2 MB' },
  ].map((figure) => ({ ...figure, baseline: none, unit: 'MB', addedPer: count }));
}

async function runIn(line: Line, command: string): Promise<void> {
  const done = line.until('done 2');
  line.write(`${command}; echo done $((1 + 1))\n`);
  await done;
}

/** What of the bot is in memory, after a collection of everything. */
async function megabytesOf({ child, output }: Bot): Promise<number> {
  const [url] = /ws:\/\/127\.0\.0\.1:\d+\/\S+/.exec(output()) ?? [];
  if (url === undefined) throw new Error('the bot has no inspector');
  await collectGarbage(url);
  const rollup = await readFile(`/proc/${child.pid}/smaps_rollup`, 'utf8');
  const [, kilobytes] = /^Rss:\s+(\d+) kB$/m.exec(rollup) ?? [];
  return Number(kilobytes) / 1e3;
}

function collectGarbage(inspector: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(inspector);
    socket.once('error', reject);
    socket.once('open', () => socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' })));
    socket.once('message', () => {
      socket.close();
      resolve();
    });
  });
}
