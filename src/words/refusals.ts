/** The one place that turns refusals into words for people. Each says what was wrong and what would be right. */
import { durationForm, formatDuration } from '../domain/duration.ts';
import { type FileFlaw, ownPlaces } from '../domain/own-path.ts';
import type { Ineligibility } from '../domain/people.ts';
import type { Refusal } from '../domain/refusal.ts';
import { cleanText } from '../domain/request.ts';
import { bytes } from './bytes.ts';
import { clip, counted, escapeText, listed } from './slack-text.ts';

const ineligible: Record<Ineligibility, string> = {
  unknown: 'Slack did not say who you are, so nothing was done. Try again in a moment.',
  'other-team':
    'Your account belongs to another workspace. Only members of this workspace can ask or decide.',
  deactivated: 'Your account is deactivated.',
  bot: 'Apps and bots can neither ask nor decide.',
  guest: 'Guests can neither ask nor decide. A full member of this workspace has to.',
  stranger: 'Your account comes from another organisation. Only members of this workspace can ask or decide.',
};

const fileFlaws: Record<Exclude<FileFlaw, 'unnamed'>, string> = {
  malformed: 'that is not the path of a file, or too long for one.',
  outside: `only what lies in ${ownPlaces.home} or ${ownPlaces.tmp} can be, named without \`..\` and not by a link that leads elsewhere.`,
  absent: 'there is no such file.',
  directory: 'it is a directory. Pack it with `tar czf work.tgz …` first, and download that.',
  special: 'it is no ordinary file.',
  unreadable: 'it may not be read.',
};

const stateWords: Record<string, string> = {
  waiting: 'is waiting for approval',
  rejected: 'was denied',
  withdrawn: 'was withdrawn',
  lapsed: 'lapsed unanswered',
  approved: 'was already approved',
  provisioning: 'was already approved and is being opened',
  active: 'is active',
  revoking: 'is being revoked',
  revoked: 'is over',
  failed: 'failed and was undone',
};

/** A ticket that fits the pattern where that is a simple one, or else the pattern. */
function exampleOf(pattern: string): string {
  const example = pattern.replaceAll(/(\[0-9\]|\\d)(\+|\{[0-9,]+\})?/g, (_, _digit, many) =>
    many === undefined ? '1' : '1234',
  );
  return new RegExp(`^(?:${pattern})$`, 'u').test(example) ? example : pattern;
}

/** What somebody typed, on its way back to them between backticks. */
function quoted(text: string, most: number): string {
  return escapeText(clip(cleanText(text).replaceAll('`', "'"), most));
}

/** The same words without Slack's marks, for pages and terminals, which escape in their own way. */
export function plainRefusal(refusal: Refusal): string {
  const words = refusalWords(refusal).replaceAll('`', '');
  return words.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** Slack mrkdwn, escaped. */
export function refusalWords(refusal: Refusal): string {
  switch (refusal.code) {
    case 'no-such-target': {
      const offered = refusal.offered.map((name) => `\`${name}\``);
      const named =
        refusal.target === ''
          ? 'Name a target.'
          : `There is no target \`${quoted(refusal.target, 60)}\` that you may ask for.`;
      return `${named} ${offered.length === 0 ? 'You may not ask for any target at present.' : `You may ask for ${listed(offered, 'or')}.`}`;
    }
    case 'ineligible':
      return ineligible[refusal.why];
    case 'directory-unavailable':
      return 'Slack could not be asked who is in which group, so nothing was decided. Try again in a moment.';
    case 'duration-malformed':
      return `\`${quoted(refusal.text, 40)}\` is ${/^0+[a-z]*$/i.test(refusal.text) ? 'no time at all' : 'not a duration'}. Write ${durationForm}.`;
    case 'duration-too-long':
      return `${formatDuration(refusal.askedMs)} is too long: this target allows at most ${formatDuration(refusal.maxMs)}.`;
    case 'reason-missing':
      return 'A reason is missing. Say what you need the access for, such as `checkout answers 500`.';
    case 'reason-too-short':
      return `The reason is too short: ${counted(refusal.length, 'character')}, and at least ${refusal.min} are needed.`;
    case 'reason-too-long':
      return `The reason is too long: ${refusal.length} characters, and at most ${refusal.max} fit.`;
    case 'ticket-missing':
      return `A ticket is missing. Name one such as \`${escapeText(exampleOf(refusal.pattern))}\`, in its field or in the reason.`;
    case 'denied-by-rule':
      return `Not now: ${escapeText(refusal.because)}.`;
    case 'own-request':
      return 'This is your own request. Somebody else has to decide on it.';
    case 'not-an-approver':
      return 'You are not among those who may decide on this. The card names the groups that may.';
    case 'already-voted':
      return 'You have approved this already. It takes others now.';
    case 'terms-changed':
      return 'What this target grants has changed since it was asked for. It has to be asked for again.';
    case 'wrong-state':
      return `Nothing was done: it ${stateWords[refusal.state] ?? `is ${refusal.state}`}.`;
    case 'not-yours':
      return 'This is not your access. Only its requester can do that.';
    case 'no-such-access':
      return `There is no access \`${quoted(refusal.text, 40)}\`. \`/prod-access list\` shows yours.`;
    case 'ambiguous-access':
      return `\`${quoted(refusal.text, 40)}\` fits several accesses. Write more of the id.`;
    case 'too-many-sessions':
      return `${refusal.max} terminals of this access are open already. Close one of them.`;
    case 'not-recordable':
      return `No terminal is opened without a recording, and there can be none now: ${escapeText(refusal.why)}. Tell whoever runs the bot.`;
    case 'no-such-session':
      return 'This terminal is not open here any more. The page of the access shows its replay.';
    case 'from-elsewhere':
      return 'Another site’s page asked for this. Nothing was done.';
    case 'download-off':
      return 'No file may be downloaded from this target.';
    case 'download-under-way':
      return 'A file of this access is being downloaded already. Wait for it.';
    case 'replays-under-way':
      return 'Recordings are being read for you already. Wait for them.';
    case 'too-many-attempts':
      return `You may try this ${refusal.perMinute} times in a minute. Wait a little.`;
    case 'no-file':
      return refusal.why === 'unnamed'
        ? 'Name the file that you want to download.'
        : `\`${quoted(refusal.path, 120)}\` cannot be downloaded: ${fileFlaws[refusal.why]}`;
    case 'file-too-big':
      return `It has ${bytes(refusal.bytes)}, and ${bytes(refusal.leftBytes)} may still be downloaded: this access has ${bytes(refusal.maxBytes)} in all.`;
    case 'download-failed':
      return `Nothing was downloaded: ${quoted(refusal.why, 200)}. Try again in a moment.`;
    case 'stale-card':
      return "This message is not a card that the bot knows. Use the card in the approvers' channel.";
    case 'total-exceeded':
      return `That would be too long in all: ${formatDuration(Math.max(0, refusal.leftMs))} is left of ${formatDuration(refusal.totalMs)}.`;
    case 'unproven':
      return `Nothing was done: ${escapeText(refusal.why)}.`;
  }
}
