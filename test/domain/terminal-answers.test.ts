/** What somebody typed is told from what xterm.js answers by itself: the real one is asked. */
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { isTyped } from '../../src/domain/terminal-answers.ts';

type Asked = {
  onData(take: (text: string) => void): void;
  write(text: string, done: () => void): void;
};
const { Terminal } = createRequire(import.meta.url)('@xterm/xterm') as { Terminal: new () => Asked };

async function answersOf(asked: string): Promise<readonly string[]> {
  const terminal = new Terminal();
  const answers: string[] = [];
  terminal.onData((text) => void answers.push(text));
  await new Promise<void>((done) => terminal.write(asked, done));
  return answers;
}

const questions = [
  '\x1b[6n',
  '\x1b[?6n',
  '\x1b[20;70H\x1b[6n',
  '\x1b[5n',
  '\x1b[c',
  '\x1b[>c',
  '\x1b[?1$p',
  '\x1b[4$p',
  '\x1b[?1004h',
  '\x1bP$qm\x1b\\',
  '\x1bP$qr\x1b\\',
  '\x1bP$q q\x1b\\',
  '\x1bP$q"q\x1b\\',
  '\x1bP$q"p\x1b\\',
  '\x1bP$qz\x1b\\',
];

describe('nothing was typed', () => {
  it.each(questions)('where a program asks %j', async (question) => {
    const answers = await answersOf(question);
    expect(answers).toHaveLength(1);
    for (const answer of answers) expect([answer, isTyped(Buffer.from(answer))]).toEqual([answer, false]);
  });

  // Only a terminal that is on a screen answers these.
  it.each([
    '\x1b]10;rgb:ffff/ffff/ffff\x1b\\',
    '\x1b]4;15;rgb:0000/aaaa/ffff\x1b\\',
    '\x1b[6;17;9t',
    '\x1b[I',
  ])('in %j', (answer) => expect(isTyped(Buffer.from(answer))).toBe(false));

  it('in many answers at once, nor in nothing', async () => {
    const answers = await answersOf(questions.join(''));
    expect(answers.length).toBeGreaterThan(10);
    expect(isTyped(Buffer.from(answers.join('')))).toBe(false);
    expect(isTyped(new Uint8Array(0))).toBe(false);
  });
});

describe('something was typed', () => {
  it.each([
    ['a letter', 'x'],
    ['Enter', '\r'],
    ['Escape', '\x1b'],
    ['an arrow', '\x1b[A'],
    ['an arrow with Ctrl', '\x1b[1;5C'],
    ['F3', '\x1bOR'],
    ['F5', '\x1b[15~'],
    ['Alt and a letter', '\x1bc'],
    ['Alt and a bracket', '\x1b]'],
    ['Alt and Shift and P', '\x1bP'],
    ['a click', '\x1b[<0;10;5M'],
    ['an older click', '\x1b[M *%'],
    ['a paste', '\x1b[200~rm -rf /\x1b[201~'],
    ['a letter after an answer', '\x1b[1;1Rx'],
    ['a letter before an answer', 'x\x1b[1;1R'],
    ['ünïcode', 'ü'],
  ])('with %s', (_, text) => expect(isTyped(Buffer.from(text))).toBe(true));

  it('is found in little time, whatever it is', () => {
    const begun = performance.now();
    for (const piece of ['\x1b[1;1R', '\x1b]', '\x1bP1$r', '\x1b[0', '0;'])
      isTyped(Buffer.from(`\x1b[${piece.repeat(100_000)}\x1b`));
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});
