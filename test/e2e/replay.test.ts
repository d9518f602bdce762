/** A replay in a real browser: commands and hits lead to their moments, whatever pauses the player leaves out. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWebBrowser, untilShown, type WebBrowser } from '../support/web-browser.ts';
import { activeAccess, of } from '../support/wiki-life.ts';
import { type Bot, openWorld, type World } from '../support/world.ts';

let world: World;
let bot: Bot;
let browser: WebBrowser;
let ana: Page;

/** An early command, a pause that the player leaves out, the one that is looked for, and an end that wipes it away. */
beforeAll(async () => {
  world = await openWorld();
  bot = await world.startBot();
  browser = await openWebBrowser(() => `http://127.0.0.1:${bot.port}`);
  const access = await activeAccess(world);
  ana = await browser.signedIn('U0ANA', `/accesses/${access}/terminal`);
  await untilShown(ana, /\$ +$/m);
  await ana.keyboard.type('echo "at the "beginning\n');
  await untilShown(ana, /at the beginning/);
  await wait(6_000);
  await ana.keyboard.type(`echo "the "moment; echo ${'long'.repeat(40)}\n`);
  await untilShown(ana, /the moment/);
  await wait(2_000);
  await ana.keyboard.type('clear; echo "at the "end\n');
  await untilShown(ana, /^at the end/);
  await ana.keyboard.type('exit\n');
  await world.untilEntry(of(access, 'session.ended'));
  await ana.goto(`http://127.0.0.1:${bot.port}/accesses/${access}`);
  await ana.getByRole('link', { name: 'replay' }).click();
}, 60_000);
afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const played = () => ana.locator('.ap-term, .ap-terminal').innerText();

it('leads from a command after a long pause to its moment', async () => {
  const command = ana.getByRole('button', { name: 'echo "the "moment' });
  // The time of the recording, the pause included.
  const [, seconds = ''] = /^0:(\d\d)/.exec(await command.innerText()) ?? [];
  expect(Number(seconds)).toBeGreaterThanOrEqual(6);
  await command.click();
  await expect.poll(played, { timeout: 2_000, interval: 20 }).toMatch(/the moment/);
});

it('leads from a hit to its moment, says when that was, and keeps to its column', async () => {
  const field = ana.getByLabel('search in the text');
  await field.fill('longlong');
  await field.press('Enter');
  const hit = ana.locator('#found button').last();
  await hit.waitFor();
  expect(await hit.innerText()).toMatch(/^0:\d\d\s+longlong/);
  await ana.screenshot({ path: join(tmpdir(), 'prod-access-replay.png') });
  const [place, commands] = [await hit.boundingBox(), await ana.locator('#commands').boundingBox()];
  expect(place?.y).toBeLessThan(commands?.y ?? 0);
  expect(
    await ana.locator('aside').evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth),
  ).toBe(0);
  await hit.click();
  await expect.poll(played, { timeout: 2_000, interval: 20 }).toMatch(/the moment/);
  await field.press('Escape');
  expect(await field.evaluate((element) => document.activeElement === element)).toBe(false);
  expect(await ana.getByRole('heading', { level: 1 }).innerText()).toBe('wiki');
  await field.fill('nowhere to be found');
  await field.press('Enter');
  await ana.getByText('not found').waitFor();
  expect(browser.wrong).toEqual([]);
});
