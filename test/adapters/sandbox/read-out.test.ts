/** What reads inside is the requester's to bend: whatever it says, the host takes no more than it asked for. */
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readOut, readSeconds } from '../../../src/adapters/sandbox/read-out.ts';
import { SandboxFault } from '../../../src/ports/sandboxes.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** A reader that says these, and then ends or not. */
function saying(...texts: readonly string[]): PassThrough {
  const source = new PassThrough();
  for (const text of texts) source.write(text);
  return source;
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += chunk.toString();
  return all;
}

async function content(source: PassThrough, most = 100): Promise<string> {
  const read = await readOut(source, most);
  if (!('stream' in read)) throw new Error(JSON.stringify(read));
  return text(read.stream);
}

describe('a reader inside that says', () => {
  it('less than a line is waited for', async () => {
    const source = saying('fi');
    const read = content(source);
    source.write('le 3');
    source.end('\nabc');
    expect(await read).toBe('abc');
  });

  it('more than it announced is cut, and not waited for', async () => {
    const source = saying('file 3\nab', 'cdefg');
    expect(await content(source)).toBe('abc');
    expect(source.destroyed).toBe(true);
  });

  it('nothing at all of an empty file is heard out', async () =>
    expect(await content(saying('file 0\n'))).toBe(''));

  it('that it has more than it was asked for is not read', async () => {
    const source = saying('file 101\nabc');
    expect(await readOut(source, 100)).toEqual({ tooBig: 101 });
    expect(source.destroyed).toBe(true);
  });

  it.each([
    ['no words of ours', 'sure\n'],
    ['words of ours in another place', 'directory please\n'],
    ['a negative size', 'file -1\n'],
    ['a size that is no number', 'file NaN\n'],
    ['a size with a sign', 'file +5\n'],
    ['a size of another notation', 'file 1e9\n'],
    ['a size beyond all sizes', `file ${'9'.repeat(30)}\n`],
    ['a flaw that only a path can have', 'unnamed\n'],
    ['a line without an end', 'x'.repeat(100_000)],
  ])('%s ends it', async (_, said) => {
    const source = saying(said);
    await expect(readOut(source, 100)).rejects.toThrow(SandboxFault);
    expect(source.destroyed).toBe(true);
  });

  it('less than it announced fails', async () => {
    const source = saying('file 5\nab');
    source.end();
    await expect(content(source)).rejects.toThrow('became shorter');
  });

  it('less than it announced fails also for whoever comes later', async () => {
    const source = saying('file 5\nab');
    const read = await readOut(source, 100);
    source.destroy(new Error('reset'));
    await new Promise((resolve) => source.once('close', resolve));
    if (!('stream' in read)) throw new Error('not handed out');
    await expect(text(read.stream)).rejects.toThrow(SandboxFault);
  });

  it('nothing further, for ever, fails after its time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const read = content(saying('file 5\nab'));
    const failed = expect(read).rejects.toThrow('not read in time');
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
    vi.advanceTimersByTime(readSeconds * 1_000);
    await failed;
  });

  it('is let go when what it feeds is destroyed', async () => {
    const source = saying('file 5\nab');
    const read = await readOut(source, 100);
    if (!('stream' in read)) throw new Error('not handed out');
    read.stream.destroy();
    expect(source.destroyed).toBe(true);
  });
});
