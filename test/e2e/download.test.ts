/** A download in a real browser: the form beside the terminal posts from our own page, saves, and leaves the terminal be. */
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { activeAccess } from '../support/wiki-life.ts';
import { type Bot, openWorld, type World } from '../support/world.ts';
import { launchBrowser } from './browser.ts';

let world: World;
let bot: Bot;
let browser: Browser;

beforeAll(async () => {
  world = await openWorld({
    policy: (policy) => Object.assign(policy.targets.wiki.sandbox, { download: '1Mi' }),
  });
  bot = await world.startBot();
  browser = await launchBrowser();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await world[Symbol.asyncDispose]();
});

it('is saved under its name, and what is refused is said in a tab of its own', async () => {
  const access = await activeAccess(world, '10m');
  const page = await (await browser.newContext({ viewport: { width: 1_100, height: 700 } })).newPage();
  page.setDefaultTimeout(15_000);
  const path = `/accesses/${access}/terminal`;
  await page.goto(`http://127.0.0.1:${bot.port}${path}`);
  await page.click('button[value="U0ANA"]');
  await page.waitForURL(`http://127.0.0.1:${bot.port}${path}`);
  const screen = page.locator('.xterm-rows');
  await expect.poll(() => screen.innerText(), { timeout: 15_000 }).toMatch(/\$/);
  await page.keyboard.type('echo "id,total" >"März, all.csv"; echo "writ"ten\n');
  await screen.getByText('written').first().waitFor();

  const name = page.getByLabel('file to download');
  await name.fill('März, all.csv');
  const begun = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const file = await begun;
  expect(file.suggestedFilename()).toBe('März, all.csv');
  expect(await readFile(await file.path(), 'utf8')).toBe('id,total\n');
  await page.screenshot({ path: join(tmpdir(), 'prod-access-download.png') });

  await name.fill('/etc/passwd');
  const refused = page.context().waitForEvent('page');
  await name.press('Enter');
  await (await refused).getByText('/etc/passwd cannot be downloaded').waitFor();
  expect(page.url()).toContain(path);
  expect(await page.locator('#state').innerText()).toBe('recorded');
}, 60_000);
