/**
 * `policy explain`: what the policy says to an ask and why, offline. Groups of Slack are not looked up: who is in them
 * is given on the command line, and a group that was not given counts as one that could not be had.
 */
import { CommanderError, InvalidArgumentError } from 'commander';
import { formatDuration, isoTime } from '../../domain/duration.ts';
import { type Asked, type Judged, judge } from '../../domain/judge.ts';
import type { Facts } from '../../domain/people.ts';
import { groupsOf, type Policy, targetOf } from '../../domain/policy.ts';
import type { Ask } from '../../domain/request.ts';
import type { Out } from './deps.ts';
import { type Members, memberOf, readGroups } from './members.ts';
import { exit, helpEnd, plain, printJson, printLine, refusalText } from './output.ts';
import { printProblems, readPolicyFile } from './policy-file.ts';
import { jsonFlag, type Verb, type WithJson } from './verb.ts';

type Options = WithJson & {
  readonly person: string;
  readonly target: string;
  readonly duration?: string;
  readonly reason: string;
  readonly ticket?: string;
  readonly at?: number;
  readonly groups?: string;
  readonly member: Members;
};

export const policyExplainVerb: Verb = (parent, deps, finish) => {
  parent
    .command('explain')
    .summary('say what the policy would answer, and why')
    .description(
      'Judges a request by a policy file without Slack: every rule that was looked at, what it said, and who would be asked. The person counts as a full member of the workspace.',
    )
    .argument('<file>', 'the policy file')
    .requiredOption('--person <id>', 'who asks: a Slack user id', personOf)
    .requiredOption('--target <name>', 'what for')
    .option('--duration <duration>', "how long, such as 45m; left out, the target's default")
    .option('--reason <text>', 'why', 'explained on the command line')
    .option('--ticket <id>', 'the ticket')
    .option('--at <time>', 'when, such as 2026-11-27T19:00:00Z; left out, now', instantOf)
    .option('--member <group=U1,U2>', 'who is in a Slack user group; may be repeated', memberOf, {})
    .option('--groups <file>', 'the same from a YAML or JSON file: {group: [U1, U2]}')
    .option(...jsonFlag)
    .addHelpText(
      'after',
      helpEnd(
        'policy explain policy.yaml --person U0ANA --target payments-db --duration 45m --member payments=U0ANA,U0BEN',
      ),
    )
    .action(async (file: string, options: Options) => {
      const read = await readPolicyFile(deps, file);
      if ('problems' in read) {
        if (options.json) printJson(deps.stdout, { file, ok: false, problems: read.problems });
        else printProblems(deps, file, read.problems);
        finish(exit.config);
        return;
      }
      const { policy } = read;
      const given = { ...(await readGroups(options.groups)), ...options.member };
      mustBeGroups(policy, Object.keys(given), file);
      const known = factsFrom(policy, given, options.person);
      // Whoever has the file may be told that it lacks a target; in Slack that must not show.
      const facts = targetOf(policy, options.target) === undefined ? { ...known, missing: [] } : known;
      const ask: Ask = {
        target: options.target,
        reason: options.reason,
        ...(options.duration === undefined ? {} : { duration: options.duration }),
        ...(options.ticket === undefined ? {} : { ticket: options.ticket }),
      };
      const now = options.at ?? deps.clock.now();
      const asked: Asked = { requester: { id: options.person, name: options.person }, ask };
      const judged = judge(policy, asked, facts, now);
      const unknown = groupsOf(policy, ask.target).filter((group) => facts.missing.includes(group));
      if (options.json) printJson(deps.stdout, { ...reduced(judged), unknown });
      else printExplained(deps.stdout, { asked, now, judged, facts, unknown });
      finish(judged.outcome === 'refused' ? exit.refused : exit.ok);
    });
};

type Explained = {
  readonly asked: Asked;
  readonly now: number;
  readonly judged: Judged;
  readonly facts: Facts;
  readonly unknown: readonly string[];
};

function printExplained(out: Out, { asked, now, judged, facts, unknown }: Explained): void {
  const howLong = judged.outcome === 'refused' ? '' : ` for ${formatDuration(judged.durationMs)}`;
  printLine(out, `${asked.requester.id} asks for ${plain(asked.ask.target)}${howLong} at ${isoTime(now)}`);
  for (const { rule, held, says } of judged.findings)
    printLine(out, `  ${held ? heldMark(rule) : '[ ]'} ${plain(rule)}: ${plain(says)}`);
  switch (judged.outcome) {
    case 'refused':
      if (judged.refusal.code === 'directory-unavailable')
        printLine(out, 'Refused: it cannot be told who is in some of the groups.');
      else
        for (const refusal of [judged.refusal, ...(judged.also ?? [])])
          printLine(out, `Refused (${refusal.code}): ${refusalText(refusal)}`);
      break;
    case 'approved':
      printLine(
        out,
        `Approved at once, by ${judged.basis.by === 'rule' ? plain(judged.basis.rule) : 'votes'}.`,
      );
      break;
    case 'waits':
      printLine(out, 'Waits for approval, each line by different people:');
      for (const { from, count } of judged.lines) {
        const people = from.flatMap((group) => [...(facts.members[group] ?? [])]);
        const may = [...new Set(people)].filter((person) => person !== asked.requester.id);
        const known = may.length === 0 ? 'nobody known' : may.join(', ');
        printLine(out, `  ${count} of ${from.join(' or ')} (${known})`);
      }
  }
  for (const group of unknown)
    printLine(out, `Not known here: who is in ${group}. Say it with --member ${group}=U…,U…`);
}

/** A deny rule that holds must not look like something that was passed. */
function heldMark(rule: string): string {
  return rule.endsWith('.deny') ? '[!]' : '[x]';
}

function mustBeGroups({ groups }: Policy, names: readonly string[], file: string): void {
  const name = names.find((each) => !Object.hasOwn(groups, each));
  if (name === undefined) return;
  const message = `error: ${name} is no group of ${file}; it has ${Object.keys(groups).join(', ')}`;
  throw new CommanderError(1, 'prod-access.unknown-group', message);
}

/** Without what only the next step needs. */
function reduced(judged: Judged): object {
  if (judged.outcome === 'refused') return judged;
  const { target: _, terms: __, ...rest } = judged;
  return rest;
}

function factsFrom(policy: Policy, given: Members, person: string): Facts {
  const members: Record<string, ReadonlySet<string>> = {};
  const missing: string[] = [];
  for (const [name, { users }] of Object.entries(policy.groups)) {
    const people = users ?? given[name];
    if (people === undefined) missing.push(name);
    else members[name] = new Set(people);
  }
  const account = { id: person, team: 'T', name: person, deleted: false, bot: false };
  return {
    team: 'T',
    members,
    accounts: { [person]: { ...account, restricted: false, ultraRestricted: false, stranger: false } },
    missing,
  };
}

function personOf(text: string): string {
  if (/^[UW][A-Z0-9]{2,20}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a Slack user id such as U0ANA.');
}

function instantOf(text: string): number {
  const at = /^[0-9]{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new InvalidArgumentError('It must be a time such as 2026-11-27T19:00:00Z.');
}
