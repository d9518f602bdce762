/**
 * The approval card: built from what the ledger and the policy say, never from what a client sent. Buttons carry the
 * access id and nothing that authority could hang on.
 */
import type { Access, Revoked } from '../domain/access.ts';
import type { Tally } from '../domain/approval.ts';
import { formatDuration } from '../domain/duration.ts';
import type { Policy, Target } from '../domain/policy.ts';
import type { Message } from '../ports/notices.ts';
import { bytes } from './bytes.ts';
import { ruleReason } from './course.ts';
import { clip, escapeText, listed, mention, when } from './slack-text.ts';

export const approveAction = 'approve';
export const denyAction = 'deny';

export type CardFacts = {
  readonly access: Access;
  /** Absent where the policy no longer names it. */
  readonly target: Target | undefined;
  readonly groups: Policy['groups'];
  readonly tally: Tally;
  /** Where the web pages are, if any. */
  readonly pages?: string;
};

export function card({ access, target, groups, tally, pages }: CardFacts): Message {
  const { request } = access;
  const name = target?.name ?? request.target;
  const fields = [
    `*Who*\n${mention(request.requester.id)}`,
    `*For how long*\n${formatDuration(request.durationMs)}`,
    `*Target*\n${escapeText(name)} (\`${request.target}\`)`,
    `*Ticket*\n${request.ticket === undefined ? 'none' : escapeText(request.ticket)}`,
  ];
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: clip(`${headline(access)}: ${name}`, 150) } },
    { type: 'section', fields: fields.map(markdown) },
    { type: 'section', text: markdown(`*Reason*\n>${escapeText(request.reason)}`) },
    {
      type: 'section',
      text: markdown(
        `*What it grants*\n${target === undefined ? 'no longer in the policy' : grants(target)}`,
      ),
    },
    { type: 'section', text: markdown(`*Who decides*\n${deciders(access, groups, tally)}`) },
    ...(access.state === 'waiting' ? [buttons(request.id)] : []),
    { type: 'context', elements: [markdown(`${outcome(access)}  ·  ${nameOf(request.id, pages)}`)] },
  ];
  return {
    text: `${headline(access)}: ${escapeText(request.requester.name)} asks for ${escapeText(name)}`,
    blocks,
  };
}

/** The id, leading to its sessions and its trail where there are pages. */
function nameOf(id: string, pages: string | undefined): string {
  return pages === undefined ? `\`${id}\`` : `\`${id}\`  ·  <${pages}/accesses/${id}|sessions and trail>`;
}

function headline(access: Access): string {
  switch (access.state) {
    case 'waiting':
      return 'Access wanted';
    case 'rejected':
      return 'Denied';
    case 'withdrawn':
      return 'Withdrawn';
    case 'lapsed':
      return 'Lapsed';
    case 'approved':
    case 'provisioning':
      return 'Approved';
    case 'active':
      return 'Active';
    case 'revoking':
      return 'Being revoked';
    case 'revoked':
      return 'Revoked';
    case 'failed':
      return 'Failed';
  }
}

/** The line at the card's foot: what became of it, and who decided. */
export function outcome(access: Access): string {
  switch (access.state) {
    case 'waiting':
      return `:hourglass: lapses ${when(access.lapsesAt)}`;
    case 'rejected':
      return `:no_entry: denied by ${actorName(access.by)} ${when(access.at)}${access.why === undefined ? '' : `: ${escapeText(clip(access.why, 300))}`}`;
    case 'withdrawn':
      return `:leftwards_arrow_with_hook: withdrawn by its requester ${when(access.at)}`;
    case 'lapsed':
      return `:zzz: nobody decided in time`;
    case 'approved':
    case 'provisioning':
      return `:white_check_mark: ${approvedBy(access)}; being opened`;
    case 'active':
      return `:large_green_circle: active until ${when(access.endsAt)}; ${approvedBy(access)}`;
    case 'revoking':
      return `:arrows_counterclockwise: being taken away; ${approvedBy(access)}`;
    case 'revoked':
      return `:lock: revoked ${endWords(access)}; ${approvedBy(access)}`;
    case 'failed':
      return `:warning: failed ${when(access.endedAt)}: ${escapeText(clip(access.why, 300))}`;
  }
}

type Decided = Extract<Access, { basis: unknown }>;

export function approvedBy({ basis, votes }: Decided): string {
  if (basis.by === 'rule') return `approved by a rule: ${becauseOf(basis.rule)}`;
  return `approved by ${listed(votes.filter(({ answer }) => answer === 'approve').map(({ person }) => mention(person)))}`;
}

function becauseOf(rule: string): string {
  return escapeText(clip(ruleReason(rule), 150));
}

/** When it was seen to be gone, by whom it was taken, and why. */
export function endWords({ cause, endedAt }: Revoked): string {
  switch (cause.kind) {
    case 'end':
      return `${when(endedAt)}: its time was up`;
    case 'done':
      return `${when(endedAt)}: its requester was done`;
    case 'revoked':
      return `by ${actorName(cause.by)} ${when(endedAt)}${cause.why === undefined ? '' : `: ${escapeText(clip(cause.why, 200))}`}`;
    case 'failed':
      return `${when(endedAt)}: ${escapeText(clip(cause.why, 200))}`;
  }
}

function actorName(actor: { readonly kind: string; readonly id: string; readonly name: string }): string {
  return actor.kind === 'person' ? mention(actor.id) : `\`${escapeText(actor.id)}\``;
}

function grants({ grant: { aws }, sandbox }: Target): string {
  const rights = [
    ...aws.managed.map((arn) => `\`${escapeText(arn.slice(arn.lastIndexOf('/') + 1))}\``),
    ...(aws.policy === undefined ? [] : [`\`${escapeText(clip(JSON.stringify(aws.policy), 900))}\``]),
  ];
  const download =
    sandbox.download === undefined
      ? ''
      : `\n:inbox_tray: files of up to ${bytes(sandbox.download)} in all may be downloaded from it`;
  const where = `AWS account ${aws.account}, ${aws.region}: ${rights.length === 0 ? 'nothing but reading its own role' : rights.join(', ')}`;
  return `${where}\nan isolated environment with ${Math.round(sandbox.memory / 1024 ** 2)} MiB of memory and ${waysOut(sandbox)}${download}`;
}

function waysOut({ egress, forwards }: Target['sandbox']): string {
  const lines = [
    ...forwards.map(({ name, to }) => `\`${name}\` (${to.host}:${to.port})`),
    ...egress.map(({ host, port }) => `\`${host}:${port}\``),
  ];
  if (lines.length === 0) return 'no network';
  const more = lines.length > 10 ? ` and ${lines.length - 10} more` : '';
  return `no network but ${lines.slice(0, 10).join(', ')}${more}`;
}

function deciders(access: Access, groups: Policy['groups'], tally: Tally): string {
  if ('basis' in access && access.basis.by === 'rule')
    return `:white_check_mark: a rule: ${becauseOf(access.basis.rule)}`;
  return clip(
    tally.lines
      .map(({ from, count, by }) => {
        const open = access.state === 'waiting' && by.length < count;
        const who = from
          .map((name) => `${escapeText(name)} (${groupMentions(groups[name], open)})`)
          .join(' or ');
        const given = by.length === 0 ? '' : `, given by ${listed(by.map(mention))}`;
        return `${by.length >= count ? ':white_check_mark:' : ':white_large_square:'} ${by.length} of ${count} from ${who}${given}`;
      })
      .join('\n'),
    2_900,
  );
}

/** Mentions only those whose answer is still wanted: an update must not call everybody again. */
function groupMentions(group: Policy['groups'][string] | undefined, calls: boolean): string {
  if (group?.usergroup !== undefined) return calls ? `<!subteam^${group.usergroup}>` : 'user group';
  const users = group?.users ?? [];
  const shown = users.slice(0, 10).map(mention).join(' ');
  return users.length > 10 ? `${shown} and ${users.length - 10} more` : shown;
}

function buttons(id: string): Message['blocks'][number] {
  const button = (text: string, action: string, style: string) => ({
    type: 'button',
    action_id: action,
    value: id,
    style,
    text: { type: 'plain_text', text },
  });
  return {
    type: 'actions',
    block_id: 'decide',
    elements: [button('Approve', approveAction, 'primary'), button('Deny', denyAction, 'danger')],
  };
}

function markdown(text: string): { type: 'mrkdwn'; text: string } {
  return { type: 'mrkdwn', text: clip(text, 2_990) };
}
