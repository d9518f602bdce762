/** What `prod-access doctor` looks at, line by line: nothing is changed, and each line that is wrong says what to do. */
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { awsClients } from './adapters/aws/clients.ts';
import { awsGrants } from './adapters/aws/grants.ts';
import { parsePolicy } from './adapters/policy-file/parse-policy.ts';
import { connectRedis, hangUp } from './adapters/redis/connect.ts';
import { checkRedis } from './adapters/redis/health.ts';
import { sandboxesOf } from './adapters/sandbox/sandboxes.ts';
import { checkSlack } from './adapters/slack/check.ts';
import { slackClient } from './adapters/slack/client.ts';
import { systemClock } from './adapters/system-clock.ts';
import type { Config, ConfigProblems } from './config.ts';
import { installOf } from './domain/audit.ts';
import type { Policy } from './domain/policy.ts';
import { checkPages } from './doors/web/check-pages.ts';
import { checkSignIn } from './doors/web/check-sign-in.ts';

export type Finding = {
  readonly check: string;
  readonly ok: boolean;
  readonly says: string;
  readonly remedy?: string;
};

/** Each part is looked at even where another one fails. Never throws. */
export async function examine(config: Config | ConfigProblems): Promise<readonly Finding[]> {
  if ('problems' in config) {
    return config.problems.map(({ variable, wrong, right }) => ({
      check: variable,
      ok: false,
      says: wrong,
      remedy: right,
    }));
  }
  const { finding, policy } = await examinePolicy(config);
  const parts = await Promise.all([
    examineRedis(config),
    examineSlack(config, policy),
    examineWeb(config),
    examineAws(config, policy),
    examineSandboxes(config, policy),
  ]);
  return [{ check: 'configuration', ok: true, says: 'complete' }, finding, ...parts.flat()];
}

async function examinePolicy(config: Config): Promise<{ finding: Finding; policy?: Policy }> {
  const check = 'policy';
  const remedy = `"prod-access policy check ${config.policyPath}" says more`;
  try {
    const able = { images: config.sandbox.driver === 'docker' };
    const parsed = parsePolicy(await readFile(config.policyPath), config.policyPath, able);
    if ('problems' in parsed) {
      const [first] = parsed.problems;
      return {
        finding: {
          check,
          ok: false,
          says: `${parsed.problems.length} problems, the first in line ${first?.line}: ${first?.message}`,
          remedy,
        },
      };
    }
    return {
      finding: { check, ok: true, says: `${Object.keys(parsed.policy.targets).length} targets` },
      policy: parsed.policy,
    };
  } catch (error) {
    return {
      finding: {
        check,
        ok: false,
        says: messageOf(error),
        remedy: 'set PROD_ACCESS_POLICY to the path of the policy file',
      },
    };
  }
}

async function examineRedis(config: Config): Promise<readonly Finding[]> {
  const redis = connectRedis(config.redis.url, 'prompt');
  // A command that waited for a connection in vain tells only that it waited.
  let unreachable: Error | undefined;
  redis.on('error', (error: Error) => {
    unreachable = error;
  });
  try {
    const findings = await checkRedis(redis, {
      acceptLastSecond: config.redis.onLoss === 'accept-last-second',
      now: systemClock.now,
    });
    return [{ check: 'Redis answers', ok: true, says: 'yes' }, ...findings];
  } catch (error) {
    return [
      {
        check: 'Redis answers',
        ok: false,
        says: messageOf(unreachable ?? error),
        remedy: 'start Redis, or correct REDIS_URL',
      },
    ];
  } finally {
    hangUp(redis);
  }
}

async function examineSlack(config: Config, policy: Policy | undefined): Promise<readonly Finding[]> {
  const client = slackClient({ token: config.slack.botToken, apiUrl: config.slack.apiUrl });
  return checkSlack(
    client,
    policy === undefined ? {} : { audit: policy.channels.audit, approvals: policy.channels.approvals },
  );
}

async function examineWeb({ slack, web }: Config): Promise<readonly Finding[]> {
  const { signIn } = slack;
  if (signIn === undefined) {
    const says =
      'off, so there are no pages and no terminals: SLACK_CLIENT_ID and SLACK_CLIENT_SECRET are not set';
    return [{ check: 'sign-in', ok: true, says }];
  }
  const issuer = new URL(slack.apiUrl).origin;
  const parts = await Promise.all([
    checkSignIn({ ...signIn, issuer }),
    checkPages({ ...web, clientId: signIn.clientId }),
  ]);
  return parts.flat();
}

async function examineAws(config: Config, policy: Policy | undefined): Promise<readonly Finding[]> {
  const { region, endpoint, settleMs } = config.aws;
  const install = installOf(createPublicKey(config.signingKey));
  const clients = awsClients({ region, ...(endpoint === undefined ? {} : { endpoint }) });
  const grants = awsGrants({ ...clients, install, clock: systemClock, settleMs, patienceMs: 10_000 });
  const parts = Object.values(policy?.targets ?? {}).map(({ grant: { aws } }) => {
    const { account, boundary, managed, policy: document } = aws;
    return {
      account,
      region: aws.region,
      boundary,
      managed,
      ...(document === undefined ? {} : { policy: document }),
    };
  });
  const checks = await grants.check(parts);
  return checks.map(({ check, ok, detail, remedy }) => ({
    check,
    ok,
    says: detail,
    ...(remedy === undefined ? {} : { remedy }),
  }));
}

/** With containers, each image that the configuration or a target names is tried. */
async function examineSandboxes(
  { sandbox, signingKey, dataDir }: Config,
  policy: Policy | undefined,
): Promise<readonly Finding[]> {
  const house = { dataDir, install: installOf(createPublicKey(signingKey)) };
  const examineOne = async (check: string, choice: Config['sandbox'], made: string): Promise<Finding> => {
    const sandboxes = await sandboxesOf(choice, house);
    const ready = await sandboxes.readiness();
    return ready.ready
      ? { check, ok: true, says: `${made}, limits held by ${ready.limitsHeldBy}` }
      : { check, ok: false, says: ready.problem, remedy: ready.remedy };
  };
  if (sandbox.driver === 'local') return [await examineOne('sandboxes', sandbox, 'bubblewrap')];
  const examineImage = (check: string, image: string): Promise<Finding> => {
    const under = sandbox.runtime === undefined ? '' : ` under ${sandbox.runtime}`;
    return examineOne(check, { ...sandbox, image }, `containers of ${image}${under}`);
  };
  const own = Object.entries(policy?.targets ?? {}).flatMap(([name, target]) => {
    const { image = sandbox.image } = target.sandbox;
    return image === sandbox.image ? [] : [{ name, image }];
  });
  const [usual, ...others] = await Promise.all([
    examineImage('sandboxes', sandbox.image),
    ...Map.groupBy(own, ({ image }) => image)
      .entries()
      .map(([image, targets]) =>
        examineImage(`sandboxes of ${targets.map(({ name }) => name).join(', ')}`, image),
      ),
  ]);
  // What is wrong with the engine itself is said once.
  return [usual, ...others.filter(({ says }) => says !== usual.says)];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
