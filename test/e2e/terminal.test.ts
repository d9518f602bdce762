/**
 * The isolated environment as people meet it, in real browsers: ask, approve, open the terminal, use the forward, be
 * blocked, be watched, end, replay.
 */
import type { Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { openDemoInBrowser } from './demo-in-browser.ts';

const visit = await openDemoInBrowser();
const { page, wrong, pane, shot, become, open, seen, type } = visit;
afterAll(() => visit[Symbol.asyncDispose]());

/** What stands on the terminal's screen. */
const screen = (of: Page) => of.locator('.xterm-rows');

async function enter(of: Page, line: string, sees: string | RegExp): Promise<void> {
  await of.locator('.xterm-helper-textarea').pressSequentially(line);
  await of.keyboard.press('Enter');
  await screen(of).getByText(sees).first().waitFor();
}

/** Chooses a person on the look-alike's sign-in page. */
const signInAs = (of: Page, person: string) => of.getByRole('button', { name: person }).click();

describe('the terminal', () => {
  let ana: Page;
  let lea: Page;

  it("opens from the requester's messages, and shows the fence", async () => {
    await type('left', '/prod-access payments-db 40s checkout answers 500, INC-4821');
    await open('right', 'prod-approvals');
    await pane('right').getByRole('button', { name: 'Approve' }).click();
    await seen('right', /1 of 1 from leads/);
    await become('right', 'Sena Aksoy, security');
    await open('right', 'prod-approvals');
    await pane('right').getByRole('button', { name: 'Approve' }).click();
    await open('left', 'prod-access');
    const button = pane('left').getByRole('link', { name: 'Open terminal' });
    await button.waitFor();
    const opened = page.waitForEvent('popup');
    await button.click();
    ana = await opened;
    await ana.getByRole('button', { name: 'Ana Torres' }).waitFor();
    await shot('t1-sign-in', ana);
    await signInAs(ana, 'Ana Torres');
    await ana.locator('#state').getByText('recorded').waitFor();
    await enter(ana, 'redis-cli hgetall order:1002', 'payment failed');
    await enter(ana, 'curl -sS https://example.com', /403|not in this target/);
    await enter(ana, 'ls /root', /cannot access/);
    await screen(ana).getByText('No such file').first().waitFor();
    await shot('t2-fence', ana);
  }, 60_000);

  it('is watched by an approver, and the one who works sees who', async () => {
    lea = await (await visit.another()).newPage();
    await lea.goto(new URL('/', ana.url()).href);
    await signInAs(lea, 'Lea Brandt');
    await lea.getByRole('link', { name: 'payments-db' }).click();
    await lea.getByRole('link', { name: 'watch' }).click();
    await screen(lea).getByText('payment failed').first().waitFor();
    await ana.locator('#watched').getByText('Lea Brandt').waitFor();
    await enter(ana, 'echo "seen by "both', 'seen by both');
    await screen(lea).getByText('seen by both').first().waitFor();
    await shot('t3-watched', lea);
    // A reload finds the same session, and what it had shown.
    await ana.reload();
    await screen(ana).getByText('seen by both').first().waitFor();
  }, 60_000);

  it('is cut at the end, and says why', async () => {
    await ana.locator('#state').getByText('its time is up').waitFor({ timeout: 60_000 });
    await lea.locator('#state').getByText('its time is up').waitFor();
    await shot('t4-over', ana);
    await pane('left')
      .getByRole('log')
      .getByText(/was revoked .* its time was up/)
      .waitFor({ timeout: 40_000 });
  }, 100_000);

  it('is replayed, and leads from a command to its moment', async () => {
    await lea.goto(ana.url().replace('/terminal', ''));
    await lea.getByRole('link', { name: 'replay' }).click();
    await lea.getByRole('button', { name: 'redis-cli hgetall order:1002' }).click();
    await lea.locator('.ap-terminal, .ap-term').getByText('payment failed').first().waitFor();
    await lea.getByPlaceholder('search in the text').fill('seen by both');
    await lea.keyboard.press('Enter');
    await lea.locator('#found').getByRole('button').first().waitFor();
    await shot('t5-replay', lea);
    await become('right', 'Odo Lind, marketing');
    await open('right', 'prod-audit');
    for (const action of [
      'session.started',
      'connection.opened',
      'connection.blocked',
      'session.ended',
      'session.viewed',
    ])
      await seen('right', action);
  }, 60_000);

  it('met no error and asked nothing of any other origin', () => {
    expect(wrong).toEqual([]);
  });
});
