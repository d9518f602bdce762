/** What every driver keeps when a file is read out. Runs on a real sandbox, whose user does what they can inside. */
import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessId } from '../../src/domain/ids.ts';
import type { ReadFile, SandboxFiles } from '../../src/ports/sandbox-files.ts';
import { SandboxFault } from '../../src/ports/sandboxes.ts';
import { newAccess } from './sandboxes.ts';

export type FilesGround = AsyncDisposable & {
  readonly files: SandboxFiles;
  /** Opens a sandbox to have files in. */
  sandbox(): Promise<AccessId>;
  /** Runs a bash script inside. */
  bash(access: AccessId, script: string): Promise<{ readonly stdout: string }>;
};

const most = 1024 * 1024;
const home = '/home/engineer';

async function whole(read: ReadFile): Promise<Buffer> {
  if (!('stream' in read)) throw new Error(`not handed out: ${JSON.stringify(read)}`);
  const chunks: Buffer[] = [];
  for await (const chunk of read.stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function sandboxFilesContract(name: string, make: () => Promise<FilesGround>): void {
  describe(`files read out of a sandbox kept by ${name}`, () => {
    let ground: FilesGround;
    let access: AccessId;
    const bash = async (script: string): Promise<string> => (await ground.bash(access, script)).stdout;
    const readFile = (path: string, mostBytes = most): Promise<ReadFile> =>
      ground.files.readFile(access, path, mostBytes);

    beforeAll(async () => {
      ground = await make();
      access = await ground.sandbox();
    });
    afterAll(() => ground[Symbol.asyncDispose]());

    it('come byte for byte, of any content and size up to the most', async () => {
      await bash(
        `head -c ${most} /dev/urandom >~/exact; head -c $((${most} + 1)) /dev/zero >~/above; >~/empty`,
      );
      const [sum] = (await bash('sha256sum ~/exact')).split(' ');
      const read = await readFile(`${home}/exact`);
      expect(read).toMatchObject({ bytes: most });
      const bytes = await whole(read);
      expect(bytes.length).toBe(most);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sum);
      expect(await readFile(`${home}/above`)).toEqual({ tooBig: most + 1 });
      expect(await whole(await readFile(`${home}/empty`))).toEqual(Buffer.alloc(0));
      expect(await whole(await readFile(`${home}/empty`, 0))).toEqual(Buffer.alloc(0));
    });

    it.each([
      ['blanks and quotes', `a "b" 'c' $(touch ran) \`touch ran\`; touch ran`],
      ['a newline', 'one\ntwo\n'],
      ['what other programs take for their own', '-n,!!fork:x|UNIX-CONNECT:y'],
      ['unicode', 'grüße-日本-\u202egpj.🎉'],
      ['stars', '*?[a-z]'],
    ])('have names with %s', async (_, file) => {
      const quoted = `'${file.replaceAll("'", `'\\''`)}'`;
      await bash(`rm -f ~/ran; printf %s content >~/${quoted}`);
      expect((await whole(await readFile(`${home}/${file}`))).toString()).toBe('content');
      expect(await bash('[ -e ~/ran ] && echo ran')).toBe('');
    });

    it.each([
      ['what is not there', ':', `${home}/nothing`, 'absent'],
      ['a name that no file can have', ':', `${home}/${'x'.repeat(300)}`, 'absent'],
      ['a link to nothing', 'ln -s nowhere ~/dangling', `${home}/dangling`, 'absent'],
      ['a link to itself', 'ln -s loop ~/loop', `${home}/loop`, 'absent'],
      ['a directory', 'mkdir ~/dir', `${home}/dir`, 'directory'],
      ['the home directory itself', ':', home, 'directory'],
      ['a FIFO', 'mkfifo ~/fifo', `${home}/fifo`, 'special'],
      ['a link to a device', 'ln -s /dev/zero ~/zero', `${home}/zero`, 'special'],
      [
        'a link to a secret of the first process',
        'ln -s /proc/1/environ ~/environ',
        `${home}/environ`,
        'outside',
      ],
      ['a link to the system', 'ln -s /etc/passwd ~/passwd', `${home}/passwd`, 'outside'],
      ['a link through a directory', 'ln -s /etc ~/etc', `${home}/etc/passwd`, 'outside'],
      ['the way out by ..', ':', `${home}/../../etc/passwd`, 'outside'],
      ['the way around by /proc', ':', '/proc/self/root/etc/passwd', 'outside'],
      ['what may not be read', '>~/closed; chmod 0 ~/closed', `${home}/closed`, 'unreadable'],
    ])('are refused: %s', async (_, script, path, flaw) => {
      await bash(script);
      expect(await readFile(path)).toEqual({ flaw });
    });

    it('may be reached by links that stay within, and by /tmp', async () => {
      await bash('echo kept >/tmp/kept; ln -s /tmp/kept ~/link; ln -s /tmp ~/tmp');
      for (const path of ['/tmp/kept', `${home}/link`, `${home}/tmp/kept`])
        expect((await whole(await readFile(path))).toString()).toBe('kept\n');
    });

    it('that are sparse, or longer than can be counted, are refused by their size', async () => {
      await bash('truncate -s 1T ~/sparse; truncate -s 8191P ~/huge');
      expect(await readFile(`${home}/sparse`)).toEqual({ tooBig: 2 ** 40 });
      expect(await readFile(`${home}/huge`)).toEqual({ tooBig: Number.MAX_SAFE_INTEGER });
      await bash('rm ~/sparse ~/huge');
    });

    it('are what was judged, whatever is put in their place meanwhile', async () => {
      await bash(`
        echo fine >~/fine
        ln -s fine swapped
        (while :; do ln -s /etc/passwd a; mv -T a swapped; ln -s ~/fine b; mv -T b swapped; done) >/dev/null 2>&1 &
        echo $! >~/pid`);
      const outcomes = new Set<string>();
      for (let attempt = 0; attempt < 60; attempt += 1) {
        const read = await readFile(`${home}/swapped`);
        outcomes.add('flaw' in read ? read.flaw : (await whole(read)).toString());
      }
      await bash('kill -KILL $(cat ~/pid)');
      expect([...outcomes].filter((each) => each !== 'fine\n' && each !== 'outside')).toEqual([]);
      expect(outcomes).toContain('fine\n');
    });

    it('that grow meanwhile give as much as they had', async () => {
      await bash(
        '(while :; do echo "another line of a log"; done >~/growing) & sleep 0.05; kill -STOP $!; echo $! >~/pid',
      );
      const before = Number(await bash('wc -c <~/growing'));
      await bash('kill -CONT $(cat ~/pid)');
      const read = await ground.files.readFile(access, `${home}/growing`, 64 * most);
      const bytes = await whole(read);
      await bash('kill -KILL $(cat ~/pid); rm ~/growing');
      expect(bytes.length).toBeGreaterThanOrEqual(before);
      expect(read).toMatchObject({ bytes: bytes.length });
      expect(bytes.toString().startsWith('another line of a log\n')).toBe(true);
    });

    it('that shrink meanwhile fail, and are not passed off as whole', async () => {
      await bash('head -c 8000000 /dev/zero >~/shrinking');
      const read = await ground.files.readFile(access, `${home}/shrinking`, 64 * most);
      await bash(': >~/shrinking');
      await expect(whole(read)).rejects.toThrow(SandboxFault);
    });

    it('hold back while nobody takes them', async () => {
      await bash('head -c 12000000 /dev/urandom >~/large');
      const read = await ground.files.readFile(access, `${home}/large`, 64 * most);
      const held = process.memoryUsage().arrayBuffers;
      await wait(200);
      expect(process.memoryUsage().arrayBuffers - held).toBeLessThan(2_000_000);
      expect((await whole(read)).length).toBe(12_000_000);
    });

    it('leave nothing running once their reader goes away', async () => {
      await bash('head -c 8000000 /dev/urandom >~/large');
      const read = await ground.files.readFile(access, `${home}/large`, 64 * most);
      if (!('stream' in read)) throw new Error('not handed out');
      read.stream.destroy();
      await expect.poll(() => bash('grep -lsx head /proc/[0-9]*/comm'), { timeout: 8_000 }).toBe('');
    });

    it('are refused where no sandbox stands', async () => {
      await expect(ground.files.readFile(newAccess(), `${home}/x`, most)).rejects.toMatchObject({
        name: 'SandboxFault',
        code: 'gone',
      });
    });
  });
}
