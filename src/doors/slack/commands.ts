/** `/prod-access …`: reads the line and calls one flow. Returns what the person is shown. */
import { isFinished } from '../../domain/access.ts';
import { offeredTo, requestersOf } from '../../domain/judge.ts';
import { ineligibility, type Person } from '../../domain/people.ts';
import { targetOf } from '../../domain/policy.ts';
import { isRefused } from '../../domain/refusal.ts';
import { parseAsk } from '../../domain/request.ts';
import type { Flow } from '../../flow/deps.ts';
import { barFromAccess, done, revoke } from '../../flow/end-early.ts';
import { findAccess, newestOf, unfinishedOf } from '../../flow/find-access.ts';
import { openRequest } from '../../flow/open-request.ts';
import { accessLine, askedReply, helpReply, listReply, type Reply, refusalReply, reply } from './replies.ts';

export async function runCommand(flow: Flow, person: Person, text: string): Promise<Reply> {
  const [word = '', ...rest] = text.trim().split(/\s+/);
  switch (word) {
    case 'help':
      return helpReply(await offered(flow, person));
    case 'list':
      return listReply(
        (await unfinishedOf(flow, person.id)).map(({ access }) => access),
        await offered(flow, person),
      );
    case 'status':
      return status(flow, person, rest[0]);
    case 'done':
      return finish(flow, person, rest[0]);
    case 'revoke':
      return takeAwayFrom(flow, person, rest[0], rest.slice(1).join(' '));
    case 'extend':
      return reply(
        'Extending is not in this version yet. Ask again with `/prod-access <target> <duration> <reason>`.',
      );
    default:
      return ask(flow, person, text);
  }
}

async function ask(flow: Flow, person: Person, text: string): Promise<Reply> {
  const asked = parseAsk(text);
  const [outcome, open] = await Promise.all([
    openRequest(flow, { requester: person, ask: asked }),
    flow.ledger.unfinishedOf(person.id),
  ]);
  if (isRefused(outcome)) {
    const hint = outcome.refused.code === 'no-such-target' ? ' `/prod-access help` shows the commands.' : '';
    const refused = refusalReply(outcome.refused, ...(outcome.also ?? []));
    return { ...refused, text: refused.text + hint };
  }
  const { request } = outcome.access;
  const twins = open.filter(({ id, target }) => target === request.target && id !== request.id).length;
  return askedReply({
    access: outcome.access,
    target: targetOf(flow.policy.current(), request.target),
    twins,
  });
}

async function status(flow: Flow, person: Person, id: string | undefined): Promise<Reply> {
  if (id === undefined) {
    const recent = await newestOf(flow, person.id, 5);
    return reply(
      recent.length === 0
        ? 'You have not asked for anything yet. `/prod-access` opens a form.'
        : recent.map(({ access }) => accessLine(access)).join('\n'),
    );
  }
  const found = await findAccess(flow, id);
  if (isRefused(found)) return refusalReply(found.refused);
  // Somebody else's reads like one that does not exist: who works on what is no public matter.
  const bar = await barFromAccess(flow, found.access.request, person);
  return bar === undefined
    ? reply(accessLine(found.access))
    : refusalReply({ code: 'no-such-access', text: id });
}

async function finish(flow: Flow, person: Person, id: string | undefined): Promise<Reply> {
  const chosen = id === undefined ? await onlyOne(flow, person) : await findAccess(flow, id);
  if ('text' in chosen) return chosen;
  if (isRefused(chosen)) return refusalReply(chosen.refused);
  const outcome = await done(flow, { access: chosen.access.request.id, person });
  if (isRefused(outcome)) return refusalReply(outcome.refused);
  const { request, state } = outcome.access;
  return reply(
    state === 'withdrawn'
      ? `:leftwards_arrow_with_hook: Withdrawn: \`${request.id}\`.`
      : `:lock: Ending \`${request.id}\` now. You will hear when everything is taken away.`,
  );
}

async function onlyOne(flow: Flow, person: Person) {
  const open = (await unfinishedOf(flow, person.id)).filter(
    ({ access }) => !isFinished(access) && access.state !== 'revoking',
  );
  const [first] = open;
  if (first === undefined) return reply('You have nothing to end.');
  if (open.length > 1)
    return reply(
      `You have ${open.length}. Say which:\n${open.map(({ access }) => accessLine(access)).join('\n')}`,
    );
  return first;
}

async function takeAwayFrom(flow: Flow, person: Person, id: string | undefined, why: string): Promise<Reply> {
  if (id === undefined)
    return reply('Say which: `/prod-access revoke <id> [reason]`. The id is at the foot of its card.');
  const found = await findAccess(flow, id);
  if (isRefused(found)) return refusalReply(found.refused);
  const outcome = await revoke(flow, {
    access: found.access.request.id,
    by: { person },
    ...(why === '' ? {} : { why }),
  });
  if (isRefused(outcome)) return refusalReply(outcome.refused);
  return reply(`:lock: Taking away \`${outcome.access.request.id}\` now.`);
}

/** Targets that this person may ask for; empty where the directory does not answer or the account may not ask. */
export async function offered(
  flow: Pick<Flow, 'policy' | 'directory'>,
  person: Person,
): Promise<readonly string[]> {
  const policy = flow.policy.current();
  const facts = await flow.directory.facts(policy, requestersOf(policy), [person.id]);
  if (ineligibility(facts.accounts[person.id], facts.team) !== undefined) return [];
  return offeredTo(policy, person.id, facts);
}
