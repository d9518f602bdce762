/** The demo as a visitor starts it, and a real browser on its page. Screenshots lie in the system's temporary directory. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { spawnTied } from '../support/tied.ts';
import { launchBrowser } from './browser.ts';

const shots = join(tmpdir(), 'prod-access-playground');

const main = new URL('../../src/main.ts', import.meta.url).pathname;

export type Side = 'left' | 'right';

export type DemoInBrowser = AsyncDisposable & {
  readonly dir: string;
  readonly demo: ChildProcess;
  readonly said: () => string;
  readonly page: Page;
  /** What pages complained about. */
  readonly wrong: readonly string[];
  /** A browser of its own, as of another person. */
  another(): Promise<BrowserContext>;
  shot(name: string, of?: Page): Promise<unknown>;
  pane(side: Side): Locator;
  become(side: Side, person: string): Promise<unknown>;
  open(side: Side, channel: string): Promise<void>;
  seen(side: Side, text: string | RegExp): Promise<void>;
  type(side: Side, text: string): Promise<void>;
  /** Waits until sandbox and dated end stand, and the requester sees the time run. */
  untilActive(target: string): Promise<void>;
};

export async function openDemoInBrowser(): Promise<DemoInBrowser> {
  await mkdir(shots, { recursive: true });
  const parent = await mkdtemp(join(tmpdir(), 'prod-access-demo-'));
  const dir = join(parent, '.data', 'demo');
  // Without a desktop, on which it would open a browser of its own.
  const { DISPLAY: _, WAYLAND_DISPLAY: __, ...env } = process.env;
  const demo = spawnTied(process.execPath, [main, 'demo', '--port', '0'], {
    whom: 'group',
    stderr: 'inherit',
    cwd: parent,
    env,
  });
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    demo.once('exit', (code) => reject(new Error(`the demo ended with ${code}:\n${said}`)));
    demo.stdout?.on('data', (data: Buffer) => {
      said += data.toString();
      const [, found] = /^Open (http:\S+)/m.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  const browser = await launchBrowser();
  const wrong: string[] = [];
  const another = async (): Promise<BrowserContext> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(40_000);
    context.on('weberror', (error) => wrong.push(String(error.error())));
    context.on('console', (message) => {
      // The client's own complaint about an answer of the server's is text for people elsewhere on the page.
      if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
        wrong.push(message.text());
    });
    return context;
  };
  const page = await (await another()).newPage();
  await page.goto(url);

  const pane = (side: Side): Locator => page.locator(`#${side}`);
  return {
    dir,
    demo,
    said: () => said,
    page,
    wrong,
    another,
    shot: (name, of = page) => of.screenshot({ path: join(shots, `${name}.png`) }),
    pane,
    become: (side, person) => pane(side).getByLabel('Person').selectOption({ label: person }),
    open: (side, channel) =>
      pane(side).getByRole('navigation', { name: 'Channels' }).getByRole('button', { name: channel }).click(),
    seen: (side, text) => pane(side).getByRole('log').getByText(text).last().waitFor(),
    type: async (side, text) => {
      const line = pane(side).getByRole('textbox', { name: 'Message' });
      await line.fill(text);
      await line.press('Enter');
    },
    untilActive: async (target) => {
      await page.locator('#world').getByText('bubblewrap').waitFor();
      await page.locator('#world').getByText('end', { exact: true }).waitFor();
      await pane('left').getByRole('timer').getByText(target).waitFor();
    },
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      if (demo.exitCode === null && demo.signalCode === null) {
        const ended = once(demo, 'exit');
        process.kill(-(demo.pid ?? 0), 'SIGINT');
        await ended;
      }
      await rm(parent, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
