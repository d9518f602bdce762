import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { vendedOnce } from '../../../src/adapters/broker/vended.ts';
import type { Credentials } from '../../../src/ports/grants.ts';
import { handClock } from '../../support/hand-clock.ts';
import { type Ground, ground, restOf, token, upstream } from './ground.ts';

const until = Date.parse('2026-11-23T12:15:00.000Z');
const set = (expiresAt: number): Credentials => ({
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'secret',
  sessionToken: 'session',
  expiresAt,
});

async function ask(
  it: Ground,
  options: { path?: string; method?: string; authorization?: string } = {},
): Promise<{ status: number | undefined; type: string | undefined; body: string }> {
  const { path = '/credentials', method = 'GET', authorization = token } = options;
  const headers = authorization === '' ? {} : { authorization };
  const asking = request({
    socketPath: join(it.dir, 'credentials'),
    path,
    method,
    headers,
    agent: false,
  }).end();
  const [response] = await once(asking, 'response');
  return {
    status: response.statusCode,
    type: response.headers['content-type'],
    body: await text(response),
  };
}

describe('the credentials endpoint', () => {
  it('answers what AWS SDKs read', async () => {
    await using it = await ground({ told: { vend: async () => set(until) } });
    const { status, type, body } = await ask(it);
    expect([status, type]).toEqual([200, 'application/json; charset=utf-8']);
    expect(JSON.parse(body)).toEqual({
      AccessKeyId: 'ASIAEXAMPLE',
      SecretAccessKey: 'secret',
      Token: 'session',
      Expiration: '2026-11-23T12:15:00.000Z',
    });
  });

  it("is read by the AWS SDK's own chain of providers, over a port of the loopback", async () => {
    await using it = await ground();
    await using port = await upstream((socket) => {
      const inside = connect(join(it.dir, 'credentials'));
      inside.on('error', () => socket.destroy());
      socket.pipe(inside).pipe(socket);
    });
    const script = `
      import { STSClient } from '@aws-sdk/client-sts';
      const found = await new STSClient({ region: 'eu-west-1' }).config.credentials();
      process.stdout.write(JSON.stringify([found.accessKeyId, found.secretAccessKey, found.sessionToken]));
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port.port}/credentials`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
        AWS_EC2_METADATA_DISABLED: 'true',
        HOME: '/nowhere',
      },
    });
    expect(JSON.parse(await text(child.stdout))).toEqual(['ASIAEXAMPLE', 'secret', 'session']);
    expect(it.told.vended).toHaveLength(1);
  });

  it.each([
    [{ authorization: '' }, 401],
    [{ authorization: `${token}x` }, 401],
    [{ authorization: token.slice(1) }, 401],
    [{ authorization: token.toUpperCase() }, 401],
    [{ authorization: `Bearer ${token}` }, 401],
    [{ path: '/' }, 404],
    [{ path: '/credentials/' }, 404],
    [{ path: '/credentials?x' }, 404],
    [{ path: '//credentials' }, 404],
    [{ method: 'POST' }, 405],
  ])('refuses %o: %i', async (options, status) => {
    await using it = await ground();
    const answer = await ask(it, options);
    expect([answer.status, answer.type]).toEqual([status, 'text/plain; charset=utf-8']);
    expect(answer.body).not.toContain('ASIA');
    expect(it.told.vended).toEqual([]);
  });

  it('says 503 where nothing can be vended, and keeps the reason to the log', async () => {
    await using it = await ground({ told: { vend: () => Promise.reject(new Error('arn:aws:iam::1234')) } });
    const { status, body } = await ask(it);
    expect(status).toBe(503);
    expect(body).toBe('No credentials could be had just now. Try again in a few seconds.\n');
    expect(it.logged).toHaveLength(1);
  });

  it('says 503 where vending takes too long, and vends for nobody after it was closed', async () => {
    const held = Promise.withResolvers<Credentials>();
    await using it = await ground({ bounds: { confirmMs: 50 }, told: { vend: () => held.promise } });
    expect((await ask(it)).status).toBe(503);
    const asking = ask(it).catch((error: Error) => error.message);
    await it.until(() => expect(it.told.vended).toHaveLength(1));
    await it.broker.close('over');
    held.resolve(set(until));
    expect(await asking).toMatch(/socket hang up|ECONNRESET/);
  });

  it('vends once for callers that come together, and for those that come after', async () => {
    const held = Promise.withResolvers<Credentials>();
    await using it = await ground({ told: { vend: () => held.promise } });
    const asking = Array.from({ length: 12 }, () => ask(it));
    await it.until(() => expect(it.told.vended).toHaveLength(1));
    held.resolve(set(Date.now() + 900_000));
    const statuses = (await Promise.all(asking)).map(({ status }) => status);
    expect(statuses).toEqual(Array<number>(12).fill(200));
    expect((await ask(it)).status).toBe(200);
    expect(it.told.vended).toHaveLength(1);
  });

  it('takes one request a connection, and nobody who is slow', async () => {
    await using it = await ground({ bounds: { firstBytesMs: 300 } });
    const get = (path: string): string =>
      `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${token}\r\n\r\n`;
    const twice = it.knock('credentials');
    twice.write(get('/other') + get('/credentials'));
    expect(await restOf(twice)).toMatch(/^HTTP\/1\.1 404 /);
    expect(it.told.vended).toEqual([]);
    const slow = it.knock('credentials');
    slow.write(get('/credentials').slice(0, 30));
    expect(await restOf(slow)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('is bounded in calls a second', async () => {
    await using it = await ground({ bounds: { credentialCallsPerSecond: 5 } });
    const asking = Array.from({ length: 20 }, () =>
      ask(it).then(
        ({ status }) => status,
        () => 'cut',
      ),
    );
    const answers = await Promise.all(asking);
    expect(answers.filter((answer) => answer === 200)).toHaveLength(5);
    // Open again once the second is over.
    await it.until(async () => expect((await ask(it)).status).toBe(200));
  });
});

describe('credentials that are vended once', () => {
  const begin = 1_000_000_000_000;

  function vending(lifeMs: number, end = Number.POSITIVE_INFINITY) {
    const clock = handClock(begin);
    let count = 0;
    let broken = false;
    const get = vendedOnce(clock, async () => {
      count += 1;
      if (broken) throw new Error('throttled');
      return set(Math.min(end, clock.now() + lifeMs));
    });
    const breakIt = (now: boolean): void => {
      broken = now;
    };
    return { clock, get, count: () => count, breakIt };
  }

  it.each([
    [900_000, 599_999, 600_000],
    [3_600_000, 2_399_999, 2_400_000],
    [120_000, 59_999, 60_000],
  ])('of %i ms are used for %i ms', async (lifeMs, used, renewed) => {
    const it = vending(lifeMs);
    await it.get();
    it.clock.tick(used);
    await it.get();
    expect(it.count()).toBe(1);
    it.clock.tick(renewed - used);
    expect((await it.get()).expiresAt).toBe(begin + renewed + lifeMs);
    expect(it.count()).toBe(2);
  });

  it('are not asked for in a loop near the end, nor used beyond it', async () => {
    const it = vending(900_000, begin + 30_000);
    for (let ms = 0; ms < 30_000; ms += 100) {
      expect((await it.get()).expiresAt).toBeGreaterThan(it.clock.now());
      it.clock.tick(100);
    }
    expect(it.count()).toBe(3);
    await it.get();
    expect(it.count()).toBe(4);
  });

  it('are not asked for again at once where they could not be had', async () => {
    const it = vending(900_000);
    it.breakIt(true);
    await expect(it.get()).rejects.toThrow('throttled');
    it.clock.tick(999);
    await expect(it.get()).rejects.toThrow('throttled');
    expect(it.count()).toBe(1);
    it.breakIt(false);
    it.clock.tick(1);
    await it.get();
    expect(it.count()).toBe(2);
  });
});
