/** Starts a sandbox's supervisor: a script of its own in the state directory, detached, which waits for the word. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { layKept } from './kept.ts';
import { type House, keptDirs, type Place, systemPath } from './local/machine.ts';
import { type State, writeLoose } from './local/state.ts';
import { slotFile } from './local/uid-pool.ts';
import type { Output } from './said.ts';

export type Supervisor = {
  readonly pid: number | undefined;
  /** Says the next word that the script waits for. A starter that dies without it is taken for one that opens nothing. */
  say(word: string): void;
  /** The outputs that the script was started with, until it is let go. */
  readonly outputs: Readonly<Record<Output, Readable>>;
  /** Settles when the supervisor ends, with the reason as far as it is known; never rejects. */
  readonly broken: Promise<string>;
  /** Lets this process end before it. */
  letGo(): void;
};

/** `mark`: which driver's it is. `words` follow what all supervisors are told; supervision.sh names them. */
export function startSupervisor(
  house: House,
  place: Place,
  state: State,
  {
    mark,
    script,
    words,
  }: { readonly mark: string; readonly script: string; readonly words: readonly string[] },
): Supervisor {
  const { access, install, requester, target } = state.labels;
  writeLoose(place, 'life', `${state.life}\n`);
  layKept(keptDirs(house).states, join(place.dir, 'supervise.sh'), script, 0o600);
  const told = [
    join(place.dir, 'supervise.sh'),
    ...[mark, access, install, requester, target, state.life, place.dir, place.door],
    state.slot === undefined ? '-' : slotFile(house, state.slot),
    place.ended,
    ...words,
  ];
  const child = spawn('/bin/bash', told, {
    cwd: '/',
    env: { PATH: systemPath, LC_ALL: 'C' },
    detached: true,
  });
  child.stdin.on('error', () => undefined);
  const { stdout, stderr } = child;
  const broken = new Promise<string>((resolve) => {
    const say = (text: string): void => resolve(`it ended while opening (${text})`);
    child.once('error', ({ message }) => say(message));
    child.once('exit', () => say(firstLine(place.ended) ?? 'no reason was left'));
  });
  return {
    pid: child.pid,
    say: (word) => {
      child.stdin.write(`${word}\n`);
    },
    outputs: { stdout, stderr },
    broken,
    letGo: () => {
      for (const end of [child.stdin, stdout, stderr]) end.destroy();
      child.unref();
    },
  };
}

function firstLine(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').split('\n')[0];
  } catch {
    return undefined;
  }
}
