/** The pane of what stands: the bot's process, Redis, IAM roles, sandboxes, each with what is left of its time. */
import { byId, h, keep } from './dom.js';
import { clock, left } from './time.js';

const root = byId('world');
const bot = h('p.fact');
const redis = h('p.fact');
const rolesTitle = h('h3', {}, 'IAM roles');
const roles = h('div.standing');
const boxesTitle = h('h3', {}, 'Sandboxes');
const boxes = h('div.standing');
root.append(bot, redis, rolesTitle, roles, boxesTitle, boxes);

/** The longest time left that was seen of each, so that the bar knows where it began. @type {Map<string, number>} */
const spans = new Map();

/**
 * @param {any} world
 * @param {(id: string) => string} nameOf
 */
export function showWorld(world, nameOf) {
  const { state, pid, since, starts } = world.bot;
  const alive = state === 'gone' ? `gone since ${clock(since)}` : `${state} · process ${pid}`;
  keepText(bot, `dot ${state}`, `Bot ${alive}${starts > 1 ? ` · start no. ${starts}` : ''}`);
  keepText(
    redis,
    `dot ${world.redis === undefined ? 'gone' : 'ready'}`,
    world.redis === undefined
      ? 'Redis does not answer'
      : `Redis · ${world.redis.keys} keys · ${world.redis.entries} entries in the trail`,
  );
  keep(
    roles,
    world.roles.length === 0 ? [{ empty: 'None: nobody has access.' }] : world.roles,
    (role) => role.name ?? 'none',
    (role) =>
      role.empty
        ? h('p.empty', {}, role.empty)
        : standing(role.name, role.endsAt, `${role.target} · ${nameOf(role.requester)}`, [
            ...role.policies.map((/** @type {string} */ policy) =>
              h(
                `span.chip${policy === 'revoked' ? '.bad' : policy === 'end' ? '.good' : ''}`,
                { title: `a policy on the role` },
                policy,
              ),
            ),
          ]),
  );
  const standingBoxes = world.sandboxes ?? [];
  keep(
    boxes,
    standingBoxes.length === 0 ? [{ empty: 'None.' }] : standingBoxes,
    (box) => box.id ?? 'none',
    (box) =>
      box.empty
        ? h('p.empty', {}, box.empty)
        : standing(box.id, box.deadline, `${box.target} · ${nameOf(box.requester)}`, [
            h('span.chip.good', {}, 'fenced'),
            h('span.chip', {}, box.driver === 'local' ? 'bubblewrap' : box.driver),
            h('span.chip', {}, `limits by ${box.limitsHeldBy}`),
          ]),
  );
  tick();
}

/** Moves all countdowns on. */
export function tick() {
  for (const node of root.querySelectorAll('[data-ends]')) {
    const endsAt = Number(node.getAttribute('data-ends'));
    const key = node.getAttribute('data-span') ?? '';
    const rest = Math.max(0, endsAt - Date.now());
    if (node instanceof HTMLProgressElement) {
      spans.set(key, Math.max(spans.get(key) ?? 1, rest));
      node.max = spans.get(key) ?? 1;
      node.value = rest;
    } else {
      node.textContent = left(endsAt);
    }
  }
}

/**
 * @param {string} id
 * @param {number | undefined} endsAt
 * @param {string} what
 * @param {HTMLElement[]} chips
 */
function standing(id, endsAt, what, chips) {
  const ends = endsAt === undefined ? undefined : String(endsAt);
  const key = `${what} ${ends} ${chips.length}`;
  return h(
    'article',
    { 'aria-label': id },
    h(
      'p.line',
      {},
      h('code', {}, id),
      ends !== undefined && h('span.left', { role: 'timer', 'data-ends': ends, 'data-span': key }),
    ),
    h('p.what', {}, what, endsAt !== undefined && `, until ${clock(endsAt)}`),
    ends !== undefined && h('progress', { 'aria-label': 'time left', 'data-ends': ends, 'data-span': key }),
    h('p.chips', {}, ...chips),
  );
}

/**
 * @param {HTMLElement} node
 * @param {string} dot
 * @param {string} text
 */
function keepText(node, dot, text) {
  if (node.dataset.shows === dot + text) return;
  node.dataset.shows = dot + text;
  node.replaceChildren(h(`span.${dot.replace(' ', '.')}`, { 'aria-hidden': 'true' }), text);
}
