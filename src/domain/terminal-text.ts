/**
 * Splits what a terminal shows into plain text and escape sequences, as a terminal of the VT family does, in pieces cut
 * anywhere. Knows no meaning but that of OSC strings, which it hands on. Holds a bounded number of characters,
 * whatever it is fed.
 */

export type TerminalPart =
  /** Printable characters and the controls among them (newlines, say). */
  | { readonly kind: 'text'; readonly text: string }
  /** An operating system command that was properly ended, without its brackets. Cut off at `oscMax`. */
  | { readonly kind: 'osc'; readonly text: string };

export const oscMax = 16_384;

type State = 'text' | 'escape' | 'intermediate' | 'csi' | 'osc' | 'osc-escape' | 'string' | 'string-escape';

/** After ESC; the same of the C1 set stand for themselves. DCS, SOS, PM and APC carry strings that nobody wants here. */
const introducers: Readonly<Record<string, State>> = {
  '[': 'csi',
  ']': 'osc',
  P: 'string',
  X: 'string',
  '^': 'string',
  _: 'string',
};
const singles: Readonly<Record<string, State>> = {
  '\u001b': 'escape',
  '\u009b': 'csi',
  '\u009d': 'osc',
  '\u0090': 'string',
  '\u0098': 'string',
  '\u009e': 'string',
  '\u009f': 'string',
};
const cancel = '\u0018\u001a';
const bell = '\u0007';
const terminator = '\u009c';

export function terminalReader(): { read(text: string): readonly TerminalPart[] } {
  let state: State = 'text';
  let osc = '';

  /** The state after a character that is no plain text; `end` is called for an OSC that was ended properly. */
  function next(char: string, end: () => void): State {
    if (cancel.includes(char)) return 'text';
    const single = singles[char];
    switch (state) {
      case 'text':
        return single ?? 'text';
      case 'escape':
        return single ?? introducers[char] ?? (isIntermediate(char) ? 'intermediate' : 'text');
      case 'intermediate':
        return single ?? (isIntermediate(char) ? 'intermediate' : 'text');
      case 'csi':
        // A final byte is @ to ~; controls within are acted on by terminals, and here skipped.
        return single ?? (char >= '@' && char <= '~' ? 'text' : 'csi');
      case 'osc':
        if (char === bell || char === terminator) {
          end();
          return 'text';
        }
        if (char === '\u001b') return 'osc-escape';
        if (osc.length < oscMax) osc += char;
        return 'osc';
      case 'osc-escape':
        if (char === '\\') {
          end();
          return 'text';
        }
        // Not ended but broken off: what came after ESC begins something else.
        state = 'escape';
        return next(char, end);
      case 'string':
        if (char === '\u001b') return 'string-escape';
        return char === terminator ? 'text' : 'string';
      case 'string-escape':
        if (char === '\\') return 'text';
        state = 'escape';
        return next(char, end);
      default:
        return state satisfies never;
    }
  }

  return {
    read(text) {
      const parts: TerminalPart[] = [];
      let at = 0;
      while (at < text.length) {
        if (state === 'text') {
          const end = endOfText(text, at);
          if (end > at) parts.push({ kind: 'text', text: text.slice(at, end) });
          at = end;
          if (at === text.length) break;
        }
        const before = state;
        state = next(text.charAt(at), () => parts.push({ kind: 'osc', text: osc }));
        if (state === 'osc' && before !== 'osc') osc = '';
        at += 1;
      }
      return parts;
    },
  };
}

function endOfText(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x1b || (code >= 0x80 && code <= 0x9f && text.charAt(at) in singles)) return at;
  }
  return text.length;
}

function isIntermediate(char: string): boolean {
  return char >= ' ' && char <= '/';
}
