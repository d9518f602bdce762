/**
 * What a first-time visitor does, in a real browser: a whole life of an access on the page, then the three buttons, then
 * Ctrl-C.
 */
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { openDemoInBrowser } from './demo-in-browser.ts';

const visit = await openDemoInBrowser();
const { dir, demo, said, page, wrong, pane, shot, become, open, seen, type, untilActive } = visit;
afterAll(() => visit[Symbol.asyncDispose]());

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
    expect(said()).toContain('nothing is left running');
    expect(await processesOf(dir)).toEqual([]);
  }, 60_000);
});
