/** The web door under attack: who signs in and how that fails, who sees what, and what no request can do. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Page, type WebPerson, type WebTerminal, webPerson } from '../support/web-person.ts';
import { activeAccess, of } from '../support/wiki-life.ts';
import { type Bot, openWorld, type World } from '../support/world.ts';

const markup = '"><script>alert(1)</script>';
const unknown = 'acc_aaaaaaaaaaaaaaaa';

let world: World;
let bot: Bot;
/** Ana's, active, with a session that is over and one that is open. */
let access: string;
let over: string;
let open: string;
let terminal: WebTerminal;
const people: Record<string, WebPerson> = {};
const person = (id: string): WebPerson => webPerson(world, bot.port, id);
const as = (name: string): WebPerson => people[name] ?? person('nobody');

beforeAll(async () => {
  world = await openWorld({
    policy: (policy) => {
      Object.assign(policy.targets.wiki, { reviewers: ['on-call', 'auditors'] });
      Object.assign(policy.groups, { auditors: { users: ['U0SEE'] } });
    },
    seed: (seed) => {
      Object.assign(seed, {
        people: [...(seed.people ?? []), { id: 'U0EVE', name: 'eve' }, { id: 'U0SEE', name: 'sam' }],
      });
    },
  });
  bot = await world.startBot();
  access = await activeAccess(world, '30m');
  for (const [name, id] of Object.entries({
    ana: 'U0ANA',
    lea: 'U0LEA',
    ben: 'U0BEN',
    out: 'U0OUT',
    guest: 'U0GUEST',
  })) {
    const one = person(id);
    await one.signIn();
    people[name] = one;
  }
  people.nobody = person('nobody');
  const first = as('ana').terminal(`/accesses/${access}/socket`);
  over = String((await first.untilNews('session')).id);
  await first.until(/\$ /);
  first.type(`echo '${markup}'\n`);
  await first.until(/133;C\W"><script>/);
  first.type('exit\n');
  await first.untilNews('over');
  await world.untilEntry(of(access, 'session.ended'));
  terminal = as('ana').terminal(`/accesses/${access}/socket`);
  open = String((await terminal.untilNews('session')).id);
  await terminal.until(/\$ /);
}, 60_000);
afterAll(() => world[Symbol.asyncDispose]());

type Raw = { readonly status: number; readonly headers: IncomingMessage['headers']; readonly text: string };

/** A request with a target just as it is written, which `fetch` would tidy up. */
async function raw(
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Raw> {
  const asked = request({ host: '127.0.0.1', port: bot.port, path, agent: false, ...options });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of answer) text += String(piece);
  return { status: answer.statusCode ?? 0, headers: answer.headers, text };
}

function cookieOf({ cookies }: WebPerson): string {
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
}

/** Begins to sign in and gives the address to which Slack sends the browser back. */
async function back(who: WebPerson, id: string, path = '/'): Promise<URL> {
  const sent = await who.get(path);
  expect(sent.status).toBe(303);
  return new URL(await world.slack.signIn(sent.headers.get('location') ?? '', id));
}

describe('signing in', () => {
  function expectRefused(page: Page, words: RegExp, who: WebPerson, status = 403): void {
    expect(page.text).toMatch(words);
    expect(page.status).toBe(status);
    expect(page.text).toContain('Sign in with Slack</a>');
    expect([...who.cookies.keys()].filter((name) => name.endsWith('session'))).toEqual([]);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  }

  it('ends where it was wanted, with cookies that scripts and other sites do not get', async () => {
    const who = person('U0ANA');
    const sent = await who.get(`/accesses/${access}`);
    const authorize = new URL(sent.headers.get('location') ?? '');
    expect(authorize.origin).toBe(world.slack.url);
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(authorize.searchParams.get(name)).toBeTruthy();
    expect(authorize.searchParams.get('code_challenge_method')).toBe('S256');
    expect(sent.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^prod-access-sign-in=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/),
    ]);
    const landed = await who.get(await world.slack.signIn(authorize.href, 'U0ANA'));
    expect(landed.headers.get('location')).toBe(`/accesses/${access}`);
    expect(landed.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^prod-access-sign-in=; Path=\/; HttpOnly; SameSite=Lax; Max-Age=0$/),
      expect.stringMatching(/^prod-access-session=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=28800$/),
    ]);
  });

  it('with a token that is wrong in any way is refused, and the page says what to do', async () => {
    const refusedWords = /does not fit the question[\s\S]*Nothing was opened\. Start again/;
    const bends = [
      { nonce: 'another' },
      { expiredBySeconds: 120 },
      { audience: 'another-app' },
      { issuer: 'https://evil.example' },
      { badSignature: true },
    ];
    for (const bend of bends) {
      const who = person('U0ANA');
      const address = await back(who, 'U0ANA');
      world.slack.bendIdToken(bend);
      expectRefused(await who.get(address.href), refusedWords, who);
    }
    const who = person('U0ANA');
    const address = await back(who, 'U0ANA');
    world.slack.bendIdToken({ teamId: 'T0OTHER' });
    expectRefused(
      await who.get(address.href),
      /another workspace[\s\S]*Sign in to the workspace in which/,
      who,
    );
  });

  it('with a state that is changed, left out or given twice is refused', async () => {
    for (const change of [
      (url: URL) => url.searchParams.set('state', 'another'),
      (url: URL) => url.searchParams.delete('state'),
      (url: URL) => url.searchParams.append('state', 'another'),
      (url: URL) => url.searchParams.set('code', 'another'),
      (url: URL) => url.searchParams.delete('code'),
      (url: URL) => url.searchParams.set('error', 'server_error'),
    ]) {
      const who = person('U0ANA');
      const address = await back(who, 'U0ANA');
      change(address);
      expectRefused(await who.get(address.href), /does not fit the question/, who);
    }
  });

  it('with a link that was used, or belongs to another browser, is refused', async () => {
    const who = person('U0ANA');
    const address = await back(who, 'U0ANA');
    const begun = new Map(who.cookies);
    expect((await who.get(address.href)).status).toBe(303);
    const later = person('U0ANA');
    expectRefused(await later.get(address.href), /too old, or was begun in another browser/, later);
    // Who kept the cookie too is refused by Slack, for a code is good once.
    for (const [name, value] of begun) later.cookies.set(name, value);
    expectRefused(await later.get(address.href), /does not fit the question/, later);
    // A link begun by somebody else, slipped to a victim who is signing in: their account is not exchanged.
    const [attacker, victim] = [person('U0OUT'), person('U0ANA')];
    const slipped = await back(attacker, 'U0OUT');
    await victim.get('/');
    expectRefused(await victim.get(slipped.href), /does not fit the question/, victim);
  });

  it('that is cancelled says so', async () => {
    const who = person('U0ANA');
    const sent = await who.get('/');
    const state = new URL(sent.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const page = await who.get(`/sign-in/callback?error=access_denied&state=${state}`);
    expectRefused(page, /You did not let Slack tell who you are/, who);
  });

  it('that came to nothing leads back to the page that was wanted', async () => {
    const who = person('U0ANA');
    const sent = await who.get(`/accesses/${access}/terminal`);
    const state = new URL(sent.headers.get('location') ?? '').searchParams.get('state') ?? '';
    const page = await who.get(`/sign-in/callback?error=access_denied&state=${state}`);
    expect(page.text).toContain(`href="/accesses/${access}/terminal">Sign in with Slack</a>`);
    // Without its cookie nobody knows.
    const other = await person('U0ANA').get(`/sign-in/callback?error=access_denied&state=${state}`);
    expect(other.text).toContain('href="/">Sign in with Slack</a>');
  });

  it('while Slack is away says so, and works again when it is back', async () => {
    const who = person('U0ANA');
    const address = await back(who, 'U0ANA');
    world.slack.down(true);
    const page = await who.get(address.href);
    world.slack.down(false);
    expectRefused(page, /Slack does not answer\. Try again/, who, 503);
    for (const fault of [{ status: 503 }, { drop: 'answer' }] as const) {
      const again = await back(who, 'U0ANA');
      world.slack.inject({ method: 'openid.connect.token', times: 1, ...fault });
      expectRefused(await who.get(again.href), /Slack does not answer\. Try again/, who, 503);
    }
    expect((await who.signIn()).status).toBe(200);
  });

  it('replaces whatever session was there before', async () => {
    const who = person('U0ANA');
    const planted = as('out').cookies.get('prod-access-session') ?? '';
    who.cookies.set('prod-access-session', planted);
    const address = await (async () => {
      const other = person('U0ANA');
      const url = await back(other, 'U0ANA');
      for (const [name, value] of other.cookies) who.cookies.set(name, value);
      return url;
    })();
    await who.get(address.href);
    expect(who.cookies.get('prod-access-session')).not.toBe(planted);
    expect((await who.get('/')).text).toContain('<span>ana</span>');
  });

  it('leads to no other site, and carries nothing into a header, whatever path was asked for', async () => {
    const tricks = [
      '//evil.example/accesses/x',
      '/\\evil.example/accesses/x',
      '/accesses/..//evil.example',
      '/accesses/%2e%2e//evil.example',
      '/accesses/%2f%2fevil.example',
      '/accesses/\\\\evil.example',
      '/accesses/x%0d%0aSet-Cookie:%20a=b',
      '/accesses/%00',
      '/accesses/@evil.example',
      '/accesses/x?to=https://evil.example',
      `/accesses/${'x'.repeat(8_000)}`,
      '/accesses/é',
    ];
    for (const trick of tricks) {
      const answer = await raw(trick).catch(() => undefined);
      if (answer === undefined) continue;
      expect([303, 400, 404]).toContain(answer.status);
      if (answer.status !== 303) continue;
      expect(new URL(answer.headers.location ?? '').origin).toBe(world.slack.url);
      const who = person('U0ANA');
      const [cookie = ''] = answer.headers['set-cookie'] ?? [];
      expect(cookie.length).toBeLessThan(4_096);
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      who.cookies.set(name, value);
      const address = await world.slack.signIn(answer.headers.location ?? '', 'U0ANA');
      const landed = await who.get(address);
      const to = landed.headers.get('location') ?? '';
      expect(to).toMatch(/^\/(accesses\/[\x21-\x7e]*)?$/);
      expect(new URL(to, 'http://us.example').origin).toBe('http://us.example');
      expect(landed.headers.getSetCookie().some((line) => line.startsWith('a='))).toBe(false);
    }
  });
});

describe('a session cookie', () => {
  it('that is changed, cut, made up or of another purpose is none', async () => {
    const good = as('ana').cookies.get('prod-access-session') ?? '';
    const begun = person('U0ANA');
    await begun.get('/');
    const other = begun.cookies.get('prod-access-sign-in') ?? '';
    const at = Math.floor(good.length / 2);
    const changed = good.slice(0, at) + (good[at] === 'A' ? 'B' : 'A') + good.slice(at + 1);
    for (const value of [changed, good.slice(0, -5), '', 'x', other, `${good}.x`, 'e30.e30.', '%00']) {
      const answer = await raw('/', { headers: { cookie: `prod-access-session=${value}` } });
      expect(answer.status).toBe(303);
    }
    expect((await raw('/', { headers: { cookie: `prod-access-session=${good}` } })).status).toBe(200);
  });

  it('is good for nothing once its person signed out, whoever has a copy and wherever', async () => {
    const [who, elsewhere, thief] = [person('U0EVE'), person('U0EVE'), person('U0EVE')];
    await who.signIn();
    await elsewhere.signIn();
    for (const [name, value] of who.cookies) thief.cookies.set(name, value);
    expect((await thief.get('/')).status).toBe(200);
    const answer = await who.post('/sign-out');
    expect([answer.status, /signed out, in every browser/.test(answer.text)]).toEqual([200, true]);
    expect([...who.cookies]).toEqual([]);
    for (const one of [thief, elsewhere]) {
      for (const path of ['/', `/accesses/${access}`, `/accesses/${access}/sessions/${over}`])
        expect([path, (await one.get(path)).status]).toEqual([path, 303]);
      expect((await one.post(`/accesses/${access}/revoke`)).status).toBe(401);
      const socket = one.terminal(`/accesses/${access}/socket`);
      expect((await socket.untilNews('over')).why).toMatch(/not signed in any more/);
    }
    // Nor does it end what its person signs in to later.
    await who.signIn();
    expect((await thief.post('/sign-out')).text).toContain('You are not signed in here');
    expect((await who.get('/')).status).toBe(200);
  });

  it('of somebody else, and one signed in again, is as good as before', async () => {
    const who = person('U0EVE');
    await who.signIn();
    await who.post('/sign-out');
    expect((await as('out').get('/')).status).toBe(200);
    expect((await who.signIn()).status).toBe(200);
  });
});

describe('who sees what', () => {
  const names = ['ana', 'lea', 'ben', 'out', 'guest', 'nobody'] as const;

  it('is the same on every road to it', async () => {
    const roads: readonly (readonly [string, ...number[]])[] = [
      ['/', 200, 200, 200, 200, 403, 303],
      [`/accesses/${access}`, 200, 200, 200, 404, 403, 303],
      [`/accesses/${access}/terminal`, 200, 403, 403, 404, 403, 303],
      [`/accesses/${access}/terminal?session=${open}`, 200, 403, 403, 404, 403, 303],
      [`/accesses/${access}/sessions/${over}`, 200, 200, 200, 404, 403, 303],
      [`/accesses/${access}/sessions/${over}/cast`, 404, 404, 404, 404, 403, 303],
      [`/accesses/${access}/sessions/${over}/find?text=a`, 404, 404, 404, 404, 403, 303],
      [`/accesses/${access}/sessions/${open}/live`, 200, 200, 200, 404, 403, 303],
      [`/accesses/${access}/sessions/${over}/live`, 403, 403, 403, 404, 403, 303],
      [`/accesses/${access}/sessions/ses_aaaaaaaaaaaaaaaa`, 404, 404, 404, 404, 403, 303],
      [`/accesses/${access}/sessions/..%2f..%2fx`, 404, 404, 404, 404, 403, 303],
      [`/accesses/${access}/elsewhere`, 404, 404, 404, 404, 403, 303],
      [`/accesses/${unknown}`, 404, 404, 404, 404, 403, 303],
      [`/accesses/${unknown}/sessions/${over}`, 404, 404, 404, 404, 403, 303],
      ['/accesses/__proto__', 404, 404, 404, 404, 403, 303],
      ['/nothing', 404, 404, 404, 404, 404, 404],
    ];
    for (const [path, ...statuses] of roads) {
      const seen = await Promise.all(names.map(async (name) => (await as(name).get(path)).status));
      expect([path, ...seen]).toEqual([path, ...statuses]);
    }
  });

  it('what is not for somebody reads to the byte like what is not there', async () => {
    const bare = (page: Page): unknown => [
      page.status,
      page.text,
      [...page.headers].filter(([name]) => name !== 'date'),
    ];
    for (const path of ['', '/terminal', `/sessions/${over}`, `/sessions/${open}/live`]) {
      const [theirs, none] = await Promise.all([
        as('out').get(`/accesses/${access}${path}`),
        as('out').get(`/accesses/${unknown}${path}`),
      ]);
      expect(bare(theirs)).toEqual(bare(none));
    }
    const [theirs, none] = await Promise.all([
      as('out').post(`/accesses/${access}/revoke`),
      as('out').post(`/accesses/${unknown}/revoke`),
    ]);
    expect(bare(theirs)).toEqual(bare(none));
    const [guests, nones] = await Promise.all([
      as('guest').get(`/accesses/${access}`),
      as('guest').get(`/accesses/${unknown}`),
    ]);
    expect(bare(guests)).toEqual(bare(nones));
    expect((await as('out').get('/')).text).not.toContain(access);
    expect((await as('guest').get('/')).text).not.toContain(access);
    expect((await as('ben').get('/')).text).toContain(access);
  });

  it('whoever is refused reads who they are signed in as, can sign out, and is led to what they may see', async () => {
    const here = `href="/accesses/${access}"`;
    const shown = async (name: string, path: string, ...words: (string | RegExp)[]): Promise<void> => {
      const { text } = await as(name).get(path);
      expect(text).toMatch(new RegExp(`<span>${name}</span> <button[^>]*>Sign out</button>`));
      for (const each of words) expect(text).toMatch(each);
    };
    const terminalPath = `/accesses/${access}/terminal`;
    await shown(
      'lea',
      terminalPath,
      '<h1>This terminal is ana’s</h1>',
      /signed in as lea\. You may watch/,
      here,
    );
    await shown(
      'ben',
      terminalPath,
      '<h1>This terminal is ana’s</h1>',
      /signed in as ben\. You may watch/,
      here,
    );
    await shown(
      'lea',
      `/accesses/${access}/sessions/${over}/live`,
      /page of the access shows its replay/,
      here,
    );
    await shown('out', `/accesses/${access}`, '<h1>Nothing here</h1>', /signed in as out\./);
    await shown('out', '/nothing', '<h1>Nothing here</h1>', /signed in as out\./);
    await shown('guest', '/', /Guests can neither ask nor decide/, /signed in as guest\./);
    const pressed = (await as('lea').post(`/accesses/${access}/done`)).text;
    expect(pressed).toMatch('<h1>This access is ana’s</h1>');
    expect(pressed).toMatch(/signed in as lea\. Only ana can/);
    expect(pressed).toMatch(here);
    expect((await as('ben').post(`/accesses/${access}/revoke`)).text).toMatch(here);
    for (const path of [terminalPath, `/accesses/${unknown}`])
      expect((await as('out').get(path)).text).not.toMatch(/ana|href="\/accesses\/acc/);
  });

  it('past accesses are found by those who review them, and by nobody else', async () => {
    const past = await activeAccess(world);
    await as('ana').post(`/accesses/${past}/done`);
    await world.untilEntry(of(past, 'access.revoked'));
    const listed = async (name: string): Promise<readonly boolean[]> => {
      const [before = '', after = ''] = (await as(name).get('/')).text.split('Over, for you to review');
      return [before.includes(past), after.includes(past)];
    };
    expect(await listed('lea')).toEqual([false, true]);
    expect(await listed('ben')).toEqual([false, true]);
    expect(await listed('ana')).toEqual([true, false]);
    expect(await listed('out')).toEqual([false, false]);
  });

  it('a wrong address answers with a page, signed in or not', async () => {
    const html = /^<!doctype html>[\s\S]*<h1>Nothing here<\/h1>/;
    for (const path of ['/nothing', '/assets/nothing.js', '/favicon.ico', '//evil.example/']) {
      const answer = await raw(path);
      expect([path, answer.status, html.test(answer.text)]).toEqual([path, 404, true]);
      expect(answer.text).not.toContain('Sign out');
    }
    expect((await raw('/nothing', { method: 'POST' })).text).toMatch(html);
  });

  it('that somebody asked for what is not theirs is on the record, and not a hundred times', async () => {
    await Promise.all(Array.from({ length: 100 }, () => as('out').get(`/accesses/${access}`)));
    const refused = (await world.entries()).filter(
      (entry) => entry.access === access && entry.action === 'access.refused',
    );
    const said = (id: string): unknown[] =>
      refused
        .filter(({ actor }) => actor.id === id)
        .map(({ details }) => `${details.doing}: ${details.code}`);
    expect(said('U0OUT').sort()).toEqual(['look: no-such-access', 'revoke: no-such-access']);
    expect(said('U0GUEST')).toEqual(['look: ineligible']);
    expect(said('U0LEA').sort()).toEqual(['done: not-yours', 'terminal: not-yours']);
  });

  it('who was deactivated sees nothing any more, although the cookie is good', async () => {
    const leo = person('U0LEO');
    const back_ = await back(leo, 'U0LEO');
    await leo.get(back_.href);
    world.slack.amend('U0LEO', { deleted: true });
    for (const path of ['/', `/accesses/${access}`, `/accesses/${unknown}`]) {
      const page = await leo.get(path);
      expect([page.status, /Your account is deactivated/.test(page.text)]).toEqual([403, true]);
    }
    expect((await leo.post(`/accesses/${access}/revoke`)).status).toBe(403);
    const socket = leo.terminal(`/accesses/${access}/socket?session=${open}`);
    expect((await socket.untilNews('over')).why).toBe('Your account is deactivated.');
  });
});

describe('a replay', () => {
  const ticketIn = (page: Page): string => /cast\?ticket=([^"]+)"/.exec(page.text)?.[1] ?? '';

  it('is fetched with the ticket of a page that was opened, by whom, of what, and put on the record', async () => {
    const before = (await world.entries()).filter(({ action }) => action === 'session.viewed').length;
    const cast = `/accesses/${access}/sessions/${over}/cast`;
    const ticket = ticketIn(await as('lea').get(`/accesses/${access}/sessions/${over}`));
    expect((await as('lea').get(`${cast}?ticket=${ticket}`)).status).toBe(200);
    expect((await world.entries()).filter(({ action }) => action === 'session.viewed').length).toBe(
      before + 1,
    );
    const [until = '', mac = ''] = ticket.split('.');
    const bad = [
      '',
      'x',
      `${until}.`,
      `${until}.${'0'.repeat(64)}`,
      `${Number(until) + 1}.${mac}`,
      `${until}e0.${mac}`,
      `0.${mac}`,
      `Infinity.${mac}`,
      `${ticket}x`,
    ];
    for (const each of bad)
      expect([each, (await as('lea').get(`${cast}?ticket=${encodeURIComponent(each)}`)).status]).toEqual([
        each,
        404,
      ]);
    // Another person's, and another recording's.
    for (const name of ['ana', 'ben', 'out'])
      expect((await as(name).get(`${cast}?ticket=${ticket}`)).status).toBe(404);
    const elsewhere = `/accesses/${access}/sessions/${open}/cast?ticket=${ticket}`;
    expect((await as('lea').get(elsewhere)).status).toBe(404);
    expect((await as('nobody').get(`${cast}?ticket=${ticket}`)).status).toBe(303);
  });

  it('is opened so many times in a minute, and so is a live view; the others leave one entry each', async () => {
    const roads = [
      [`/accesses/${access}/sessions/${over}`, 'replay'],
      [`/accesses/${access}/socket?session=${open}`, 'watch'],
    ] as const;
    const about = async (what: string, doing?: string): Promise<number> =>
      (await world.entries()).filter(
        ({ action, actor, details }) =>
          action === what && actor.id === 'U0SEE' && (doing === undefined || details.doing === doing),
      ).length;
    const sam = person('U0SEE');
    await sam.signIn();
    for (const [path, doing] of roads) {
      const before = await about('session.viewed');
      if (doing === 'replay') {
        // One after the other: of those at once, most would only be told to wait.
        const pages: Page[] = [];
        for (let n = 0; n < 45; n += 1) pages.push(await sam.get(path));
        expect(pages.filter(({ status }) => status === 200)).toHaveLength(30);
        const [late] = pages.filter(({ status }) => status !== 200);
        expect([late?.status, /30 times in a minute/.test(late?.text ?? '')]).toEqual([429, true]);
        expect(late?.text).not.toContain('ticket');
      } else {
        const sockets = Array.from({ length: 45 }, () => sam.terminal(path));
        const first = await Promise.all(
          sockets.map(async (each) => {
            await expect.poll(() => each.news.length, { timeout: 20_000 }).toBeGreaterThan(0);
            return each.news[0]?.type;
          }),
        );
        expect(first.filter((type) => type === 'session')).toHaveLength(30);
        for (const each of sockets) each.close();
      }
      expect([doing, (await about('session.viewed')) - before]).toEqual([doing, 30]);
      expect([doing, await about('access.refused', doing)]).toEqual([doing, 1]);
    }
  });

  it('shows commands, names and reasons as text', async () => {
    const page = await as('ana').get(`/accesses/${access}/sessions/${over}`);
    expect(page.text).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page.text).not.toContain('<script>alert');
    const ticket = ticketIn(page);
    const find = `/accesses/${access}/sessions/${over}/find?ticket=${ticket}&text=${encodeURIComponent('<script>')}`;
    const found = await as('ana').get(find);
    expect(found.headers.get('content-type')).toMatch(/^application\/json/);
    expect(found.headers.get('x-content-type-options')).toBe('nosniff');
    expect(JSON.parse(found.text)).not.toEqual([]);
  });
});

describe('a button', () => {
  it('is pressed by the page of the one who may, and by nobody else', async () => {
    const other = 'https://evil.example';
    const origin = `http://127.0.0.1:${bot.port}`;
    const presses: readonly (readonly [string, string, Record<string, string>, number])[] = [
      ['ana', 'done', {}, 403],
      ['ana', 'done', { origin: other }, 403],
      ['ana', 'done', { origin: 'null' }, 403],
      ['ana', 'done', { origin: `${origin}.evil.example` }, 403],
      ['ana', 'done', { origin: origin.toUpperCase() }, 403],
      ['lea', 'revoke', {}, 403],
      ['lea', 'revoke', { origin: other, referer: `${origin}/` }, 403],
      ['lea', 'done', { origin }, 403],
      ['ben', 'done', { origin }, 403],
      ['ben', 'revoke', { origin }, 403],
      ['out', 'done', { origin }, 404],
      ['out', 'revoke', { origin }, 404],
      ['guest', 'done', { origin }, 403],
      ['guest', 'revoke', { origin }, 403],
      ['nobody', 'done', { origin }, 401],
      ['nobody', 'revoke', { origin }, 401],
    ];
    for (const [name, what, headers, status] of presses) {
      const page = await as(name).post(`/accesses/${access}/${what}`, headers);
      expect([name, what, headers, page.status]).toEqual([name, what, headers, status]);
    }
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])
      for (const path of [
        `/accesses/${access}/done`,
        `/accesses/${access}`,
        '/',
        '/sign-out',
        '/assets/pages.css',
      ])
        expect((await raw(path, { method, headers: { cookie: cookieOf(as('ana')), origin } })).status).toBe(
          404,
        );
    for (const path of [`/accesses/${access}/done`, `/accesses/${access}/revoke`])
      expect((await as('ana').get(path)).status).toBe(404);
    expect((await as('ana').post('/sign-out', { origin: other })).status).toBe(403);
    expect((await as('ana').get(`/accesses/${access}`)).text).toContain('<dd>active</dd>');
    expect(terminal.news.some(({ type }) => type === 'over')).toBe(false);
  });

  it('ends the access for its requester, and revokes it for an approver, once', async () => {
    const mine = await activeAccess(world, '30m');
    const done = await as('ana').post(`/accesses/${mine}/done`);
    expect([done.status, done.headers.get('location')]).toEqual([303, `/accesses/${mine}`]);
    expect((await world.untilEntry(of(mine, 'access.ending'))).actor.id).toBe('U0ANA');
    expect((await as('ana').post(`/accesses/${mine}/done`)).status).toBe(403);
    expect((await as('lea').post(`/accesses/${mine}/revoke`)).text).toMatch(/Nothing was done/);
    // Whoever goes on pressing is refused, and does not fill the trail.
    const presses = await Promise.all(
      Array.from({ length: 60 }, () => as('lea').post(`/accesses/${mine}/revoke`)),
    );
    expect(presses.filter(({ status }) => status === 403)).toHaveLength(29);
    expect(presses.filter(({ status }) => status === 429)).toHaveLength(31);
    const refused = (await world.entries()).filter(
      (entry) => of(mine, 'access.refused')(entry) && entry.details.doing === 'revoke',
    );
    expect(refused.map(({ details }) => details.code).sort()).toEqual([
      'too-many-attempts',
      ...Array<string>(30).fill('wrong-state'),
    ]);
  });

  it('carries why an access is revoked, cleaned and bounded as in Slack', async () => {
    const cleaned = await activeAccess(world);
    const fields = { why: `  the laptop\u202e was\r\n stolen <b>${'試'.repeat(1_000)}` };
    expect((await as('lea').submit(`/accesses/${cleaned}/revoke`, fields)).status).toBe(303);
    const { actor, details } = await world.untilEntry(of(cleaned, 'access.ending'));
    expect([actor.id, details.cause]).toEqual(['U0LEA', 'revoked']);
    expect(details.why).toBe(`the laptop was stolen <b>${'試'.repeat(1_000)}`.slice(0, 1_000));
    const bare = await activeAccess(world);
    expect((await as('lea').submit(`/accesses/${bare}/revoke`, { why: '  ' })).status).toBe(303);
    expect((await world.untilEntry(of(bare, 'access.ending'))).details).toEqual({ cause: 'revoked' });
  });

  it('does nothing for a form that is none, or longer than any of ours', async () => {
    const plain = { origin: `http://127.0.0.1:${bot.port}`, 'content-type': 'text/plain' };
    expect((await as('lea').post(`/accesses/${access}/revoke`, plain)).status).toBe(413);
    const long = await as('lea').submit(`/accesses/${access}/revoke`, { why: 'x'.repeat(20_000) });
    expect(long.status).toBe(413);
    expect(terminal.news.some(({ type }) => type === 'over')).toBe(false);
  });
});

describe('every answer', () => {
  it('carries the security headers, whatever it is', async () => {
    const { cookies } = as('ana');
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const asked: readonly (readonly [
      string,
      { method?: string; headers?: Record<string, string> },
      number,
    ])[] = [
      ['/', {}, 303],
      ['/', { headers: { cookie } }, 200],
      ['/', { method: 'HEAD', headers: { cookie } }, 200],
      [`/accesses/${access}`, { headers: { cookie } }, 200],
      [`/accesses/${access}/terminal`, { headers: { cookie } }, 200],
      [`/accesses/${access}/sessions/${over}`, { headers: { cookie } }, 200],
      [`/accesses/${unknown}`, { headers: { cookie } }, 404],
      ['/accesses/', {}, 303],
      ['/sign-in/callback', {}, 403],
      ['/sign-in/callback?code=a&state=b', {}, 403],
      ['/sign-out', { method: 'POST' }, 403],
      ['/assets/pages.css', {}, 200],
      ['/assets/terminal.js', {}, 200],
      ['/assets/player.js', { method: 'HEAD' }, 200],
      ['/assets/nothing.js', {}, 404],
      ['/assets/../cookies.ts', {}, 404],
      ['/assets/..%2fcookies.ts', {}, 404],
      ['/assets/__proto__', {}, 404],
      ['/healthz', {}, 200],
      ['/readyz', {}, 200],
      ['/metrics', {}, 200],
      ['/nothing', {}, 404],
      ['/nothing', { method: 'POST' }, 404],
      ['//', {}, 404],
      ['//evil.example/', {}, 404],
      ['/[', {}, 404],
      ['*', { method: 'OPTIONS' }, 400],
      ['http://evil.example/accesses/x', {}, 400],
    ];
    for (const [path, options, status] of asked) {
      const { headers, ...answer } = await raw(path, options);
      expect([path, answer.status]).toEqual([path, status]);
      const policy = String(headers['content-security-policy']);
      expect([path, policy]).toEqual([path, expect.stringContaining("default-src 'none'")]);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/script-src[^;]*'unsafe-(inline|eval)'/);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['x-frame-options']).toBe('DENY');
      expect(headers['referrer-policy']).toBe('same-origin');
      expect(headers['cross-origin-opener-policy']).toBe('same-origin');
      if (!path.startsWith('/assets/')) expect(headers['cache-control']).toBe('no-store');
      expect(headers['access-control-allow-origin']).toBeUndefined();
      if (/<script/.test(answer.text)) expect(answer.text).not.toMatch(/<script(?![^>]*\ssrc=)/);
      expect(answer.text).not.toMatch(/\son[a-z]+=|style="/);
    }
  });

  it('is there for health, metrics and Slack as before', async () => {
    expect((await raw('/healthz')).text).toBe('alive\n');
    expect(JSON.parse((await raw('/readyz')).text)).toMatchObject({ ready: true });
    expect((await raw('/metrics')).text).toContain('prod_access');
    const unsigned = await raw('/slack/events', { method: 'POST' });
    expect(unsigned.status).toBeGreaterThanOrEqual(400);
  });
});

describe('what is no request at all', () => {
  async function sent(bytes: string, resetAtOnce = false): Promise<string> {
    const socket = connect(bot.port, '127.0.0.1');
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(bytes, 'latin1', () => {
      if (resetAtOnce) socket.resetAndDestroy();
      else socket.end();
    });
    await closed;
    return text;
  }
  const upgrade = (target: string, more = ''): string =>
    `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${more}\r\n`;

  it('ends nothing but itself', async () => {
    const targets = ['//', '/[', '/\\', '*', 'http://[', 'http://evil.example/x', '/accesses/%', '/nothing'];
    const socketPath = `/accesses/${access}/socket`;
    for (const target of [...targets, socketPath, `/accesses/${unknown}/socket`]) {
      await sent(upgrade(target));
      await sent(upgrade(target), true);
      await sent(upgrade(target, `Origin: http://127.0.0.1:${bot.port}\r\n`));
      await sent(upgrade(target, `Origin: http://127.0.0.1:${bot.port}\r\n`), true);
      await sent(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`, true);
    }
    // Refused, and gone before the answer: a hundred times, for it is a race.
    await Promise.all(Array.from({ length: 100 }, () => sent(upgrade(socketPath, 'Origin: null\r\n'), true)));
    await sent(`GET /accesses/x\0 HTTP/1.1\r\nHost: x\r\n\r\n`);
    await sent('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03');
    await sent(`GET / HTTP/1.1\r\nHost: x\r\ncookie: ${'a'.repeat(100_000)}\r\n\r\n`);
    expect(bot.child.exitCode).toBeNull();
    expect((await raw('/healthz')).status).toBe(200);
    expect(terminal.news.some(({ type }) => type === 'over')).toBe(false);
  });
});

describe('when the world is away', () => {
  it('what needs Slack says so, and who is known is served on', async () => {
    const unseen = person('U0SEC');
    const address = await back(unseen, 'U0SEC');
    await unseen.get(address.href);
    world.slack.down(true);
    try {
      const page = await unseen.get(`/accesses/${access}`);
      expect([page.status, /Slack could not be asked/.test(page.text)]).toEqual([503, true]);
      expect((await as('ana').get(`/accesses/${access}`)).status).toBe(200);
      expect((await as('out').get(`/accesses/${access}`)).status).toBe(404);
    } finally {
      world.slack.down(false);
    }
  });

  it('what needs Redis says so on a page, and comes back with it', async () => {
    const who = person('U0EVE');
    await who.signIn();
    await world.redis.kill();
    const page = await as('ana').get(`/accesses/${access}`);
    const left = await who.post('/sign-out');
    await world.redis.start();
    expect([page.status, /Try again in a moment/.test(page.text)]).toEqual([503, true]);
    expect(page.text).not.toMatch(/ECONN|Redis/);
    // Whoever wants to leave does, here; that copies are still good is said.
    expect([left.status, left.text.includes('a copy of its cookie')]).toEqual([503, true]);
    expect([...who.cookies]).toEqual([]);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    await expect
      .poll(async () => (await as('ana').get(`/accesses/${access}`)).status, { timeout: 10_000 })
      .toBe(200);
  });
});

it('a name of markup is text on every page, also to the one who is watched', async () => {
  const eve = person('U0BEN');
  expect((await eve.signIn()).text).toContain('<span>ben</span>');
  world.slack.amend('U0BEN', { real_name: `Ben ${markup}` });
  const named = person('U0BEN');
  const page = await named.signIn();
  expect(page.text).toContain('<span>Ben &quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;</span>');
  const watching = named.terminal(`/accesses/${access}/socket?session=${open}`);
  await watching.untilNews('session');
  await expect.poll(async () => (await terminal.untilNews('watched')).names).toEqual([`Ben ${markup}`]);
  const trail = await as('ana').get(`/accesses/${access}`);
  expect(trail.text).not.toContain('<script>alert');
  watching.close();
});
