/**
 * The web pages in a real browser: buttons that post, a terminal to work in, a paste, a reload, a watcher, a replay, and
 * no complaint of the browser about any of it.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { activeAccess, of } from '../support/wiki-life.ts';
import { type Bot, openWorld, type World } from '../support/world.ts';
import { launchBrowser } from './browser.ts';

let world: World;
let bot: Bot;
let browser: Browser;
const wrong: string[] = [];

beforeAll(async () => {
  world = await openWorld();
  bot = await world.startBot();
  browser = await launchBrowser();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await world[Symbol.asyncDispose]();
});

/** Signs in through Slack's own page and ends on the page that was wanted. */
async function signedIn(person: string, path: string): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1_000, height: 700 } })).newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') wrong.push(message.text());
  });
  await page.goto(`http://127.0.0.1:${bot.port}${path}`);
  await page.click(`button[value="${person}"]`);
  await page.waitForURL(`http://127.0.0.1:${bot.port}${path}`);
  return page;
}

async function untilShown(page: Page, text: RegExp): Promise<void> {
  await expect
    .poll(async () => (await page.locator('.xterm-rows').innerText()).replaceAll('\u00a0', ' '), {
      timeout: 15_000,
    })
    .toMatch(text);
}

/** As a browser pastes: no key is pressed for it. */
async function paste(page: Page, text: string): Promise<void> {
  await page.locator('.xterm-helper-textarea').evaluate((area, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    area.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}

it('works in a browser as it does for the tests that are none', async () => {
  const access = await activeAccess(world, '10m');

  const page = await signedIn('U0ANA', `/accesses/${access}`);
  await page.click('text=Open terminal');
  await untilShown(page, /\$ +$/m);
  await page.keyboard.type('echo "typed "here; stty size\n');
  await untilShown(page, /typed here\s+\d+ \d+/);
  const [, rows = '', cols = ''] =
    /here\s+(\d+) (\d+)/.exec(await page.locator('.xterm-rows').innerText()) ?? [];
  expect([Number(rows) > 24, Number(cols) > 80]).toEqual([true, true]);

  // More than the page has on its way at once.
  await page.keyboard.type('clear; stty -echo; echo "now "paste; cat | sha256sum; stty echo\n');
  await untilShown(page, /now paste/);
  const pasted = `${randomBytes(24).toString('hex')}\n`.repeat(15_000);
  await paste(page, pasted);
  await page.keyboard.press('Control+d');
  await untilShown(page, new RegExp(createHash('sha256').update(pasted).digest('hex').slice(0, 40)));

  await page.reload();
  await untilShown(page, /now paste/);
  await page.keyboard.type('clear; echo "after "reload\n');
  await untilShown(page, /after reload/);

  const watching = await signedIn('U0LEA', `/accesses/${access}`);
  await watching.click('text=watch');
  await untilShown(watching, /after reload/);
  await expect.poll(() => page.locator('#watched').innerText()).toBe('watched by lea');

  // A tab of its own for a session that is open already: found on the access's page.
  const other = await page.context().newPage();
  await other.goto(`http://127.0.0.1:${bot.port}/accesses/${access}`);
  await other.click('table a:text("open")');
  await untilShown(other, /after reload/);
  expect((await world.entries()).filter(of(access, 'session.started')).length).toBe(1);
  await other.close();

  await page.click('summary:text("Done")');
  await page.getByText('End it now? What is in the sandbox is lost.').waitFor();
  // Another thought: nothing is done until it is confirmed.
  await page.click('summary:text("Done")');
  await page.getByText('End it now?').waitFor({ state: 'hidden' });
  await page.click('summary:text("Done")');
  await page.click('button:text("End it now")');
  await page.waitForURL(`http://127.0.0.1:${bot.port}/accesses/${access}`);
  expect((await world.untilEntry(of(access, 'access.ending'))).actor.id).toBe('U0ANA');
  await expect.poll(() => watching.locator('#state').innerText()).toBe('over: its requester is done');

  await world.untilEntry(of(access, 'session.ended'));
  await page.reload();
  await page.click('text=replay');
  await page.waitForSelector('.ap-player, .ap-wrapper');
  await page.fill('#search', 'after reload');
  await page.press('#search', 'Enter');
  await expect.poll(() => page.locator('#found').innerText()).toContain('after reload');

  await page.click('text=Sign out');
  await page.waitForSelector('h1:text("Signed out")');
  expect(wrong).toEqual([]);
}, 60_000);

it('revokes with a reason, after it was asked once more, and without a script', async () => {
  const access = await activeAccess(world);
  const page = await signedIn('U0LEA', `/accesses/${access}`);
  const { cookies } = await page.context().storageState();
  const bare = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await bare.context().addCookies(cookies);
  await bare.goto(`http://127.0.0.1:${bot.port}/accesses/${access}`);
  const question = bare.getByText('Revoke ana’s access? Their terminals are cut at once.');
  expect(await question.isVisible()).toBe(false);
  await bare.click('summary:text("Revoke")');
  await question.waitFor();
  await bare.getByLabel('Why').fill('a laptop was stolen');
  await bare.click('button:text("Revoke now")');
  await bare.waitForURL(`http://127.0.0.1:${bot.port}/accesses/${access}`);
  expect((await world.untilEntry(of(access, 'access.ending'))).details.why).toBe('a laptop was stolen');
  // The page goes on by itself while the bot takes everything away, and then it stays.
  await bare.locator('dd').getByText('revoked', { exact: true }).waitFor();
  expect((await bare.reload())?.headers().refresh).toBeUndefined();
  await page.goto(`http://127.0.0.1:${bot.port}/accesses/${access}`);
  const signOut = page.getByRole('button', { name: 'Sign out' });
  const look = await signOut.evaluate((button) => getComputedStyle(button).backgroundColor);
  expect(look).toBe('rgba(0, 0, 0, 0)');
}, 60_000);
