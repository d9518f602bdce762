/** `audit verify`: whether the trail, or an export of it, is whole; and if not, which entry is wrong. */
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CommanderError, InvalidArgumentError, Option } from 'commander';
import { publicKeyText } from '../../domain/audit.ts';
import { readExport, readPublicKey, type TrustedKeys } from '../../flow/trail-export.ts';
import { type TrailVerdict, verifyExport, verifyTrail, type Witnessed } from '../../flow/verify-trail.ts';
import type { CliDeps } from './deps.ts';
import { exit, helpEnd, plain, printJson, printLine } from './output.ts';
import { jsonFlag, type Verb, type WithJson } from './verb.ts';
import { withStore } from './wrong-config.ts';

type Options = WithJson & {
  readonly file?: string;
  readonly stream?: true;
  readonly key: readonly string[];
  readonly head: readonly Witnessed[];
};

export const auditVerifyVerb: Verb = (parent, deps, finish) => {
  parent
    .command('verify')
    .summary('verify that the audit trail is whole')
    .description(
      'Checks every hash, number and signature of the trail in Redis, and that it still holds what its witnesses saw; or, with --file, of an export, for which neither Redis nor any configuration is needed. Names each entry that is wrong.',
    )
    .option('--file <export>', 'verify an export instead of the stream')
    .addOption(new Option('--stream', 'verify the stream in Redis (the default)').conflicts('file'))
    .option('--key <base64>', 'trust this public key; may be repeated', keyOf, [])
    .option('--head <seq:hash>', 'an entry that must be there; may be repeated', headOf, [])
    .option(...jsonFlag)
    .addHelpText(
      'after',
      helpEnd(
        'audit verify',
        'audit verify --file trail.jsonl --key 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
      ),
    )
    .action(async (options: Options) => {
      const verdict =
        options.file === undefined ? await onStream(deps, options) : await onFile(options.file, options);
      if (options.json) printJson(deps.stdout, verdict);
      else printVerdict(deps, verdict);
      if (verdict.flaws.length > 0) finish(exit.refused);
      else finish(verdict.unheard.length > 0 ? exit.unavailable : exit.ok);
    });
};

/** `keys`: whose word it was that these are the bot's keys. */
type Told = TrailVerdict & { readonly keys: 'given' | 'own' | 'of the file' };

async function onStream(deps: CliDeps, { key, head }: Options): Promise<Told> {
  return withStore(deps, async ({ ledger, witnesses }, { signingKey }) => {
    const keys = key.length === 0 ? [publicKeyText(createPublicKey(signingKey))] : key;
    const verdict = await verifyTrail({ ledger, witnesses }, trusted(keys), head);
    return { ...verdict, keys: key.length === 0 ? 'own' : 'given' };
  });
}

async function onFile(file: string, { key, head }: Options): Promise<Told> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommanderError(1, 'prod-access.export', `error: ${file} cannot be read: ${why}`);
  });
  const read = readExport(text);
  if (read === undefined) {
    const says = `${file} is no export of the trail: its first line is not {"chain": …, "keys": [ … ]}`;
    const flaws = [{ kind: 'unreadable', says }] as const;
    return { flaws, chains: [], entries: 0, unheard: [], witnessed: [], keys: 'given' };
  }
  const verdict = verifyExport(read, trusted(key.length === 0 ? read.keys : key), head);
  return { ...verdict, keys: key.length === 0 ? 'of the file' : 'given' };
}

function trusted(keys: readonly string[]): TrustedKeys {
  return keys.flatMap((key) => readPublicKey(key) ?? []);
}

function printVerdict(
  { stdout, stderr }: CliDeps,
  { flaws, chains, entries, unheard, witnessed, keys }: Told,
): void {
  for (const { kind, says } of flaws) printLine(stdout, `${kind}: ${plain(says)}`);
  for (const why of unheard) printLine(stderr, `note: a witness could not be asked: ${plain(why)}`);
  if (keys === 'of the file')
    printLine(stderr, "note: the keys are the file's own word: pin them with --key");
  if (witnessed.length === 0)
    printLine(stderr, 'note: without a witness or --head, a trail that was cut short looks whole');
  const ends = chains.map(({ chain, seq, hash }) => `chain ${chain} up to #${seq} (${hash})`).join(', ');
  const count = `${entries} ${entries === 1 ? 'entry' : 'entries'}${ends === '' ? '' : `, ${ends}`}`;
  const flawed = `${flaws.length} ${flaws.length === 1 ? 'flaw' : 'flaws'}`;
  printLine(stdout, flaws.length === 0 ? `ok: ${count}` : `WRONG: ${flawed} in ${count}`);
}

function keyOf(text: string, before: readonly string[]): readonly string[] {
  if (readPublicKey(text) !== undefined) return [...before, text];
  throw new InvalidArgumentError('It must be an Ed25519 public key: the base64 of 32 bytes.');
}

function headOf(text: string, before: readonly Witnessed[]): readonly Witnessed[] {
  const match = /^([1-9][0-9]{0,14}):([0-9a-f]{64})$/.exec(text);
  if (match !== null) return [...before, { seq: Number(match[1]), hash: match[2] ?? '' }];
  throw new InvalidArgumentError('It must be a number and a whole hash, such as 17:<64 hex digits>.');
}
