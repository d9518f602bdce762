/** The part of Block Kit that the bot uses, as nodes. A block that is not known is said to be so, never left out. */
import { h } from './dom.js';
import { mrkdwn, plainText } from './mrkdwn.js';

/** @typedef {import('./mrkdwn.js').Names} Names */
/**
 * @typedef {object} Acts
 * @property {Names} names
 * @property {(block: any, element: any, button: HTMLElement) => void} click
 */

/**
 * A text object.
 * @param {any} text
 * @param {Names} names
 * @returns {Node[]}
 */
function textOf(text, names) {
  if (text?.type === 'mrkdwn') return mrkdwn(text.text, names);
  return [document.createTextNode(plainText(String(text?.text ?? '')))];
}

/**
 * @param {any} block
 * @param {Acts} acts
 * @returns {HTMLElement}
 */
export function renderBlock(block, acts) {
  const { names } = acts;
  switch (block.type) {
    case 'header':
      return h('h3.block-header', {}, ...textOf(block.text, names));
    case 'section':
      return h(
        'div.block-section',
        {},
        block.text && h('div', {}, ...textOf(block.text, names)),
        block.fields &&
          h(
            'div.fields',
            {},
            ...block.fields.map((/** @type {any} */ field) => h('div', {}, ...textOf(field, names))),
          ),
        block.accessory && renderElement(block, block.accessory, acts),
      );
    case 'context':
      return h(
        'div.block-context',
        {},
        ...block.elements.map((/** @type {any} */ each) => h('span', {}, ...textOf(each, names))),
      );
    case 'actions':
      return h(
        'div.block-actions',
        {},
        ...block.elements.map((/** @type {any} */ each) => renderElement(block, each, acts)),
      );
    case 'divider':
      return h('hr');
    default:
      return h('div.block-unknown', {}, `[a block of type ${block.type}]`);
  }
}

/**
 * @param {any} block
 * @param {any} element
 * @param {Acts} acts
 * @returns {HTMLElement}
 */
function renderElement(block, element, acts) {
  if (element.type !== 'button') return h('span.block-unknown', {}, `[a ${element.type}]`);
  if (typeof element.url === 'string')
    return h(
      `a.button${element.style ? `.${element.style}` : ''}`,
      { href: element.url, target: '_blank', rel: 'noreferrer' },
      plainText(element.text.text),
    );
  const button = h(
    `button${element.style ? `.${element.style}` : ''}`,
    {
      type: 'button',
      'aria-label': element.accessibility_label,
      onclick: () => acts.click(block, element, button),
    },
    plainText(element.text.text),
  );
  return button;
}
