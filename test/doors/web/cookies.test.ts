/** Cookies that only the bot can write and read, each for one purpose and time. */
import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { EncryptJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { type Cookies, makeCookies } from '../../../src/doors/web/cookies.ts';
import { noon } from '../../support/builders.ts';

const key = createSecretKey(randomBytes(32));
const who = { user: 'U0ANA', team: 'T0TEAM', name: 'Ana <b>; Path=/x', since: noon };
const signingIn = { state: 's', nonce: 'n', verifier: 'v', to: '/accesses/acc_aaaaaaaaaaaaaaaa' };

function cookies(secure = false, now = noon, with_ = key): Cookies {
  return makeCookies({ key: with_, secure, now: () => now });
}
/** What a browser sends back. */
const pairOf = (header: string): string => header.split(';')[0] ?? '';

describe('a cookie', () => {
  it('comes back as it was, and tells nobody what is in it', async () => {
    const header = await cookies().seal('session', who);
    expect(await cookies().open('session', pairOf(header))).toEqual(who);
    expect(await cookies().open('session', `a=b; ${pairOf(header)}; c=d`)).toEqual(who);
    expect(header).not.toContain('U0ANA');
    expect(Buffer.from(header, 'base64url').toString('latin1')).not.toContain('U0ANA');
  });

  it('is for the server alone, and behind TLS for this host alone', async () => {
    for (const kind of ['session', 'sign-in'] as const) {
      const plain = await cookies(false).seal(kind, kind === 'session' ? who : signingIn);
      expect(plain).toMatch(/^prod-access-[a-z-]+=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/);
      const secure = await cookies(true).seal(kind, kind === 'session' ? who : signingIn);
      expect(secure).toMatch(
        /^__Host-prod-access-[a-z-]+=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=\d+$/,
      );
      expect(cookies(true).clear(kind)).toMatch(
        /^__Host-prod-access-[a-z-]+=; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=0$/,
      );
      // What another host set without the prefix is not looked at.
      expect(await cookies(true).open(kind, pairOf(plain))).toBeUndefined();
    }
  });

  it('fits into what browsers keep, however long name and path are', async () => {
    const name = 'ñ'.repeat(80);
    expect((await cookies(true).seal('session', { ...who, name })).length).toBeLessThan(4_096);
    const to = `/accesses/${'x'.repeat(190)}`;
    expect((await cookies(true).seal('sign-in', { ...signingIn, to })).length).toBeLessThan(4_096);
  });

  it('is good until its end by our clock, whatever the browser does', async () => {
    const session = pairOf(await cookies().seal('session', who));
    const hours = (count: number): number => noon + count * 3_600_000;
    expect(await cookies(false, hours(8) - 1_000).open('session', session)).toEqual(who);
    expect(await cookies(false, hours(8)).open('session', session)).toBeUndefined();
    const begun = pairOf(await cookies().seal('sign-in', signingIn));
    expect(await cookies(false, noon + 599_000).open('sign-in', begun)).toEqual(signingIn);
    expect(await cookies(false, noon + 600_000).open('sign-in', begun)).toBeUndefined();
  });

  it('of one purpose is none of another', async () => {
    const begun = pairOf(await cookies().seal('sign-in', signingIn));
    const renamed = begun.replace('prod-access-sign-in', 'prod-access-session');
    expect(renamed).not.toBe(begun);
    expect(await cookies().open('session', renamed)).toBeUndefined();
    const session = pairOf(await cookies().seal('session', who));
    expect(
      await cookies().open('sign-in', session.replace('prod-access-session', 'prod-access-sign-in')),
    ).toBeUndefined();
  });

  it('of another key, or that is not encrypted, is none', async () => {
    const other = createSecretKey(randomBytes(32));
    const foreign = pairOf(await cookies(false, noon, other).seal('session', who));
    expect(await cookies().open('session', foreign)).toBeUndefined();
    const at = Math.floor(noon / 1_000);
    const plain = new UnsecuredJWT(who)
      .setAudience('session')
      .setIssuedAt(at)
      .setExpirationTime(at + 60)
      .encode();
    expect(await cookies().open('session', `prod-access-session=${plain}`)).toBeUndefined();
  });

  it('of the right key without an end or with other content is none', async () => {
    const seal = (content: object, ends: boolean): Promise<string> => {
      const token = new EncryptJWT({ ...content }).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' });
      token.setAudience('session');
      if (ends) token.setExpirationTime(Math.floor(noon / 1_000) + 60);
      return token.encrypt(key);
    };
    const open = async (content: object, ends = true): Promise<unknown> =>
      cookies().open('session', `prod-access-session=${await seal(content, ends)}`);
    expect(await open(who)).toEqual(who);
    expect(await open({ ...who, admin: true })).toBeUndefined();
    expect(await open({ user: 'U0ANA' })).toBeUndefined();
    expect(await open(who, false)).toBeUndefined();
  });

  it('that was changed or cut anywhere is none', async () => {
    const [name = '', token = ''] = pairOf(await cookies().seal('session', who)).split('=');
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: token.length - 1 }),
        fc.constantFrom(...letters),
        async (at, letter) => {
          const changed = token.slice(0, at) + letter + token.slice(at + 1);
          const opened = await cookies().open('session', `${name}=${changed}`);
          // The last letters of a part may differ in bits that stand for nothing.
          if (opened !== undefined) expect(opened).toEqual(who);
          expect(await cookies().open('session', `${name}=${token.slice(0, at)}`)).toBeUndefined();
        },
      ),
      { numRuns: 300 },
    );
  });

  it('that is any text at all is none, and throws nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('utf16le')),
        async (text) => {
          expect(await cookies().open('session', text)).toBeUndefined();
          expect(await cookies().open('session', `prod-access-session=${text}`)).toBeUndefined();
        },
      ),
    );
    expect(await cookies().open('session', undefined)).toBeUndefined();
    expect(await cookies().open('session', `prod-access-session=${'.'.repeat(10_000)}`)).toBeUndefined();
  });
});
