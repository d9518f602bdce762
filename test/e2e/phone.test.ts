/**
 * Every page on a phone and on a desktop: none is wider than its screen, and no word but in details and code is broken.
 * Screenshots lie in the system's temporary directory.
 */
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WebPerson, webPerson } from '../support/web-person.ts';
import { approveAsLea, askForWiki, of } from '../support/wiki-life.ts';
import { type Bot, openWorld, type World } from '../support/world.ts';

const shots = join(tmpdir(), 'prod-access-pages');
const screens = {
  phone: { width: 390, height: 844 },
  desktop: { width: 1_280, height: 800 },
} as const;
type Screen = keyof typeof screens;

let world: World;
let bot: Bot;
let browser: Browser;
let ana: WebPerson;
let lea: WebPerson;
/** One that is over, with a recording, and one that is open, with a terminal. */
let past: string;
let replayed: string;
let access: string;
let open: string;

beforeAll(async () => {
  await mkdir(shots, { recursive: true });
  world = await openWorld();
  for (const [id, real_name] of [
    ['U0ANA', 'Ana Torres'],
    ['U0LEA', 'Lea Brandt'],
    ['U0OUT', 'Odo Lind'],
  ] as const)
    world.slack.amend(id, { real_name });
  bot = await world.startBot();
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  [ana, lea] = [webPerson(world, bot.port, 'U0ANA'), webPerson(world, bot.port, 'U0LEA')];
  await Promise.all([ana.signIn(), lea.signIn()]);
  past = await activeAccess();
  replayed = await openSession(past, 'echo a line that is replayed\n');
  await ana.submit(`/accesses/${past}/done`, {});
  await world.untilEntry(of(past, 'access.revoked'), 40_000);
  access = await activeAccess();
  open = await openSession(access, 'echo a line that is watched\n');
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await world[Symbol.asyncDispose]();
});

async function activeAccess(): Promise<string> {
  const id = await askForWiki(world, '30m');
  await approveAsLea(world, id);
  await world.untilEntry(of(id, 'access.active'));
  return id;
}

async function openSession(id: string, typed: string): Promise<string> {
  const terminal = ana.terminal(`/accesses/${id}/socket`);
  const session = String((await terminal.untilNews('session')).id);
  await terminal.until(/\$ /);
  terminal.type(typed);
  await terminal.until(/a line that is \w+\r?\n/);
  return session;
}

/** A page with somebody's cookies. */
async function pageOf(who: WebPerson, screen: Screen): Promise<Page> {
  const context = await browser.newContext({
    viewport: screens[screen],
    isMobile: screen === 'phone',
    deviceScaleFactor: 1,
    locale: 'en-US',
    timezoneId: 'Europe/Berlin',
  });
  context.setDefaultTimeout(15_000);
  const url = `http://127.0.0.1:${bot.port}`;
  await context.addCookies([...who.cookies].map(([name, value]) => ({ name, value, url })));
  return context.newPage();
}

async function goTo(page: Page, path: string): Promise<void> {
  await page.goto(`http://127.0.0.1:${bot.port}${path}`);
  if ((await page.locator('#screen').count()) > 0)
    await page.locator('.xterm-rows').getByText('a line that is watched').last().waitFor();
}

/** How wide the page is beyond its screen. */
function tooWide(page: Page): Promise<number> {
  return page.evaluate(() => (document.scrollingElement?.scrollWidth ?? 0) - innerWidth);
}

/** The words in the cells of tables that stand on more than one line, but those in details and code. */
function brokenWords(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const broken: string[] = [];
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      if (node.parentElement?.closest('td, li') == null) continue;
      if (node.parentElement.closest('.details, code') !== null) continue;
      for (const { index, 0: word } of (node.textContent ?? '').matchAll(/\S+/g)) {
        const range = document.createRange();
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1)
          broken.push(word);
      }
    }
    return broken;
  });
}

describe.each(['phone', 'desktop'] as const)('on a %s', (screen) => {
  const pages: readonly (readonly [name: string, who: () => WebPerson, path: () => string])[] = [
    ['home', () => lea, () => '/'],
    ['home-requester', () => ana, () => '/'],
    ['access', () => lea, () => `/accesses/${access}`],
    ['access-requester', () => ana, () => `/accesses/${access}`],
    ['access-past', () => lea, () => `/accesses/${past}`],
    ['terminal', () => ana, () => `/accesses/${access}/terminal?session=${open}`],
    ['live', () => lea, () => `/accesses/${access}/sessions/${open}/live`],
    ['replay', () => lea, () => `/accesses/${past}/sessions/${replayed}`],
    ['not-theirs', () => lea, () => `/accesses/${access}/terminal`],
    ['not-open', () => lea, () => `/accesses/${past}/sessions/${replayed}/live`],
    ['missing', () => lea, () => '/accesses/acc_aaaaaaaaaaaaaaaa'],
  ];

  it.each(pages)('%s fits', async (name, who, path) => {
    const page = await pageOf(who(), screen);
    await goTo(page, path());
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      const shot = join(shots, `${name}-${screen}-${colorScheme}.png`);
      await page.screenshot({ path: shot, fullPage: true });
    }
    expect(await tooWide(page)).toBeLessThanOrEqual(0);
    expect(await brokenWords(page)).toEqual([]);
    await page.context().close();
  });
});

it.each(['phone', 'desktop'] as const)('what is asked once more is on the screen of a %s', async (screen) => {
  const { width, height } = screens[screen];
  const asked: readonly (readonly [name: string, who: WebPerson, path: string])[] = [
    ['revoke', lea, ''],
    ['done', ana, ''],
    ['revoke-live', lea, `/sessions/${open}/live`],
    ['done-terminal', ana, `/terminal?session=${open}`],
  ];
  for (const [name, who, path] of asked) {
    const page = await pageOf(who, screen);
    await goTo(page, `/accesses/${access}${path}`);
    await page.click('.asked summary');
    const box = await page.locator('.asked form').boundingBox();
    await page.screenshot({ path: join(shots, `${name}-${screen}.png`) });
    const [right, bottom] = [(box?.x ?? 0) + (box?.width ?? 0), (box?.y ?? 0) + (box?.height ?? 0)];
    expect([name, (box?.x ?? -1) >= 0, right <= width, bottom <= height]).toEqual([name, true, true, true]);
    expect(await tooWide(page)).toBeLessThanOrEqual(0);
    await page.context().close();
  }
});

it('the trail is read on a phone: one line of number, time and action, and below it who and what', async () => {
  const page = await pageOf(lea, 'phone');
  await goTo(page, `/accesses/${access}`);
  const rows = await page.locator('table.trail tr').evaluateAll((all) =>
    all.map((row) => {
      const cells = [...row.querySelectorAll('td')].map((cell) => cell.getBoundingClientRect());
      const [number, time, action, actor, details] = cells;
      return {
        oneLine: [number, time, action].every(
          (cell) => cell !== undefined && cell.height < 30 && Math.abs(cell.top - (number?.top ?? 0)) < 4,
        ),
        actorBelow: (actor?.top ?? 0) >= (number?.bottom ?? Number.POSITIVE_INFINITY) - 1,
        detailsWidth: details?.width ?? 0,
        height: row.getBoundingClientRect().height,
      };
    }),
  );
  expect(rows.length).toBeGreaterThanOrEqual(7);
  for (const row of rows) {
    expect(row).toMatchObject({ oneLine: true, actorBelow: true });
    expect(row.detailsWidth).toBeGreaterThan(250);
    expect(row.height).toBeLessThan(180);
  }
  // One person has one name, whether they come by Slack or by the pages.
  const names = await page.locator('table.trail .actor').allInnerTexts();
  expect([...new Set(names)].sort()).toEqual(['Ana Torres', 'Lea Brandt', 'prod-access']);
  const details = (await page.locator('table.trail .details').allInnerTexts()).join('\n');
  expect(details).toContain('by: Lea Brandt');
  expect(details).toContain('duration: 30m');
  expect(details).toMatch(/ends at: [A-Z][a-z]{2} \d+, \d+:\d\d:\d\d\s[AP]M GMT\+\d/);
  expect(details).not.toMatch(/U0LEA|_ms|\d{4}-\d\d-\d\dT|"/);
  const number = page.locator('table.trail .number').first();
  const time = page.locator('table.trail time').first();
  expect(await number.innerText()).toMatch(/^#\d+ [0-9a-f]{8}$/);
  // The year is this one, and so left out; the zone is the reader's, and named.
  expect(await time.innerText()).toMatch(/^[A-Z][a-z]{2} \d+, \d+:\d\d:\d\d\s[AP]M GMT\+\d$/);
  expect(await time.getAttribute('title')).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
  await page.context().close();
});
