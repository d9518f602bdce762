/** Real browsers on the pages of a world's bot: people who sign in through Slack's own page, and what a screen shows. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect, vi } from 'vitest';

export type WebBrowser = AsyncDisposable & {
  /** A browser of their own, on the page that was wanted, `path`. */
  signedIn(person: string, path: string, size?: Size): Promise<Page>;
  /** What pages complained about. */
  readonly wrong: readonly string[];
};

export type Size = { readonly width: number; readonly height: number };

export async function openWebBrowser(origin: () => string): Promise<WebBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  const wrong: string[] = [];
  return {
    wrong,
    signedIn: async (person, path, viewport = { width: 1_000, height: 700 }) => {
      const page = await (await browser.newContext({ viewport })).newPage();
      page.setDefaultTimeout(15_000);
      page.on('pageerror', (error) => wrong.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') wrong.push(message.text());
      });
      await page.goto(`${origin()}${path}`);
      await page.click(`button[value="${person}"]`);
      await page.waitForURL(`${origin()}${path}`);
      return page;
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** What stands on the terminal's screen, with spaces as they were printed. */
export async function shownOn(page: Page): Promise<string> {
  return (await page.locator('.xterm-rows').innerText()).replaceAll('\u00a0', ' ');
}

export async function untilShown(page: Page, text: RegExp): Promise<void> {
  await vi.waitFor(async () => expect(await shownOn(page)).toMatch(text), { timeout: 15_000, interval: 50 });
}
