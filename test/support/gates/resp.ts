/** Reads the commands that a client sends to Redis out of its bytes, as they come in. Requests only: arrays of strings. */

export type Command = {
  /** Name and arguments; arguments may be binary, and are read as Latin-1. */
  readonly words: readonly string[];
  readonly bytes: Buffer;
};

/** Returns a function that takes the next chunk and gives the commands that are complete with it. */
export function commandReader(): (chunk: Buffer) => readonly Command[] {
  let held = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    const commands: Command[] = [];
    for (;;) {
      const command = commandAt(held);
      if (command === undefined) return commands;
      commands.push(command);
      held = held.subarray(command.bytes.length);
    }
  };
}

/** The command at the start of `bytes`, or undefined while it is not whole. */
function commandAt(bytes: Buffer): Command | undefined {
  const count = numberAt(bytes, 0, '*');
  if (count === undefined) return undefined;
  let at = count.next;
  const words: string[] = [];
  for (let index = 0; index < count.value; index += 1) {
    const length = numberAt(bytes, at, '$');
    if (length === undefined) return undefined;
    const end = length.next + length.value;
    if (bytes.length < end + 2) return undefined;
    words.push(bytes.toString('latin1', length.next, end));
    at = end + 2;
  }
  return { words, bytes: bytes.subarray(0, at) };
}

function numberAt(bytes: Buffer, at: number, mark: string): { value: number; next: number } | undefined {
  const end = bytes.indexOf('\r\n', at);
  if (end < 0) return undefined;
  const text = bytes.toString('latin1', at, end);
  if (!text.startsWith(mark)) throw new Error(`not a Redis request: ${JSON.stringify(text.slice(0, 40))}`);
  return { value: Number(text.slice(1)), next: end + 2 };
}
