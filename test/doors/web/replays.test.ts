/** A replay's page and search over a recording that is made to cost as much as can be. */
import { createSecretKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, expect, it } from 'vitest';
import { eventLine, headerLine } from '../../../src/domain/cast.ts';
import { send } from '../../../src/doors/web/answers.ts';
import { makeReading } from '../../../src/doors/web/reading.ts';
import { replayAnswer } from '../../../src/doors/web/replays.ts';
import { makeAttempts } from '../../../src/flow/attempts.ts';
import { memoryWorld } from '../../support/memory-world.ts';
import { activeAccess, ana, eventually, size } from '../../support/session-world.ts';

const session = 'ses_aaaaaaaaaaaaaaaa';
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A door that answers ana's requests for one recording. */
async function door(read: () => Readable): Promise<{ at: string; answers: unknown[] }> {
  const world = memoryWorld();
  const { access } = await world.stored(await activeAccess(world));
  const flow = { ...world.deps, recordings: { ...world.recordings, read: async () => read() } };
  const deps = {
    flow,
    key: createSecretKey(randomBytes(32)),
    attempts: makeAttempts(flow),
    reading: makeReading(flow.recordings),
  };
  const answers: unknown[] = [];
  const server = createServer(async (asked, response) => {
    const url = new URL(asked.url ?? '/', 'http://door');
    const detail = /\/(find|cast)$/.exec(url.pathname)?.[1];
    const answer = await replayAnswer(deps, { access, person: ana, session, detail, url, response });
    answers.push(answer);
    if (answer !== undefined && answer !== 'sent') send(response, answer);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return { at: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, answers };
}

it('is a small page, however many commands of whatever length were run', async () => {
  const mark = `\x1b]633;E;${'"'.repeat(2_000)}\x07`;
  const event = eventLine(0, 'o', mark.repeat(10));
  const { at } = await door(() =>
    Readable.from([headerLine(size), ...Array.from({ length: 100 }, () => event)]),
  );
  const page = await (await fetch(at)).text();
  expect(page).toContain('The first 500 of 1000. The search finds the others.');
  expect(page.length).toBeLessThan(1_000_000);
});

it('says nothing of more commands where there are none', async () => {
  const { at } = await door(() => Readable.from([headerLine(size), eventLine(0, 'o', '\x1b]633;E;ls\x07')]));
  const page = await (await fetch(at)).text();
  expect(page).toContain('<code>ls</code>');
  expect(page).not.toContain('The search finds');
});

it('ends a search whose browser has gone', async () => {
  let read: Readable | undefined;
  const { at, answers } = await door(() => {
    read = Readable.from(forEver());
    return read;
  });
  const asked = request(at).on('error', () => {});
  asked.end();
  await eventually(() => expect(read?.readableDidRead).toBe(true));
  asked.destroy();
  await eventually(() => expect(answers).toEqual(['sent']));
  expect(read?.destroyed).toBe(true);
});

it('answers in words where too many are asked for at once', async () => {
  const gone = new AbortController();
  const { at, answers } = await door(() => Readable.from(forEver()));
  const five = Array.from({ length: 5 }, () => fetch(at, { signal: gone.signal }).catch(() => {}));
  await eventually(async () => {
    const late = await fetch(at, { signal: AbortSignal.timeout(200) });
    expect(late.status).toBe(429);
    expect(await late.text()).toContain('Recordings are being read for you already. Wait for them.');
  });
  gone.abort();
  await Promise.all(five);
  await eventually(() => expect(answers.filter((each) => each === 'sent').length).toBeGreaterThanOrEqual(5));
});

async function* forEver(): AsyncGenerator<string> {
  yield headerLine(size);
  for (;;) {
    yield eventLine(0, 'o', 'x\r\n');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
