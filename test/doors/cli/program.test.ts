import { type Command, Help } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config, ConfigProblems } from '../../../src/config.ts';
import type { CliDeps } from '../../../src/doors/cli/deps.ts';
import { buildProgram } from '../../../src/doors/cli/program.ts';
import type { Flow } from '../../../src/flow/deps.ts';
import { noon } from '../../support/builders.ts';
import { type Console, openConsole } from './console.ts';

let cli: Console;
beforeEach(() => {
  cli = openConsole();
});
afterEach(() => cli[Symbol.dispose]());

const verbsOf = (command: Command, path = ''): { path: string; command: Command }[] =>
  command.commands.flatMap((each) => {
    const name = `${path}${each.name()}`;
    return each.commands.length === 0 ? [{ path: name, command: each }] : verbsOf(each, `${name} `);
  });

describe('help', () => {
  const program = buildProgram({ version: '1.2.3' } as CliDeps, () => {});

  it('names every verb', () => {
    expect(verbsOf(program).map(({ path }) => path)).toEqual([
      'serve',
      'demo',
      'doctor',
      'policy check',
      'policy explain',
      'policy schema',
      'access list',
      'access show',
      'access revoke',
      'audit tail',
      'audit verify',
      'audit export',
      'sweep',
    ]);
  });

  it.each(verbsOf(program).map(({ path, command }) => [path, command] as const))(
    '%s has a line, an example, --json and its exit codes',
    async (path, command) => {
      expect(new Help().subcommandDescription(command).length).toBeLessThan(80);
      const { code, out, err } = await cli.run([...path.split(' '), '--help']);
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain(`Usage: prod-access ${path} `);
      expect(out).toContain(`$ prod-access ${path}`);
      expect(out).toContain('--json');
      expect(out).toContain('Exit codes: 0 fine,');
    },
  );

  it('tells a newcomer where to begin', async () => {
    const { code, out } = await cli.run(['--help']);
    expect(code).toBe(0);
    expect(out).toContain('New here? "prod-access demo"');
    expect((await cli.run(['--version'])).out).toBe('1.2.3\n');
  });
});

it.each([
  [[]],
  [['acess']],
  [['access']],
  [['access', 'lst']],
  [['access', 'show']],
  [['serve', '--fast']],
  [['demo', '--port', 'x']],
])('%j is wrong usage', async (args) => {
  const { code, out, err } = await cli.run(args);
  expect([code, out]).toEqual([64, '']);
  expect(err.length).toBeGreaterThan(20);
});

/** All that the bot must be told. */
const wholeEnv = () => ({
  REDIS_URL: 'redis://h',
  PROD_ACCESS_DATA_DIR: cli.dir,
  PROD_ACCESS_SIGNING_KEY: `${cli.dir}/key.pem`,
  SLACK_BOT_TOKEN: 'xoxb-1',
  SLACK_SIGNING_SECRET: 's',
  AWS_REGION: 'eu-west-1',
  PROD_ACCESS_POLICY: cli.file('policy.yaml', 'version: 1\n'),
});

describe('sweep', () => {
  const sweep = async (list: () => Promise<readonly never[]>) => {
    const flow = {
      ledger: cli.ledger,
      timers: { schedule: async () => {} },
      grants: { list },
      sandboxes: { list: async () => [] },
      leases: {
        during: async (_: string, work: (signal: AbortSignal) => Promise<unknown>) =>
          work(new AbortController().signal),
      },
      clock: { now: () => noon, sleep: async () => {} },
      [Symbol.asyncDispose]: async () => {},
    };
    return cli.run(['sweep'], {
      env: wholeEnv(),
      openFlow: async () => flow as unknown as Flow & AsyncDisposable,
    });
  };

  it('says how much it had to tell', async () => {
    expect(await sweep(async () => [])).toEqual({
      code: 0,
      out: 'Swept: 0 new entries in the trail.\n',
      err: '',
    });
  });

  it('says what it could not do, and exits with 69', async () => {
    const { code, out } = await sweep(async () => {
      throw new Error('AWS is away');
    });
    expect([code, out]).toEqual([
      69,
      expect.stringMatching(/^not done: err=AWS is away .*\nSwept in part: 0 new entries/),
    ]);
  });
});

describe('what starts a process', () => {
  it('serves with a whole configuration, and gives back its exit code', async () => {
    const configs: Config[] = [];
    const env = wholeEnv();
    const { code } = await cli.run(['serve'], {
      env,
      serve: async (config) => {
        configs.push(config);
        return 75;
      },
    });
    expect([code, configs[0]?.policyPath]).toEqual([75, env.PROD_ACCESS_POLICY]);
    const { SLACK_BOT_TOKEN: _, ...base } = env;
    const lacking = await cli.run(['serve'], { env: base });
    expect([lacking.code, lacking.err]).toEqual([
      78,
      expect.stringContaining('SLACK_BOT_TOKEN: is missing.'),
    ]);
    expect((await cli.run(['sweep'], { env: base })).code).toBe(78);
  });

  it('hands demo its options and doctor whatever the configuration is', async () => {
    const given: unknown[] = [];
    const demo = async (options: unknown): Promise<number> => {
      given.push(options);
      return 0;
    };
    await cli.run(['demo'], { demo });
    await cli.run(['demo', '--port', '8080', '--json'], { demo });
    expect(given).toEqual([{ json: false }, { json: true, port: 8080 }]);
    const seen: (Config | ConfigProblems)[] = [];
    const { code } = await cli.run(['doctor'], {
      env: {},
      doctor: async (config) => {
        seen.push(config);
        return 78;
      },
    });
    expect(code).toBe(78);
    expect(seen[0]).toHaveProperty('problems');
  });
});
