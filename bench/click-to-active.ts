/**
 * From the deciding click to "active" on the record, against the sum of its bare parts: opening a sandbox with its
 * probe, and issuing a grant, both by the same adapters with nothing around them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awsClients } from '../src/adapters/aws/clients.ts';
import { awsGrants } from '../src/adapters/aws/grants.ts';
import { localSandboxes } from '../src/adapters/sandbox/local/local-sandboxes.ts';
import { systemClock } from '../src/adapters/system-clock.ts';
import { newId } from '../test/support/builders.ts';
import { approveAsLea, askForWiki, of } from '../test/support/wiki-life.ts';
import { boundaryArn, openWorld, worldPolicy } from '../test/support/world.ts';
import { type Figure, percentile } from './figures.ts';

const rounds = 12;

export async function benchClickToActive(): Promise<readonly Figure[]> {
  await using world = await openWorld();
  await world.startBot({ LOG_LEVEL: 'error' });
  const dir = await mkdtemp(join(tmpdir(), 'prod-access-bench-'));
  const install = 'be4c00000001';
  const sandboxes = localSandboxes({ dataDir: dir, install, limits: 'best-effort' });
  const grants = awsGrants({
    ...awsClients({ region: 'eu-west-1', endpoint: world.aws.url, credentials: world.aws.botCredentials }),
    install,
    clock: systemClock,
    settleMs: 200,
  });
  const whole: number[] = [];
  const parts: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      whole.push(await life());
      parts.push(await bareParts());
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return [
    {
      what: 'click to active, p50',
      ours: percentile(whole, 50),
      baseline: percentile(parts, 50),
      unit: 'ms',
      aim: 'within 1.5',
    },
  ];

  async function life(): Promise<number> {
    const id = await askForWiki(world, '5m');
    const card = world.slack.waitFor(
      () =>
        world.slack.human.messages('C0APPROVE', 'U0LEA').some((each) => JSON.stringify(each).includes(id)),
      15_000,
    );
    await card;
    const active = world.untilEntry(of(id, 'access.active'));
    const begun = performance.now();
    await Promise.all([approveAsLea(world, id), active]);
    const took = performance.now() - begun;
    await world.slack.human.command('U0ANA', 'C0GENERAL', '/prod-access', `done ${id}`);
    await world.untilEntry(of(id, 'access.revoked'), 60_000);
    return took;
  }

  async function bareParts(): Promise<number> {
    const access = newId();
    const { memory, processes } = { memory: 128 * 1024 ** 2, processes: 64 };
    const endsAt = Math.ceil((Date.now() + 300_000) / 1_000) * 1_000;
    const begun = performance.now();
    await sandboxes.open({
      labels: { install, access, requester: 'U0ANA', target: 'wiki' },
      limits: { memoryBytes: memory, cpus: 1, processes, diskBytes: 16 * 1024 ** 2 },
      listeners: [],
      environment: {},
      deadline: endsAt,
    });
    const { aws } = worldPolicy.targets.wiki.grant;
    await grants.issue({
      access,
      requester: 'U0ANA',
      target: 'wiki',
      aws: { ...aws, boundary: boundaryArn },
      endsAt,
    });
    const took = performance.now() - begun;
    await sandboxes.close(access);
    await grants.revoke(access);
    return took;
  }
}
