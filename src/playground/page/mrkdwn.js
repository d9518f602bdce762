/** Slack's mrkdwn as nodes: what the bot writes, and what people type. */
import { h } from './dom.js';
import { slackDate } from './time.js';

/** @type {Record<string, string>} */
const emoji = {
  alarm_clock: '⏰',
  arrows_counterclockwise: '🔄',
  hourglass: '⌛',
  large_green_circle: '🟢',
  leftwards_arrow_with_hook: '↩️',
  lock: '🔒',
  no_entry: '⛔',
  no_entry_sign: '🚫',
  red_circle: '🔴',
  rotating_light: '🚨',
  warning: '⚠️',
  wave: '👋',
  white_check_mark: '✅',
  white_large_square: '⬜',
  x: '❌',
  zzz: '💤',
};

/**
 * What ids stand for.
 * @typedef {{ person: (id: string) => string, channel: (id: string) => string, group: (id: string) => string }} Names
 */

/** @param {string} text */
function plainEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji[name] ?? whole);
}

/** @param {string} text */
function readable(text) {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/**
 * A `plain_text` object's text.
 * @param {string} text
 */
export function plainText(text) {
  return plainEmoji(text);
}

/**
 * @param {string} text
 * @param {Names} names
 * @returns {Node[]}
 */
export function mrkdwn(text, names) {
  return text.split(/```\n?([\s\S]*?)```/).flatMap((part, at) => {
    if (at % 2 === 1) return [h('pre', {}, readable(part))];
    return part === '' ? [] : blocksOf(part.replace(/^\n|\n$/g, ''), names);
  });
}

/**
 * Lines gathered into quotes, lists and paragraphs.
 * @param {string} text
 * @param {Names} names
 * @returns {Node[]}
 */
function blocksOf(text, names) {
  /** @type {{ kind: 'quote' | 'list' | 'lines', lines: string[] }[]} */
  const groups = [];
  for (const line of text.split('\n')) {
    const [, quoted] = /^(?:>|&gt;) ?(.*)$/.exec(line) ?? [];
    const [, item] = /^[•-] (.*)$/.exec(line) ?? [];
    const kind = quoted !== undefined ? 'quote' : item !== undefined ? 'list' : 'lines';
    const last = groups.at(-1);
    const content = quoted ?? item ?? line;
    if (last?.kind === kind) last.lines.push(content);
    else groups.push({ kind, lines: [content] });
  }
  return groups.map(({ kind, lines }) => {
    if (kind === 'list') return h('ul', {}, ...lines.map((line) => h('li', {}, ...inline(line, names))));
    const nodes = lines.flatMap((line, at) => [...(at === 0 ? [] : [h('br')]), ...inline(line, names)]);
    return kind === 'quote' ? h('blockquote', {}, ...nodes) : h('p', {}, ...nodes);
  });
}

const mark =
  /`([^`]+)`|<([^<>]+)>|(?<![\w*])\*(\S(?:[^*]*?\S)?)\*(?![\w*])|(?<!\w)_(\S(?:[^_]*?\S)?)_(?!\w)|(?<!\w)~(\S(?:[^~]*?\S)?)~(?!\w)/;

/**
 * @param {string} text
 * @param {Names} names
 * @returns {(Node | string)[]}
 */
function inline(text, names) {
  const found = mark.exec(text);
  if (found === null) return [plainEmoji(readable(text))];
  const [whole, code, token, bold, italic, struck] = found;
  const before = text.slice(0, found.index);
  const after = text.slice(found.index + whole.length);
  return [
    ...(before === '' ? [] : [plainEmoji(readable(before))]),
    code !== undefined
      ? h('code', {}, readable(code))
      : token !== undefined
        ? named(token, names)
        : bold !== undefined
          ? h('strong', {}, ...inline(bold, names))
          : italic !== undefined
            ? h('em', {}, ...inline(italic, names))
            : h('s', {}, ...inline(struck ?? '', names)),
    ...(after === '' ? [] : inline(after, names)),
  ];
}

/**
 * What stands between angle brackets: a mention, a date or a link.
 * @param {string} token
 * @param {Names} names
 * @returns {Node}
 */
function named(token, names) {
  const [target = '', label] = token.split('|');
  const mention = (/** @type {string} */ words) => h('span.mention', {}, words);
  if (target.startsWith('@')) return mention(`@${names.person(target.slice(1))}`);
  if (target.startsWith('#')) return mention(`#${names.channel(target.slice(1))}`);
  if (target.startsWith('!subteam^')) return mention(`@${names.group(target.slice('!subteam^'.length))}`);
  if (target.startsWith('!date^')) {
    const [, seconds, format = ''] = target.split('^');
    return h('time', {}, slackDate(Number(seconds) * 1_000, format));
  }
  if (target.startsWith('!')) return mention(`@${target.slice(1)}`);
  const words = readable(label ?? target);
  if (!/^(https?|mailto):/.test(target)) return h('span', {}, words);
  return h('a', { href: readable(target), target: '_blank', rel: 'noreferrer' }, words);
}
