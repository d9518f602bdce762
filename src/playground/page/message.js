/** One message as Slack's client shows it: who, when, what, and whether only you see it. */
import { renderBlock } from './blocks.js';
import { h } from './dom.js';
import { mrkdwn } from './mrkdwn.js';
import { hourAndMinute } from './time.js';

/** @typedef {import('./blocks.js').Acts} Acts */

/**
 * @param {{ message: any, isReply: boolean }} shown
 * @param {Acts & { who: (message: any) => { name: string, initials: string, hue: string, isApp: boolean } }} acts
 * @returns {HTMLElement}
 */
export function renderMessage({ message, isReply }, acts) {
  const { name, initials, hue, isApp } = acts.who(message);
  const at = Number(message.ts) * 1_000;
  const body = message.blocks
    ? message.blocks.map((/** @type {any} */ block) => renderBlock(block, acts))
    : mrkdwn(message.text, acts.names);
  return h(
    `article.message${message.is_ephemeral ? '.ephemeral' : ''}${isReply ? '.reply' : ''}`,
    { 'aria-label': `${name}, ${hourAndMinute(at)}` },
    h(`span.avatar.hue-${hue}`, { 'aria-hidden': 'true' }, initials),
    h(
      'div.message-main',
      {},
      message.is_ephemeral && h('p.only-you', {}, '👁 Only visible to you'),
      h(
        'p.message-head',
        {},
        h('strong', {}, name),
        isApp && h('span.app', {}, 'APP'),
        h('time', {}, hourAndMinute(at)),
        isReply && h('span.thread', {}, 'in a thread'),
      ),
      h(
        'div.message-body',
        {},
        ...body,
        message.edited && !message.blocks && h('span.edited', {}, ' (edited)'),
      ),
    ),
  );
}

/**
 * Replies go under the message that they answer; everything else stays in order.
 * @param {readonly any[]} messages oldest first
 * @returns {{ message: any, isReply: boolean }[]}
 */
export function inThreads(messages) {
  const isReply = (/** @type {any} */ one) => one.thread_ts !== undefined && one.thread_ts !== one.ts;
  return messages
    .filter((one) => !isReply(one))
    .flatMap((message) => [
      { message, isReply: false },
      ...messages
        .filter((one) => isReply(one) && one.thread_ts === message.ts)
        .map((one) => ({ message: one, isReply: true })),
    ]);
}
