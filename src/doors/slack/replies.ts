/** Ephemeral answers to `/prod-access`. Pure: facts in, Slack messages out. */
import type { Access } from '../../domain/access.ts';
import { formatDuration } from '../../domain/duration.ts';
import type { Target } from '../../domain/policy.ts';
import type { Refusal } from '../../domain/refusal.ts';
import { outcome } from '../../words/card.ts';
import { refusalWords } from '../../words/refusals.ts';
import { clip, escapeText, listed } from '../../words/slack-text.ts';

export type Reply = { readonly response_type: 'ephemeral'; readonly text: string };

export function reply(text: string): Reply {
  return { response_type: 'ephemeral', text: clip(text, 12_000) };
}

export function refusalReply(...refusals: readonly Refusal[]): Reply {
  return reply(`:no_entry_sign: ${refusals.map(refusalWords).join(' ')}`);
}

export function askedReply({
  access,
  target,
  twins,
}: {
  readonly access: Access;
  readonly target: Target | undefined;
  readonly twins: number;
}): Reply {
  const { request } = access;
  const also =
    twins > 0
      ? `\nYou already ${twins === 1 ? 'have one request or access' : `have ${twins} requests or accesses`} for this target; this is one more.`
      : '';
  if (access.state !== 'waiting') {
    return reply(
      `:white_check_mark: Approved: ${formatDuration(request.durationMs)} of \`${request.target}\` (\`${request.id}\`). It is being opened; you will hear from me.${also}`,
    );
  }
  const lines =
    target?.approvers.map(({ from, count }) => `${count} from ${from.map(escapeText).join(' or ')}`) ?? [];
  return reply(
    `:hourglass: Asked for ${formatDuration(request.durationMs)} of \`${request.target}\` (\`${request.id}\`). ${listed(lines)} must approve it; they were asked.${also}`,
  );
}

export function accessLine(access: Access): string {
  const { request } = access;
  return `\`${request.id}\` \`${request.target}\` for ${formatDuration(request.durationMs)}: ${outcome(access)}`;
}

export function listReply(mine: readonly Access[], offered: readonly string[]): Reply {
  const have =
    mine.length === 0 ? 'You have no access and no open request.' : mine.map(accessLine).join('\n');
  const may =
    offered.length === 0
      ? 'You may not ask for any target at present.'
      : `You may ask for ${listed(
          offered.map((name) => `\`${name}\``),
          'or',
        )}.`;
  return reply(`${have}\n${may}`);
}

export function helpReply(offered: readonly string[]): Reply {
  const example = offered[0] ?? 'payments-db';
  return reply(
    [
      '*prod-access* gives you one target, for one reason, for a limited time.',
      '`/prod-access` opens a form',
      `\`/prod-access ${example} 45m checkout answers 500, INC-4821\` asks in one line`,
      '`/prod-access list` shows what you have and what you may ask for',
      '`/prod-access status [id]` shows one access',
      '`/prod-access done [id]` ends it early; while it waits, withdraws it',
      "`/prod-access revoke <id> [reason]` takes somebody's access away, for those who may approve it",
      'Durations are written 90s, 45m, 2h or 1d. An id may be shortened to what is unique.',
    ].join('\n'),
  );
}

export const troubleReply = reply(
  ':warning: Something failed on our side and nothing was done. Try again in a moment; if it stays, tell whoever runs prod-access.',
);
