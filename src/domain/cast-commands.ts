/**
 * The commands of a recording, as its shell marked them: OSC 633;E;<command line>, where `\\` stands for a backslash
 * and `\xNN` for the character of that number (VS Code's shell integration). A hint for whoever looks for a moment, and
 * no evidence: whoever is inside can print such marks, and can print none.
 */
import type { CastEvent } from './cast.ts';
import { terminalReader } from './terminal-text.ts';

export type Command = { readonly atMs: number; readonly text: string };

/** What a page has room for, and what it takes to recognise a command. */
export const commandsMax = 500;
export const commandMax = 200;

const mark = '633;E;';

export type CommandFinder = {
  /** Takes the events in order. */
  read(event: CastEvent): void;
  /** The first ones in order, each with the time at which its mark ended; `commandsMax` at most, each cut off at `commandMax`. */
  commands(): readonly Command[];
  /** How many there were in all. */
  count(): number;
};

export function commandFinder(): CommandFinder {
  const commands: Command[] = [];
  let count = 0;
  const reader = terminalReader();
  return {
    commands: () => commands,
    count: () => count,
    read: ({ code, data, atMs }) => {
      if (code !== 'o') return;
      for (const part of reader.read(data)) {
        if (part.kind !== 'osc' || !part.text.startsWith(mark)) continue;
        const text = commandText(part.text.slice(mark.length));
        if (text === '') continue;
        count += 1;
        if (commands.length < commandsMax) commands.push({ atMs, text });
      }
    },
  };
}

/** Up to the first bare semicolon, after which a nonce may stand. */
function commandText(escaped: string): string {
  const text = (escaped.split(';', 1)[0] ?? '').replace(/\\(?:\\|x([0-9a-f]{2}))/gi, (_, hex?: string) =>
    hex === undefined ? '\\' : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return tidy(text).trim().slice(0, commandMax).toWellFormed();
}

/** Line breaks become spaces; other controls go, and so does what turns the direction of writing. */
function tidy(text: string): string {
  return text
    .replace(/[\t\n\r]+/g, ' ')
    .replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '');
}
