/** A command line in memory: what it prints, what it is given, and the code it ends with. */
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePolicy } from '../../../src/adapters/policy-file/parse-policy.ts';
import type { CliDeps } from '../../../src/doors/cli/deps.ts';
import { runCli } from '../../../src/doors/cli/program.ts';
import type { Timer } from '../../../src/ports/timers.ts';
import { noon } from '../../support/builders.ts';
import { type MemoryLedger, memoryLedger } from '../../support/memory-ledger.ts';

export type Said = { readonly code: number; readonly out: string; readonly err: string };

export type Console = Disposable & {
  readonly dir: string;
  readonly ledger: MemoryLedger;
  readonly timers: Timer[];
  readonly opened: { store: number; closed: number };
  run(args: readonly string[], change?: Partial<CliDeps>): Promise<Said>;
  file(name: string, content: string): string;
};

export function openConsole(): Console {
  const dir = mkdtempSync(join(tmpdir(), 'prod-access-cli-'));
  const { privateKey } = generateKeyPairSync('ed25519');
  const ledger = memoryLedger(privateKey);
  const key = join(dir, 'key.pem');
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  chmodSync(key, 0o600);
  const timers: Timer[] = [];
  const opened = { store: 0, closed: 0 };
  return {
    dir,
    ledger,
    timers,
    opened,
    file: (name, content) => {
      writeFileSync(join(dir, name), content);
      return join(dir, name);
    },
    run: async (args, change = {}) => {
      let out = '';
      let err = '';
      const unexpected = async (): Promise<never> => {
        throw new Error('not called for');
      };
      const code = await runCli(args, {
        env: {
          REDIS_URL: 'redis://127.0.0.1:1',
          PROD_ACCESS_DATA_DIR: dir,
          PROD_ACCESS_SIGNING_KEY: key,
        },
        stdout: {
          write: (text, done) => {
            out += text;
            done?.();
          },
        },
        stderr: { write: (text) => (err += text) },
        clock: { now: () => noon, sleep: async () => {} },
        user: 'root',
        signal: new AbortController().signal,
        version: '1.2.3',
        readPolicy: parsePolicy,
        openStore: () => {
          opened.store += 1;
          return {
            ledger,
            timers: { schedule: async (each) => void timers.push(...each) },
            witnesses: [],
            [Symbol.asyncDispose]: async () => {
              opened.closed += 1;
            },
          };
        },
        openFlow: unexpected,
        serve: unexpected,
        demo: unexpected,
        doctor: unexpected,
        ...change,
      });
      return { code, out, err };
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true }),
  };
}
