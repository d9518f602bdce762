/**
 * `npm run demo`: a private Redis, the look-alikes of IAM/STS and of a Slack workspace, the unchanged bot, and one page
 * that shows them all. Everything is the demo's own and ends with it, sandboxes and roles included; of the bot only the
 * environment is set. Nothing outside its directory and nothing beyond this machine is touched.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { startAwsLookalike } from './aws/aws-lookalike.ts';
import { keepBot } from './demo/bot.ts';
import { openBrowser } from './demo/browser.ts';
import { CannotRunDemo } from './demo/cannot-run.ts';
import { freePort, portOrAny } from './demo/free-port.ts';
import { openHouse } from './demo/house.ts';
import { openPages } from './demo/pages.ts';
import type { Parts } from './demo/parts.ts';
import { startPrivateRedis } from './demo/private-redis.ts';
import { startProduction } from './demo/production.ts';
import { watchSandboxes } from './demo/sandboxes.ts';
import { makeTeller } from './demo/story.ts';
import { startWarden } from './demo/warden.ts';
import { boundary, boundaryDocument, policyFor, seed } from './demo/workspace.ts';
import { startSlackLookalike } from './slack/lookalike.ts';
import { manifestSchema } from './slack/seed.ts';

export { CannotRunDemo };

export type DemoOptions = {
  /** Where the page listens. Default: 4747, or any free port where that is taken. */
  readonly port?: number;
  /** Default `.data/demo` in the working directory. Wiped at each start if a demo made it. */
  readonly dataDir?: string;
  readonly stdout: { readonly write: (text: string) => unknown };
};

export type Demo = AsyncDisposable & { readonly url: string };

const usualPort = 4747;
const manifestPath = new URL('../../manifest.yml', import.meta.url);

/** Resolves once the bot is ready. Throws {@link CannotRunDemo} with what to do where this machine cannot run it. */
export async function runDemo({ port, dataDir, stdout }: DemoOptions): Promise<Demo> {
  const say = (line: string): unknown => stdout.write(`${line}\n`);
  const closers: (() => unknown)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) {
      await Promise.resolve(close()).catch((error: unknown) => say(`while ending: ${String(error)}`));
    }
  };
  const opened = <T extends AsyncDisposable>(part: T): T => {
    closers.push(() => part[Symbol.asyncDispose]());
    return part;
  };
  try {
    const house = opened(await openHouse(resolve(dataDir ?? '.data/demo')));
    // Opened first, ended last: what the bot leaves behind is closed once it is gone.
    const sandboxes = opened(await watchSandboxes(house.dataDir, house.install));
    const warden = startWarden();
    closers.push(() => warden[Symbol.dispose]());
    const redis = opened(await startPrivateRedis(house.redisDir, warden));
    say(`  a private Redis            ${redis.url}`);
    const aws = opened(await startAwsLookalike());
    aws.addManagedPolicy(boundary, boundaryDocument);
    say(`  look-alike IAM and STS     ${aws.url}`);
    let parts: Parts | undefined;
    const slack = opened(
      await startSlackLookalike({
        seed,
        manifest: manifestSchema.parse(parse(await readFile(manifestPath, 'utf8'))),
        port: port ?? (await portOrAny(usualPort)),
        handle: await openPages(() => parts),
      }),
    );
    say(`  look-alike Slack           ${slack.apiUrl}`);
    const production = opened(await startProduction(house.productionDir, warden));
    say(`  a "production" Redis       ${production.url}`);
    const ports = { production: Number(new URL(production.url).port), aws: Number(new URL(aws.url).port) };
    await writeFile(house.policyPath, policyFor(ports));
    const botPort = await freePort();
    const publicUrl = `http://127.0.0.1:${botPort}`;
    slack.setRequestUrl(`${publicUrl}/slack/events`);
    slack.setRedirectUrls([`${publicUrl}/sign-in/callback`]);
    const env = {
      PATH: `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      HOME: house.dir,
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_SIGNING_SECRET: slack.signingSecret,
      SLACK_API_URL: slack.apiUrl,
      SLACK_CLIENT_ID: slack.clientId,
      SLACK_CLIENT_SECRET: slack.clientSecret,
      REDIS_URL: redis.url,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: aws.url,
      AWS_ACCESS_KEY_ID: aws.botCredentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: aws.botCredentials.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      PROD_ACCESS_POLICY: house.policyPath,
      PROD_ACCESS_DATA_DIR: house.dataDir,
      PROD_ACCESS_SIGNING_KEY: house.keyPath,
      PROD_ACCESS_LIMITS: 'best-effort',
      PROD_ACCESS_IAM_SETTLE: '2s',
      PORT: String(botPort),
      PUBLIC_URL: publicUrl,
    };
    const bot = opened(keepBot({ env, port: botPort, logPath: house.logPath, warden }));
    await bot.firstReady.catch((error: unknown) => {
      throw new CannotRunDemo(error instanceof Error ? error.message : String(error));
    });
    say(`  the bot, unchanged         process ${bot.status().pid}, log ${house.logPath}`);
    const teller = makeTeller();
    closers.push(() => teller[Symbol.dispose]());
    parts = { slack, aws, redis, sandboxes, bot, house, teller };
    say(
      `\nOpen ${slack.url}/\n\nCtrl-C ends everything. The trail stays in ${house.redisDir} until the next start.`,
    );
    openBrowser(`${slack.url}/`);
    return { url: slack.url, [Symbol.asyncDispose]: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Runs the demo until SIGINT, SIGTERM or the terminal's end. Gives the exit code. */
export async function demoUntilSignal(options: DemoOptions): Promise<number> {
  const { stdout } = options;
  const signalled = Promise.withResolvers<void>();
  // The listeners stay: a second Ctrl-C must not leave half of it running.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => signalled.resolve());
  stdout.write('prod-access demo: starting\n');
  try {
    const demo = await runDemo(options);
    await signalled.promise;
    stdout.write('\nending everything …\n');
    await demo[Symbol.asyncDispose]();
    stdout.write('nothing is left running\n');
    return 0;
  } catch (error) {
    if (!(error instanceof CannotRunDemo)) throw error;
    stdout.write(`${error.message}\n`);
    return error.exitCode;
  }
}
