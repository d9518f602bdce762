/**
 * Terminals under attack, over the real parts: whoever may not, whatever is malformed, too big or too fast, whoever does
 * not read or does not go. It is refused or contained, the bot's memory stays bounded, and others do not notice.
 */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type WebPerson, type WebTerminal, webPerson } from '../support/web-person.ts';
import { approveAsLea, of } from '../support/wiki-life.ts';
import { type Bot, openWorld, type World } from '../support/world.ts';

let world: World;
let bot: Bot;
let ana: WebPerson;
let lea: WebPerson;
let out: WebPerson;
/** Active for all of this; its terminal must stay responsive whatever others do. */
let calm: string;
let calmTerminal: WebTerminal;

beforeAll(async () => {
  world = await openWorld({
    policy: (policy) => {
      const { wiki } = policy.targets;
      Object.assign(policy.targets, { quick: { ...wiki, sandbox: { ...wiki.sandbox, idle: '2s' } } });
    },
  });
  bot = await world.startBot();
  [ana, lea, out] = ['U0ANA', 'U0LEA', 'U0OUT'].map((id) => webPerson(world, bot.port, id)) as [
    WebPerson,
    WebPerson,
    WebPerson,
  ];
  await Promise.all([ana.signIn(), lea.signIn(), out.signIn()]);
  calm = await activeAccess();
  calmTerminal = ana.terminal(`/accesses/${calm}/socket`);
  await calmTerminal.until(/\$ /);
}, 60_000);
afterAll(() => world[Symbol.asyncDispose]());

async function activeAccess(target = 'wiki'): Promise<string> {
  const before = (await world.entries()).length;
  const words = `${target} 30m it is down and must be read`;
  await world.slack.human.command('U0ANA', 'C0GENERAL', '/prod-access', words);
  const { access = '' } = await world.untilEntry(
    (entry) => entry.action === 'access.requested' && entry.seq > before,
  );
  await approveAsLea(world, access);
  await world.untilEntry(of(access, 'access.active'));
  return access;
}

const mib = 1024 * 1024;
/** What garbage that nobody has collected yet may look like. */
const noise = 100 * mib;

function memory(): number {
  const status = readFileSync(`/proc/${bot.child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
}

/** Runs `work` and gives by how much the bot's memory grew at most meanwhile. */
async function growth(what: string, work: () => Promise<void>): Promise<number> {
  const before = memory();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, memory());
  }, 50);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  const grown = Math.max(most, memory()) - before;
  process.stdout.write(
    `${what}: the bot grew by ${Math.round(grown / mib)} MiB to ${Math.round(most / mib)} MiB\n`,
  );
  return grown;
}

let echoes = 0;
/** Milliseconds from a keystroke in the calm terminal to its echo. */
async function echo(): Promise<number> {
  echoes += 1;
  const begun = performance.now();
  calmTerminal.type(`echo $((${echoes} + 100000))\n`);
  await calmTerminal.until(new RegExp(`\\W${echoes + 100_000}\\r`));
  return performance.now() - begun;
}

/** A client that does only what it is told to: it acknowledges nothing by itself. */
async function client(
  path: string,
  who = ana,
  headers?: Record<string, string>,
): Promise<WebSocket & { seen: () => number; session: () => string }> {
  const cookie = [...who.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const origin = `http://127.0.0.1:${bot.port}`;
  const socket = new WebSocket(`ws://127.0.0.1:${bot.port}${path}`, {
    headers: { cookie, origin, ...headers },
  });
  let seen = 0;
  let session = '';
  socket.on('error', () => {});
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) seen += data.length;
    else session = /"id":"(\w+)"/.exec(data.toString())?.[1] ?? session;
  });
  await once(socket, 'open');
  return Object.assign(socket, { seen: () => seen, session: () => session });
}

async function shellOf(access: string): Promise<WebTerminal> {
  const terminal = ana.terminal(`/accesses/${access}/socket`);
  await terminal.until(/\$ /);
  return terminal;
}

const idOf = async (terminal: WebTerminal): Promise<string> =>
  String((await terminal.untilNews('session')).id);

function untilWatchedBy(terminal: WebTerminal, names: readonly string[]): Promise<void> {
  return vi.waitFor(async () => expect(await terminal.untilNews('watched')).toMatchObject({ names }));
}

/** The code with which a socket closed. */
async function closed(socket: WebSocket): Promise<number> {
  if (socket.readyState === WebSocket.CLOSED) return 0;
  const [code] = await once(socket, 'close');
  return Number(code);
}

describe('who may not', () => {
  it('from another site is refused before anything is opened, and it is on the record', async () => {
    for (const origin of ['https://evil.example', 'null', '', `http://127.0.0.1:${bot.port}.evil.example`]) {
      const socket = new WebSocket(`ws://127.0.0.1:${bot.port}/accesses/${calm}/socket`, {
        headers: { cookie: [...ana.cookies].map((pair) => pair.join('=')).join('; '), origin },
      });
      socket.on('error', () => {});
      const [, answer] = await once(socket, 'unexpected-response');
      expect(answer.statusCode).toBe(403);
      answer.destroy();
    }
    const refused = await world.untilEntry(
      (entry) => entry.access === calm && entry.details.code === 'from-elsewhere',
    );
    expect(refused).toMatchObject({
      action: 'access.refused',
      actor: { id: 'U0ANA' },
      details: { doing: 'terminal' },
    });
  });

  it('is told so in words: no cookie, another person, no such access or session, not active', async () => {
    const other = await activeAccess('quick');
    const calmSession = await idOf(calmTerminal);
    const nobody = webPerson(world, bot.port, 'nobody');
    const tries: readonly (readonly [WebPerson, string, RegExp])[] = [
      [nobody, `/accesses/${calm}/socket`, /not signed in any more/],
      [out, `/accesses/${calm}/socket`, /There is no access/],
      [out, `/accesses/${calm}/socket?session=${calmSession}`, /There is no access/],
      [ana, '/accesses/acc_aaaaaaaaaaaaaaaa/socket', /There is no access/],
      [lea, `/accesses/${calm}/socket`, /not open here any more/],
      [lea, `/accesses/${calm}/socket?session=ses_aaaaaaaaaaaaaaaa`, /not open here any more/],
      [lea, `/accesses/${other}/socket?session=${calmSession}`, /not open here any more/],
      [lea, `/accesses/${calm}/socket?session=../${calmSession}`, /not open here any more/],
    ];
    for (const [who, path, words] of tries) {
      const terminal = who.terminal(path);
      expect((await terminal.untilNews('over')).why).toMatch(words);
      expect(await terminal.closed).toBe(1000);
      expect(terminal.shown()).toBe('');
    }
    // The requester who names another access's session gets one of their own.
    const mixed = ana.terminal(`/accesses/${other}/socket?session=${calmSession}`);
    expect(await idOf(mixed)).not.toBe(calmSession);
    expect((await lea.post(`/accesses/${other}/revoke`)).status).toBe(303);
    await mixed.untilNews('over');
    const late = ana.terminal(`/accesses/${other}/socket`);
    expect((await late.untilNews('over')).why).toMatch(/Nothing was done: it (is being revoked|is over)/);
    const said = (await world.entries()).filter(({ action }) => action === 'access.refused');
    expect(said.find(({ access, actor }) => access === calm && actor.id === 'U0OUT')).toMatchObject({
      details: { doing: 'terminal', code: 'no-such-access' },
    });
    expect(said.find(({ access }) => access === other)).toMatchObject({
      actor: { id: 'U0ANA' },
      details: { doing: 'terminal', code: 'wrong-state' },
    });
  });

  it('cannot type, resize or stay as a watcher by saying so', async () => {
    const session = await idOf(calmTerminal);
    const watching = await client(`/accesses/${calm}/socket?session=${session}&writes=yes`, lea);
    watching.send(Buffer.from('echo intruder\n'));
    watching.send(JSON.stringify({ type: 'resize', cols: 7, rows: 7 }));
    await echo();
    expect(calmTerminal.shown()).not.toContain('intruder');
    calmTerminal.type('stty size\n');
    await calmTerminal.until(/\W24 80\r/);
    watching.close();
  });
});

describe('what is malformed', () => {
  it('ends its own connection, and the session goes on', async () => {
    const access = await activeAccess();
    const terminal = await shellOf(access);
    const path = `/accesses/${access}/socket?session=${await idOf(terminal)}`;
    const texts = [
      '{"type":"resize","cols":1000000000,"rows":24}',
      '{"type":"resize","cols":80.5,"rows":24}',
      '{"type":"resize","cols":-80,"rows":24}',
      '{"type":"resize","cols":0,"rows":0}',
      '{"type":"resize","cols":1e400,"rows":24}',
      '{"type":"resize","cols":"80; reboot","rows":24}',
      '{"type":"resize","cols":80,"rows":24,"more":1}',
      '{"type":"resize"}',
      '{"type":"taken","bytes":-1}',
      '{"type":"taken","bytes":1e99}',
      '{"type":"over","why":"x"}',
      '{"type":"__proto__"}',
      '{"__proto__":{"type":"taken"}}',
      '{',
      '',
      'null',
      '[]',
      `${'['.repeat(30_000)}`,
      '\u0000',
    ];
    for (const text of texts) {
      const socket = await client(path);
      socket.send(text);
      expect([text.slice(0, 60), await closed(socket)]).toEqual([text.slice(0, 60), 1008]);
    }
    const big = await client(path);
    big.send(Buffer.alloc(70 * 1024, 'x'));
    expect(await closed(big)).toBe(1009);
    const pieces = await client(path);
    for (let at = 0; at < 20; at += 1) pieces.send(Buffer.alloc(16 * 1024, 'x'), { fin: false });
    expect(await closed(pieces)).toBe(1009);
    const badText = await client(path);
    badText.send(Buffer.from([0xff, 0xfe, 0xfd]), { binary: false });
    expect(await closed(badText)).toBe(1007);
    terminal.type('stty size; echo "still "here\n');
    await terminal.until(/24 80\r\nstill here/);
    expect(bot.child.exitCode).toBeNull();
  });

  it('after a good handshake ends its own connection', async () => {
    const cookie = [...ana.cookies].map((pair) => pair.join('=')).join('; ');
    for (let at = 0; at < 30; at += 1) {
      const socket = connect(bot.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.resume();
      socket.write(
        `GET /accesses/${calm}/socket?session=${await idOf(calmTerminal)} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nOrigin: http://127.0.0.1:${bot.port}\r\nCookie: ${cookie}\r\n\r\n`,
      );
      // The first bytes of these are no frame: a reserved bit, a reserved opcode, or no mask.
      socket.write(Buffer.concat([Buffer.of([0xf1, 0x83, 0x82][at % 3] ?? 0, at), randomBytes(1_000)]));
      await once(socket, 'close');
    }
    await echo();
    expect(bot.child.exitCode).toBeNull();
  });

  it('in what is typed reaches the shell, and nothing else', async () => {
    const access = await activeAccess();
    const terminal = await shellOf(access);
    terminal.type('stty raw -echo; echo ready; head -c 200000 | sha256sum; stty sane\n');
    await terminal.until(/\Wready\r?\n/);
    const garbage = randomBytes(200_000);
    const socket = await client(`/accesses/${access}/socket?session=${await idOf(terminal)}`);
    for (let at = 0; at < garbage.length; at += 777) socket.send(garbage.subarray(at, at + 777));
    const [, digest] = await terminal.until(/([0-9a-f]{64})/);
    expect(digest).toBe(createHash('sha256').update(garbage).digest('hex'));
    socket.close();
  });
});

describe('what is too much', () => {
  it('typed at full speed, is taken as fast as the shell takes it, and nothing of it is lost', async () => {
    const access = await activeAccess();
    const terminal = await shellOf(access);
    terminal.type('stty -echo; echo ready; cat | sha256sum\n');
    await terminal.until(/\Wready\r?\n/);
    const paste = Buffer.from(`${randomBytes(24).toString('hex')}${'x'.repeat(15)}\n`.repeat(mib / 64));
    for (let at = 0; at < paste.length; at += 16_384) terminal.send(paste.subarray(at, at + 16_384));
    terminal.type('\x04');
    const [, digest] = await terminal.until(/([0-9a-f]{64})/);
    expect(digest).toBe(createHash('sha256').update(paste).digest('hex'));
  });

  it('pasted, 50 MB into a shell that reads, is no matter of memory, and others do not wait', async () => {
    const access = await activeAccess();
    const terminal = await shellOf(access);
    terminal.type('stty -echo; echo ready; cat >/dev/null; echo "all "read\n');
    await terminal.until(/\Wready\r?\n/);
    const socket = await client(`/accesses/${access}/socket?session=${await idOf(terminal)}`);
    const line = Buffer.from(`${'y'.repeat(63)}\n`.repeat(256));
    const latencies: number[] = [];
    const grown = await growth('50 MB into a shell that reads', async () => {
      for (let at = 0; at < 50 * mib; at += line.length) socket.send(line);
      socket.send(Buffer.from('\x04'));
      do latencies.push(await echo());
      while (!/all read\r/.test(terminal.shown()));
    });
    const worst = Math.max(...latencies);
    process.stdout.write(`an echo meanwhile took ${Math.round(worst)} ms at most of ${latencies.length}\n`);
    expect(grown).toBeLessThan(noise);
    expect(worst).toBeLessThan(1_500);
    socket.close();
  });

  it('pasted, 50 MB into a shell that does not read, stays with who sent it', async () => {
    const access = await activeAccess();
    const terminal = await shellOf(access);
    // Raw: a line discipline that edits lines throws away what is too long for one.
    terminal.type('stty raw -echo; echo ready; sleep 1000\n');
    await terminal.until(/\Wready\r?\n/);
    const session = await idOf(terminal);
    const socket = await client(`/accesses/${access}/socket?session=${session}`);
    const single = await client(`/accesses/${access}/socket?session=${session}`);
    const latencies: number[] = [];
    const grown = await growth('50 MB into a shell that does not read', async () => {
      for (let at = 0; at < 50 * mib; at += 16_384) socket.send(Buffer.alloc(16_384, 'y'));
      for (let at = 0; at < 200_000; at += 1) single.send(Buffer.of(121));
      for (let at = 0; at < 20; at += 1) {
        latencies.push(await echo());
        await wait(100);
      }
    });
    expect(socket.bufferedAmount).toBeGreaterThan(40 * mib);
    expect(grown).toBeLessThan(noise);
    expect(Math.max(...latencies)).toBeLessThan(1_500);
    // It is cut like any other, although nothing is read of it.
    await ana.post(`/accesses/${access}/done`);
    expect((await terminal.untilNews('over')).why).toBe('its requester is done');
    await Promise.all([closed(socket), closed(single)]);
  });

  it('as a flood of sizes and pings, of which nothing is read back, is no matter of memory either', async () => {
    const access = await activeAccess();
    const terminal = await shellOf(access);
    const session = await idOf(terminal);
    const socket = await client(`/accesses/${access}/socket?session=${session}`);
    socket.pause();
    const grown = await growth('a million pings and 20,000 sizes', async () => {
      for (let at = 0; at < 1_000_000; at += 1) socket.ping(Buffer.alloc(120));
      for (let at = 0; at < 20_000; at += 1)
        socket.send(JSON.stringify({ type: 'resize', cols: 100 + (at % 50), rows: 40 }));
      socket.send(JSON.stringify({ type: 'resize', cols: 133, rows: 44 }));
      await vi.waitFor(() => expect(socket.bufferedAmount).toBe(0), { timeout: 20_000, interval: 50 });
      expect(await echo()).toBeLessThan(1_500);
    });
    expect(grown).toBeLessThan(noise);
    await vi.waitFor(
      async () => {
        terminal.type('stty size\n');
        await wait(100);
        expect(terminal.shown()).toMatch(/\W44 133\r/);
      },
      { timeout: 10_000, interval: 100 },
    );
    socket.terminate();
  });
});

describe('a shell that never stops writing', () => {
  /** Bytes of a recording: what the shell could write. */
  const written = (access: string, session: string): number =>
    statSync(`${world.dir}/data/recordings/${access}/${session}.cast`).size;
  const isHeld = async (seen: () => number): Promise<void> => {
    await vi.waitFor(async () => {
      const before = seen();
      await wait(300);
      expect(seen()).toBe(before);
    });
  };

  it('waits for a screen that takes nothing, or claims to without reading', async () => {
    const access = await activeAccess();
    const [quiet, liar] = [
      await client(`/accesses/${access}/socket`),
      await client(`/accesses/${access}/socket`),
    ];
    const grown = await growth('two times yes that nobody takes', async () => {
      await vi.waitFor(() => expect(liar.session()).not.toBe(''));
      for (const socket of [quiet, liar]) socket.send(Buffer.from('yes\n'));
      liar.pause();
      const claims = setInterval(() => liar.send(JSON.stringify({ type: 'taken', bytes: 2 ** 30 })), 2);
      await vi.waitFor(() => expect(quiet.seen()).toBeGreaterThan(400 * 1024), { timeout: 10_000 });
      await isHeld(quiet.seen);
      await wait(1_500);
      clearInterval(claims);
      expect(await echo()).toBeLessThan(1_500);
    });
    expect(quiet.seen()).toBeLessThan(mib);
    expect(written(access, liar.session())).toBeLessThan(8 * mib);
    expect(grown).toBeLessThan(noise);
    // It goes on when the screen has taken it, as long as it does.
    const before = quiet.seen();
    quiet.send(JSON.stringify({ type: 'taken', bytes: before }));
    await vi.waitFor(() => expect(quiet.seen()).toBeGreaterThan(before + 300 * 1024));
    for (const socket of [quiet, liar]) socket.terminate();
  });

  it('waits when its screen has gone, and is found again and stopped by the next', async () => {
    const access = await activeAccess();
    const terminal = await shellOf(access);
    const session = await idOf(terminal);
    const grown = await growth('yes that nobody looks at', async () => {
      terminal.type('yes\n');
      await terminal.until(/y\r\ny\r\ny/);
      terminal.close();
      await terminal.closed;
      await wait(1_500);
    });
    expect(written(access, session)).toBeLessThan(8 * mib);
    expect(grown).toBeLessThan(noise);
    const again = ana.terminal(`/accesses/${access}/socket?session=${session}`);
    await again.until(/y\r\ny\r\ny/);
    again.type('\x03');
    again.type('echo "stopped "it\n');
    await again.until(/stopped it/);
    expect(await idOf(again)).toBe(session);
  });

  it('does not wait for a watcher that takes nothing, who is let go', async () => {
    const access = await activeAccess();
    const terminal = await shellOf(access);
    const watching = await client(`/accesses/${access}/socket?session=${await idOf(terminal)}`, lea);
    const over = new Promise<string>((resolve) =>
      watching.on('message', (data: Buffer, isBinary) => {
        if (!isBinary && data.includes('"over"')) resolve(data.toString());
      }),
    );
    await untilWatchedBy(terminal, ['lea']);
    terminal.type('yes 0123456789abcdef | head -c 3000000; echo "all "written\n');
    await terminal.until(/all written/);
    expect(await over).toContain('too slow to watch');
    await closed(watching);
    expect(watching.seen()).toBeLessThan(mib);
    await untilWatchedBy(terminal, []);
  });
});

describe('many', () => {
  it('tabs on one session all show it, and all type', async () => {
    const access = await activeAccess();
    const first = await shellOf(access);
    const path = `/accesses/${access}/socket?session=${await idOf(first)}`;
    const tabs = [first, ...Array.from({ length: 11 }, () => ana.terminal(path))];
    for (const [at, tab] of tabs.entries()) {
      await tab.untilNews('session');
      tab.type(`echo "from "tab ${at}\n`);
      await Promise.all(tabs.map((each) => each.until(new RegExp(`from tab ${at}\\r`))));
    }
    expect(new Set(await Promise.all(tabs.map(idOf))).size).toBe(1);
    for (const tab of tabs) tab.close();
  });

  it('connections that come and go leave nothing behind, with a session and without', async () => {
    const access = await activeAccess();
    const terminal = await shellOf(access);
    const path = `/accesses/${access}/socket`;
    const session = await idOf(terminal);
    for (let round = 0; round < 5; round += 1) {
      const storm = Array.from({ length: 20 }, () => ana.terminal(`${path}?session=${session}`));
      await Promise.all(storm.map((each) => each.untilNews('session')));
      for (const each of storm) each.close();
      await Promise.all(storm.map((each) => each.closed));
    }
    terminal.type('echo "still "mine\n');
    await terminal.until(/still mine/);
    // Gone before their session was opened, and so before they were told of it.
    for (let round = 0; round < 3; round += 1) {
      const storm = await Promise.all(Array.from({ length: 5 }, () => client(path)));
      for (const each of storm) each.terminate();
      await vi.waitFor(
        async () => expect((await ana.get(`/accesses/${access}`)).text.match(/\?session=/g)?.length).toBe(1),
        { timeout: 10_000 },
      );
    }
    // Told, and gone without a word.
    const silent = await client(path);
    await once(silent, 'message');
    silent.close();
    await closed(silent);
    await vi.waitFor(
      async () => expect((await ana.get(`/accesses/${access}`)).text.match(/\?session=/g)?.length).toBe(1),
      { timeout: 10_000 },
    );
    await world.untilEntry(of(access, 'session.ended'));
    const ended = (await world.entries()).filter(of(access, 'session.ended'));
    expect(new Set(ended.map(({ details }) => details.why))).toEqual(new Set(['nobody came to it']));
  });

  it('terminals of one access are eight, and one makes room for another', async () => {
    const access = await activeAccess();
    const eight = await Promise.all(Array.from({ length: 8 }, () => shellOf(access)));
    const ninth = ana.terminal(`/accesses/${access}/socket`);
    expect((await ninth.untilNews('over')).why).toMatch(/^8 terminals of this access are open already/);
    await world.untilEntry((entry) => entry.access === access && entry.details.code === 'too-many-sessions');
    eight[0]?.type('exit\n');
    await eight[0]?.untilNews('over');
    await world.untilEntry(of(access, 'session.ended'));
    await shellOf(access);
    await ana.post(`/accesses/${access}/done`);
  });
});

describe('what cannot be recorded', () => {
  const recordings = (access: string): string => `${world.dir}/data/recordings/${access}`;

  it('is not opened, and says why', async () => {
    const access = await activeAccess();
    mkdirSync(`${world.dir}/data/recordings`, { recursive: true });
    writeFileSync(recordings(access), 'where the directory should be');
    const terminal = ana.terminal(`/accesses/${access}/socket`);
    expect((await terminal.untilNews('over')).why).toMatch(/^No terminal is opened without a recording/);
    const refused = await world.untilEntry(of(access, 'access.refused'));
    expect(refused.details).toEqual({ doing: 'terminal', code: 'not-recordable' });
    expect((await world.entries()).filter(of(access, 'session.started'))).toEqual([]);
    await ana.post(`/accesses/${access}/done`);
  });

  it('any more is closed, and the record of it is true', async () => {
    const access = await activeAccess();
    const dir = recordings(access);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', dir]);
    try {
      const terminal = await shellOf(access);
      const session = await idOf(terminal);
      terminal.type('yes 0123456789abcdef\n');
      expect((await terminal.untilNews('over')).why).toBe('it cannot be recorded: the disk is full');
      const ended = await world.untilEntry(of(access, 'session.ended'));
      const file = await readFile(`${dir}/${session}.cast`);
      expect(ended).toMatchObject({
        target: 'wiki',
        details: {
          session,
          why: 'it cannot be recorded: the disk is full',
          bytes: file.length,
          sha256: createHash('sha256').update(file).digest('hex'),
        },
      });
      expect(file.length).toBeGreaterThan(500_000);
      await echo();
    } finally {
      execFileSync('umount', ['-l', dir]);
    }
  });
});

describe('time and outages', () => {
  it('a terminal into which nothing is typed is closed in words, and it is on the record', async () => {
    const access = await activeAccess('quick');
    const terminal = await shellOf(access);
    const begun = Date.now();
    terminal.type('while :; do echo busy; sleep 0.1; done\n');
    expect((await terminal.untilNews('over')).why).toBe('nothing was typed for too long');
    expect(Date.now() - begun).toBeLessThan(3_500);
    const ended = await world.untilEntry(of(access, 'session.ended'));
    expect(ended.details.why).toBe('nothing was typed for too long');
    expect((await ana.get(`/accesses/${access}`)).text).toContain('<dd>active</dd>');
  });

  it('an open terminal outlives an outage of Slack and of Redis, and is cut as before after that', async () => {
    const access = await activeAccess();
    const terminal = await shellOf(access);
    world.slack.down(true);
    const second = await shellOf(access);
    world.slack.down(false);
    await world.redis.kill();
    const outage = Date.now();
    while (Date.now() - outage < 3_000) {
      terminal.type(`echo $((${Date.now() % 1_000} + 5000000))\n`);
      await terminal.until(/\W5000\d\d\d\r/);
      await wait(200);
    }
    // What was shut in the meantime is on the record once there is one again.
    second.type('exit\n');
    expect((await second.untilNews('over')).why).toBe('the shell ended');
    const refused = ana.terminal(`/accesses/${access}/socket`);
    expect((await refused.untilNews('over')).why).toMatch(/Try again in a moment/);
    expect(terminal.news.some(({ type }) => type === 'over')).toBe(false);
    await world.redis.start();
    await world.untilEntry(of(access, 'session.ended'));
    await vi.waitFor(async () => expect((await lea.post(`/accesses/${access}/revoke`)).status).toBe(303), {
      timeout: 10_000,
    });
    const begun = Date.now();
    expect((await terminal.untilNews('over')).why).toMatch(/^lea revoked it/);
    expect(Date.now() - begun).toBeLessThan(1_500);
  });

  it('whoever stops the bot has people told first, and their ends on the record', async () => {
    const session = await idOf(calmTerminal);
    await bot.stop();
    expect((await calmTerminal.untilNews('over')).why).toMatch(/^the bot is stopping/);
    const ended = await world.untilEntry(
      (entry) => entry.action === 'session.ended' && entry.details.session === session,
    );
    expect(ended.actor.id).toBe('U0ANA');
  });
});
