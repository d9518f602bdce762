import { expect, it } from 'vitest';
import { isImage } from '../../src/domain/image.ts';

const digest = `sha256:${'0a'.repeat(32)}`;

it.each([
  digest,
  `debug@${digest}`,
  `ghcr.io/example/debug@${digest}`,
  `registry.example.com:5000/a/b-c/d__e@${digest}`,
  `localhost:5000/x@${digest}`,
])('%s is an image', (text) => expect(isImage(text)).toBe(true));

it.each([
  '',
  'debug',
  'debug:latest',
  'debug:1.2.3',
  `debug:1.2@${digest}`,
  `ghcr.io/example/debug:1@${digest}`,
  `debug@${digest}0`,
  `debug@${digest.toUpperCase()}`,
  `debug@sha512:${'0a'.repeat(64)}`,
  `Debug@${digest}`,
  `/debug@${digest}`,
  `a//b@${digest}`,
  `a/@${digest}`,
  `-x@${digest}`,
  `a@b@${digest}`,
  `../x@${digest}`,
  `a b@${digest}`,
  `a?x=y@${digest}`,
  `${digest}\n`,
  `a\n@${digest}`,
  `${'a'.repeat(300)}@${digest}`,
])('%o is none', (text) => expect(isImage(text)).toBe(false));

it('is not slow on what looks almost like one', () => {
  const begun = performance.now();
  for (const text of ['a-'.repeat(50_000), 'a/'.repeat(50_000), 'a:1/'.repeat(80), `${'a._-'.repeat(80)}!`])
    expect(isImage(text)).toBe(false);
  expect(performance.now() - begun).toBeLessThan(1_000);
});
