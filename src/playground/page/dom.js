/** Building elements without a framework. Text always goes in as text: nothing on the page is parsed as HTML. */

/** @typedef {Node | string | undefined | false | null} Child */
/** @typedef {Record<string, string | boolean | ((event: any) => void) | undefined>} Props */

/**
 * An element with attributes, listeners (`onclick` and the like, as functions) and children.
 * @param {string} name a tag, and classes after dots: `div.message.own`
 * @param {Props} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElement}
 */
export function h(name, props = {}, ...children) {
  const [tag = 'div', ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  for (const child of children.flat()) {
    if (child !== undefined && child !== false && child !== null) element.append(child);
  }
  return element;
}

/**
 * Makes `parent` hold one node per item, in order. A node is kept as long as what it shows is the same, so that focus,
 * scroll position and a click under way survive an update.
 * @template T
 * @param {Element} parent
 * @param {readonly T[]} items
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => Element} build
 */
export function keep(parent, items, keyOf, build) {
  const old = new Map([...parent.children].map((node) => [node.getAttribute('data-key') ?? '', node]));
  /** @type {Element | null} */
  let before = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const shows = JSON.stringify(item);
    let node = old.get(key);
    if (node === undefined || marks.get(node) !== shows) {
      const fresh = build(item);
      fresh.setAttribute('data-key', key);
      marks.set(fresh, shows);
      if (node !== undefined) {
        if (before === node) before = node.nextElementSibling;
        node.remove();
      }
      node = fresh;
    }
    old.delete(key);
    if (node === before) before = before.nextElementSibling;
    else parent.insertBefore(node, before);
  }
  for (const node of old.values()) node.remove();
}

/** What each kept node shows. @type {WeakMap<Element, string>} */
const marks = new WeakMap();

/**
 * The element with that id, which the page is known to have.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}
