import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CreateRoleCommand } from '@aws-sdk/client-iam';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { account, clients, policy, trust } from './lookalike.ts';

const firstLine = z.object({ url: z.string(), accessKeyId: z.string(), secretAccessKey: z.string() });

test('runs as a process of its own and is steered over HTTP', async () => {
  const main = new URL('../../../src/playground/aws/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main, '--propagation-ms', '5'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = await once(createInterface(child.stdout), 'line');
    const { url, ...keys } = firstLine.parse(JSON.parse(String(line)));
    const control = async (command: string, body?: unknown): Promise<unknown> => {
      const answer = await fetch(`${url}/_control/${command}`, {
        method: 'POST',
        body: JSON.stringify(body) ?? '',
      });
      return answer.json();
    };
    const { iam } = clients(url, keys);
    const create = () =>
      iam.send(
        new CreateRoleCommand({
          RoleName: 'r',
          AssumeRolePolicyDocument: policy(trust(account, 'sts:AssumeRole')),
        }),
      );
    expect(await control('inject', { action: 'CreateRole', error: 'Throttling' })).toEqual({ ok: true });
    await expect(create()).rejects.toMatchObject({ name: 'Throttling' });
    await create();
    expect(await control('roles')).toMatchObject([{ name: 'r' }]);
    expect(await control('counts')).toEqual({ CreateRole: 2 });
    expect(await control('inject', { action: 1 })).toHaveProperty('error');
    expect(await control('unknown')).toHaveProperty('error');
  } finally {
    const gone = once(child, 'exit');
    child.kill();
    await gone;
  }
});
