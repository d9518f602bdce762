/**
 * What a first-time visitor does, in a real browser: a whole life of an access on the page, then the three buttons, then
 * Ctrl-C. The screenshots lie in a directory of their own under the system's temporary one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const shots = join(tmpdir(), 'prod-access-playground');
const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const start = `import { demoUntilSignal } from './src/playground/demo.ts';
const [dataDir] = process.argv.slice(1);
process.exit(await demoUntilSignal({ stdout: process.stdout, open: false, port: 0, dataDir }));`;

let parent: string;
let dir: string;
let demo: ChildProcess;
let said = '';
let browser: Browser;
let page: Page;
const wrong: string[] = [];

beforeAll(async () => {
  await mkdir(shots, { recursive: true });
  parent = await mkdtemp(join(tmpdir(), 'prod-access-demo-'));
  dir = join(parent, 'demo');
  demo = spawn(process.execPath, ['--input-type=module', '-e', start, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const url = await new Promise<string>((resolve, reject) => {
    demo.once('exit', (code) => reject(new Error(`the demo ended with ${code}:\n${said}`)));
    demo.stdout?.on('data', (data: Buffer) => {
      said += data.toString();
      const [, found] = /^Open (http:\S+)/m.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
  });
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: chromiumArgs });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(40_000);
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => {
    // The client's own complaint about an answer of the server's is text for people elsewhere on the page.
    if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
      wrong.push(message.text());
  });
  await page.goto(url);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  if (demo?.exitCode === null && demo.signalCode === null) demo.kill('SIGKILL');
  await rm(parent, { recursive: true, force: true });
});

const pane = (side: 'left' | 'right'): Locator => page.locator(`#${side}`);
const shot = (name: string): Promise<unknown> => page.screenshot({ path: join(shots, `${name}.png`) });
const become = (side: 'left' | 'right', person: string): Promise<unknown> =>
  pane(side).getByLabel('Person').selectOption({ label: person });
const open = (side: 'left' | 'right', channel: string): Promise<void> =>
  pane(side).getByRole('navigation', { name: 'Channels' }).getByRole('button', { name: channel }).click();
const seen = (side: 'left' | 'right', text: string | RegExp): Promise<void> =>
  pane(side).getByRole('log').getByText(text).last().waitFor();

async function type(side: 'left' | 'right', text: string): Promise<void> {
  const line = pane(side).getByRole('textbox', { name: 'Message' });
  await line.fill(text);
  await line.press('Enter');
}

/** Waits until sandbox and dated end stand, and the requester sees the time run. */
async function untilActive(target: string): Promise<void> {
  await page.locator('#world').getByText('bubblewrap').waitFor();
  await page.locator('#world').getByText('end', { exact: true }).waitFor();
  await pane('left').getByRole('timer').getByText(target).waitFor();
}

/** Presses one of the three buttons and gives what was told once `last` was. */
async function press(name: string, last: RegExp): Promise<string> {
  await page.getByRole('button', { name }).click();
  const story = page.getByRole('log', { name: 'What happened' });
  await story
    .getByRole('heading', { name: `${name} …` })
    .or(story.getByText(last))
    .first()
    .waitFor();
  await story.getByText(last).first().waitFor({ timeout: 100_000 });
  return story.innerText();
}

/** Processes that belong to the demo: by their arguments, environment or working directory. */
async function processesOf(place: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const texts = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
      readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''),
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
    ]);
    if (texts.some((text) => text.includes(place))) found.push(`${pid} ${texts[0]?.replaceAll('\0', ' ')}`);
  }
  return found;
}

describe('the playground', () => {
  it('shows a whole life of an access', async () => {
    await shot('1-first-look');
    await type('left', '/prod-access');
    const modal = pane('left').getByRole('dialog');
    await modal.getByRole('button', { name: 'Ask' }).click();
    await modal.getByText('Please complete this required field.').first().waitFor();
    await modal.getByLabel('Target').selectOption('payments-db');
    await modal.getByLabel('For how long').fill('20s');
    await modal.getByLabel('Reason').fill('checkout answers 500');
    await modal.getByRole('button', { name: 'Ask' }).click();
    await modal.getByText(/ticket is missing/).waitFor();
    await shot('2-errors-under-fields');
    await modal.getByLabel('Ticket').fill('INC-4821');
    await modal.getByRole('button', { name: 'Ask' }).click();
    await modal.waitFor({ state: 'detached' });

    await open('right', 'prod-approvals');
    await seen('right', 'Access wanted: Payments database, read only');
    await pane('right').getByRole('button', { name: 'Approve' }).click();
    await seen('right', /1 of 1 from leads/);
    await pane('right').getByRole('button', { name: 'Approve' }).waitFor();
    await become('right', 'Sena Aksoy, security');
    await open('right', 'prod-approvals');
    await pane('right').getByRole('button', { name: 'Approve' }).click();

    await open('left', 'prod-access');
    await seen('left', /Your access to payments-db is active until/);
    await untilActive('payments-db');
    await shot('3-active');

    await pane('left')
      .getByRole('log')
      .getByText(/was revoked .* its time was up/)
      .waitFor({ timeout: 40_000 });
    await seen('right', 'Revoked: Payments database, read only');
    await page.locator('#world').getByText('None: nobody has access.').waitFor();
    await become('right', 'Odo Lind, marketing');
    await open('right', 'prod-audit');
    for (const action of [
      'access.requested',
      'access.approved',
      'grant.issued',
      'sandbox.opened',
      'access.active',
      'access.revoked',
    ])
      await seen('right', action);
    await shot('4-over');
  }, 120_000);

  it('tells a guest that guests may not ask', async () => {
    await become('right', 'Gus Varga, guest');
    await type('right', '/prod-access wiki 1m what is in there');
    await seen('right', /Guests can neither ask nor decide/);
    await pane('right').getByText('Only visible to you').waitFor();
  });

  it('kills the bot, and the access keeps its end', async () => {
    await become('left', 'Ben Okafor, payments engineer, on call');
    await open('left', 'general');
    await type('left', '/prod-access wiki 40s the runbook, please');
    await untilActive('wiki');
    const told = await press('Kill the bot', /^Caught up: /);
    expect(told).toMatch(/process \d+ got SIGKILL/);
    expect(told).toMatch(/its policy "end" refuses everything from \d\d:\d\d:\d\d/);
    expect(told).toMatch(/Started anew as process \d+/);
    expect(told).toMatch(/the same chain went on/);
    expect(told).toMatch(/entries: no flaw\./);
    await shot('5-killed');
  }, 120_000);

  it('finds what was tampered with', async () => {
    const told = await press('Tamper with the trail', /Both were put back/);
    expect(told).toMatch(/The bot refused\. #\d+ alarm\.raised/);
    expect(told).toMatch(/IAM holds no role acc_/);
    const [, seq] = /entry #(\d+) vote\.approved now names Odo Lind/.exec(told) ?? [];
    expect(told).toContain(`Found (edited): entry #${seq} of chain `);
    expect(told).toMatch(/Verified again, \d+ entries: no flaw/);
    await shot('6-tampered');
  }, 120_000);

  it('tells that Redis was emptied, and the access ends all the same', async () => {
    await page.locator('#world article').first().waitFor({ state: 'detached', timeout: 60_000 });
    await type('left', '/prod-access wiki 20s the runbook again');
    await untilActive('wiki');
    const told = await press('Empty Redis', /The role acc_\w+ is gone at/);
    expect(told).toMatch(/ledger\.lost begins the chain/);
    expect(told).toMatch(/It names the last entry it saw of the old chain \w+: #\d+/);
    expect(told).toMatch(/alarm\.raised: "the audit trail was lost or altered/);
    await shot('7-emptied');
  }, 180_000);

  it('works on a phone, in the dark', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    await shot('8-dark');
    await page.setViewportSize({ width: 390, height: 844 });
    await shot('9-phone');
    const wide = await page.evaluate('document.documentElement.scrollWidth');
    expect(wide).toBe(390);
  });

  it('met no error and asked nothing of any other origin', () => {
    expect(wrong).toEqual([]);
  });

  it('leaves nothing running after Ctrl-C', async () => {
    await type('left', '/prod-access wiki 2m one more time');
    const isFenced = (line: string) => line.includes('prod-access-sandbox');
    await expect.poll(async () => (await processesOf(dir)).some(isFenced), { timeout: 20_000 }).toBe(true);
    const ended = once(demo, 'exit');
    process.kill(-(demo.pid ?? 0), 'SIGINT');
    expect(await ended).toEqual([0, null]);
    expect(said).toContain('nothing is left running');
    expect(await processesOf(dir)).toEqual([]);
  }, 60_000);
});
