/** The page of a terminal in real browsers: what is shown to whom, and what it says when something happened. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWebBrowser, shownOn, untilShown, type WebBrowser } from '../support/web-browser.ts';
import { activeAccess } from '../support/wiki-life.ts';
import { type Bot, openWorld, type World } from '../support/world.ts';

let world: World;
let bot: Bot;
let browser: WebBrowser;

beforeAll(async () => {
  const orders = { name: 'orders', listen: 6379, to: '127.0.0.1:1', private: true };
  world = await openWorld({
    policy: ({ targets }) =>
      Object.assign(targets.wiki.sandbox, { egress: ['status.example.com:443'], forwards: [orders] }),
  });
  bot = await world.startBot();
  browser = await openWebBrowser(() => `http://127.0.0.1:${bot.port}`);
}, 120_000);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const shot = (page: Page, name: string) =>
  page.screenshot({ path: join(tmpdir(), `prod-access-page-${name}.png`) });

async function untilAlike(page: Page, other: Page): Promise<void> {
  await expect.poll(() => shownOn(page), { timeout: 15_000 }).toBe(await shownOn(other));
}

it('is watched in the size that it has, whatever window it is watched in', async () => {
  const access = await activeAccess(world);
  const ana = await browser.signedIn('U0ANA', `/accesses/${access}/terminal`);
  await untilShown(ana, /\$ +$/m);
  await ana.keyboard.type('printf "%*s|\\n" $((COLUMNS - 1)) wide; stty size\n');
  await untilShown(ana, /^\d+ \d+$/m);
  const watchers: Page[] = [];
  for (const [width, height] of [
    [1_600, 1_000],
    [700, 500],
    [390, 844],
  ] as const) {
    const lea = await browser.signedIn('U0LEA', `/accesses/${access}`, { width, height });
    await lea.click('text=watch');
    await untilAlike(lea, ana);
    watchers.push(lea);
    await shot(lea, `watch-${width}`);
  }
  await ana.setViewportSize({ width: 1_200, height: 600 });
  await ana.keyboard.type('clear; printf "%*s|\\n" $((COLUMNS - 1)) wider; stty size\n');
  await untilShown(ana, /wider\|\n\d+ \d+$/m);
  for (const lea of watchers) await untilAlike(lea, ana);
  await shot(ana, 'watched');

  // Another tab of the one who works: the size is that of the window that is looked at, and every tab shows it.
  const other = await ana.context().newPage();
  await other.setViewportSize({ width: 800, height: 500 });
  await other.goto(ana.url().replace('/terminal', ''));
  await other.click('table a:text("open")');
  await untilShown(other, /wider/);
  await other.keyboard.type('clear; printf "%*s|\\n" $((COLUMNS - 1)) narrow; stty size\n');
  await untilShown(other, /^ {80,}narrow\|\n\d+ \d+$/m);
  await untilAlike(ana, other);
  await ana.evaluate(() => dispatchEvent(new Event('focus')));
  await ana.keyboard.type('clear; printf "%*s|\\n" $((COLUMNS - 1)) again; stty size\n');
  await untilShown(ana, /^ {130,}again\|\n/m);
  await untilAlike(other, ana);
  expect(browser.wrong).toEqual([]);
}, 120_000);

it('shows underscores', async () => {
  const access = await activeAccess(world);
  const ana = await browser.signedIn('U0ANA', `/accesses/${access}/terminal`);
  await untilShown(ana, /\$ +$/m);
  await ana.keyboard.type('clear; echo _"____"\n');
  await untilShown(ana, /^_____$/m);
  const row = await ana.locator('.xterm-rows > div').first().boundingBox();
  if (row === null) throw new Error('no row');
  const picture = await ana.screenshot({ clip: { ...row, width: 40 } });
  const bright = await (await ana.context().newPage()).evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes]));
    const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
    context?.drawImage(image, 0, 0);
    return context
      ?.getImageData(0, 0, image.width, image.height)
      .data.some((value, at) => at % 4 < 3 && value > 128);
  }, picture.toString('base64'));
  expect(bright).toBe(true);
}, 120_000);

it('says what was lost with the bot, and leaves what was shown', async () => {
  const access = await activeAccess(world);
  const ana = await browser.signedIn('U0ANA', `/accesses/${access}/terminal`);
  await untilShown(ana, /\$ +$/m);
  await ana.keyboard.type('echo kept >note; echo "shown "before\n');
  await untilShown(ana, /shown before/);
  await bot.kill();
  await ana.getByText('connection lost').waitFor();
  bot = await world.startBot({ PORT: String(bot.port) });
  await untilShown(ana, /shown before.*── .*This is a new one\. +Files in ~ are still there\..*\$ +$/s);
  await ana.keyboard.type('cat note\n');
  await untilShown(ana, /^kept$/m);
  await shot(ana, 'restarted');
}, 120_000);

const next = (page: Page) => page.locator('#next a');

it('leads on when the shell has ended, and when the access has', async () => {
  const access = await activeAccess(world);
  const here = `http://127.0.0.1:${bot.port}/accesses/${access}`;
  const ana = await browser.signedIn('U0ANA', `/accesses/${access}/terminal`);
  await untilShown(ana, /\$ +$/m);
  await expect.poll(() => ana.locator('#left').innerText()).toMatch(/left/);
  await ana.keyboard.type('exit\n');
  await ana.getByText('over: the shell ended').waitFor();
  expect(await ana.locator('#left').innerText()).toBe('');
  await shot(ana, 'exit');
  expect(await next(ana).innerText()).toBe('Open a new terminal');
  await next(ana).click();
  await untilShown(ana, /\$ +$/m);
  const lea = await browser.signedIn('U0LEA', `/accesses/${access}`);
  await lea.click('text=watch');
  await untilShown(lea, /\$ +$/m);
  const done = ana.locator('summary', { hasText: 'Done' });
  expect(await done.isVisible()).toBe(true);
  await lea.click('summary:text("Revoke")');
  await lea.click('button:text("Revoke now")');
  await ana.getByText(/^over: lea revoked it/).waitFor();
  expect(await ana.locator('#left').innerText()).toBe('');
  expect(await done.isVisible()).toBe(false);
  await shot(ana, 'revoked');
  expect(await next(ana).innerText()).toBe('Replay');
  await next(ana).click();
  await ana.waitForSelector('.ap-player, .ap-wrapper');
  await ana.goto(`${here}/terminal`);
  expect(ana.url()).toBe(here);
  expect(browser.wrong.filter((text) => !/WebSocket connection/.test(text))).toEqual([]);
}, 120_000);

it('says first what can be reached, and then what was tried in vain', async () => {
  const access = await activeAccess(world);
  const ana = await browser.signedIn('U0ANA', `/accesses/${access}/terminal`);
  await untilShown(
    ana,
    /127\.0\.0\.1:6379 → orders\n.*status\.example\.com:443 .*Nothing else can be reached\.\s+wiki:~\$ +$/s,
  );
  await shot(ana, 'greeting');
  const size = async () => ana.locator('#screen').boundingBox();
  const before = await size();
  await ana.keyboard.type('curl -sS https://example.com\n');
  await expect
    .poll(() => ana.locator('#blocked').innerText(), { timeout: 15_000 })
    .toMatch(/^blocked: .*example\.com:443/);
  await shot(ana, 'blocked');
  expect(await size()).toEqual(before);
  await ana.keyboard.type('clear; curl -sS http://example.com/\n');
  await expect
    .poll(() => ana.locator('#blocked').innerText(), { timeout: 15_000 })
    .toMatch(/^blocked: .*example\.com:80/);
  await untilShown(ana, /TLS only/);
}, 120_000);

it('is found by its name and worked with by keys alone', async () => {
  const access = await activeAccess(world);
  const ana = await browser.signedIn('U0ANA', `/accesses/${access}/terminal`);
  await untilShown(ana, /\$ +$/m);
  expect(await ana.getByRole('heading', { level: 1 }).innerText()).toBe('wiki');
  await expect.poll(() => ana.getByRole('status').first().innerText()).toBe('recorded');
  await ana.keyboard.press('Control+Shift+F');
  const field = ana.getByLabel('search in the terminal');
  await ana.keyboard.type('orders');
  expect(await field.inputValue()).toBe('orders');
  await ana.keyboard.press('Escape');
  await ana.keyboard.type('echo "back "again\n');
  await untilShown(ana, /^back again$/m);
  const lea = await browser.signedIn('U0LEA', `/accesses/${access}`);
  await lea.click('text=watch');
  await untilShown(lea, /^back again$/m);
  expect(await lea.getByRole('heading', { level: 1 }).innerText()).toBe('wiki');
}, 120_000);
