/**
 * One person's Slack: channels with unread marks, messages, a line to type in, the modal in front of them. It shows
 * what the look-alike says this person sees and remembers only what was read and which channel is open.
 */
import { get, post } from './api.js';
import { byId, h, keep } from './dom.js';
import { inThreads, renderMessage } from './message.js';
import { renderModal } from './modal.js';
import { left } from './time.js';

/** @typedef {{ people: any[], channels: any[], usergroups: any[], app: any, team: any }} Directory */

/**
 * @param {string} id of the section that it fills
 * @param {string} first the person at the start
 * @param {Directory} directory
 */
export function openPane(id, first, directory) {
  const root = byId(id);
  const people = new Map(directory.people.map((person) => [person.id, person]));
  const { app } = directory;
  let user = first;
  let open = 'C0GENERAL';
  /** @type {any[]} */
  let channels = [];
  /** By person and channel: how many messages came unseen. @type {Map<string, number>} */
  const unread = new Map();
  let shownView = '';
  /** Settles once the person that was chosen last is seen in a channel of theirs. @type {Promise<void>} */
  let arrived = Promise.resolve();

  const countdown = h('span.countdown', { role: 'timer' });
  const avatar = h('span.avatar');
  const select = /** @type {HTMLSelectElement} */ (
    h('select', { 'aria-label': 'Person', onchange: () => void become(select.value) })
  );
  const tabs = h('nav.tabs', { 'aria-label': 'Channels' });
  const topic = h('p.topic');
  const list = h('div.messages', {
    role: 'log',
    'aria-live': 'polite',
    'aria-label': 'Messages',
    tabindex: '0',
  });
  const notices = h('div.notices', { role: 'alert' });
  const input = /** @type {HTMLInputElement} */ (
    h('input', { type: 'text', autocomplete: 'off', 'aria-label': 'Message' })
  );
  const composer = h(
    'form.composer',
    { onsubmit: send },
    input,
    h('button.primary', { type: 'submit' }, 'Send'),
  );
  const front = h('div.front');
  const back = h('div.back', {}, tabs, topic, list, composer);
  root.append(h('header.who', {}, avatar, select, countdown), back, notices, front);

  const nameOf = (/** @type {string} */ who) =>
    who === app.bot_user_id ? app.name : (people.get(who)?.real_name ?? people.get(who)?.name ?? who);
  const titleOf = (/** @type {any} */ channel) => (channel.kind === 'im' ? app.name : channel.name);
  const names = {
    person: nameOf,
    channel: (/** @type {string} */ one) => directory.channels.find((each) => each.id === one)?.name ?? one,
    group: (/** @type {string} */ one) => directory.usergroups.find((each) => each.id === one)?.handle ?? one,
  };
  const acts = {
    names,
    who: (/** @type {any} */ { user: from }) => {
      const name = nameOf(from);
      return {
        name,
        initials: initialsOf(name),
        hue: hueOf(from),
        isApp: from === app.bot_user_id || from === 'USLACKBOT',
      };
    },
    click: () => {},
  };

  /** @param {string} text */
  function notice(text) {
    const line = h(
      'p',
      {},
      text,
      h('button.quiet', { type: 'button', 'aria-label': 'Dismiss', onclick: () => line.remove() }, '✕'),
    );
    notices.append(line);
    setTimeout(() => line.remove(), 12_000);
  }

  /** @param {Promise<any>} act */
  async function tried(act) {
    try {
      return await act;
    } catch (error) {
      notice(error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {SubmitEvent} event */
  async function send(event) {
    event.preventDefault();
    const text = input.value.trim();
    if (text === '') return;
    input.value = '';
    // Where the person was just switched, the line belongs to a channel that this person is in.
    await arrived;
    const [command = '', ...rest] = text.split(' ');
    if (text.startsWith('/'))
      await tried(post('/_human/command', { user, channel: open, command, text: rest.join(' ') }));
    else await tried(post('/_human/say', { user, channel: open, text }));
  }

  /** @param {string} next */
  function become(next) {
    arrived = arrive(next);
    return arrived;
  }

  /** @param {string} next */
  async function arrive(next) {
    user = next;
    select.value = next;
    avatar.className = `avatar hue-${hueOf(next)}`;
    avatar.textContent = initialsOf(nameOf(next));
    await showChannels();
    if (!channels.some((channel) => channel.id === open)) open = channels[0]?.id ?? '';
    await go(open);
    await showView();
  }

  /** @param {string} channel */
  async function go(channel) {
    open = channel;
    unread.delete(`${user} ${channel}`);
    list.replaceChildren();
    showTabs();
    await showMessages();
    list.scrollTop = list.scrollHeight;
  }

  async function showChannels() {
    const asked = user;
    const seen = await get('/_human/channels', { user: asked });
    if (asked !== user) return;
    const rank = (/** @type {any} */ channel) => (channel.kind === 'im' ? 1 : 0);
    channels = seen.sort((/** @type {any} */ a, /** @type {any} */ b) => rank(a) - rank(b));
    showTabs();
  }

  function showTabs() {
    const shown = channels.map((channel) => ({
      channel,
      current: channel.id === open,
      count: unread.get(`${user} ${channel.id}`) ?? 0,
    }));
    keep(
      tabs,
      shown,
      ({ channel }) => channel.id,
      ({ channel, current, count }) =>
        h(
          `button${count > 0 ? '.unread' : ''}`,
          {
            type: 'button',
            'aria-current': current ? 'page' : undefined,
            onclick: () => void go(channel.id),
          },
          h('span.sign', { 'aria-hidden': 'true' }, channel.kind === 'im' ? '●' : '#'),
          titleOf(channel),
          count > 0 && h('span.count', { 'aria-label': `${count} unread` }, String(count)),
        ),
    );
    const here = channels.find((channel) => channel.id === open);
    topic.textContent = here?.kind === 'im' ? 'Direct messages with the app' : (here?.topic ?? '');
    input.placeholder =
      here === undefined ? '' : `Message ${here.kind === 'im' ? '' : '#'}${titleOf(here)}, or /prod-access`;
  }

  async function showMessages() {
    const place = { user, channel: open };
    if (open === '') return list.replaceChildren();
    const messages = await tried(get('/_human/messages', place));
    if (messages === undefined || place.user !== user || place.channel !== open) return;
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    keep(
      list,
      inThreads(messages),
      ({ message }) => message.ts,
      (shown) => {
        const click = async (
          /** @type {any} */ block,
          /** @type {any} */ element,
          /** @type {HTMLElement} */ button,
        ) => {
          button.setAttribute('disabled', '');
          const action = `${block.block_id}/${element.action_id}`;
          await tried(
            post('/_human/click', { ...place, ts: shown.message.ts, action, value: element.value }),
          );
          button.removeAttribute('disabled');
        };
        return renderMessage(shown, { ...acts, click });
      },
    );
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  async function showView() {
    const asked = user;
    const view = await get('/_human/view', { user: asked });
    const key = view === null ? '' : `${asked} ${view.id} ${view.hash}`;
    if (asked !== user || key === shownView) return;
    shownView = key;
    back.toggleAttribute('inert', view !== null);
    if (view === null) {
      front.replaceChildren();
      input.focus();
      return;
    }
    const modal = renderModal(view, id, {
      acts,
      submit: (values) => post('/_human/submit', { user: asked, view: view.id, values }),
      close: () => void tried(post('/_human/close', { user: asked, view: view.id })),
    });
    front.replaceChildren(modal);
    /** @type {HTMLElement | null} */ (modal.querySelector('select, input, textarea'))?.focus();
  }

  return {
    /** Catches up with everything. */
    start: () => become(user),
    /** @param {any} change */
    see: async (change) => {
      if (change === undefined) return become(user);
      if (change.kind === 'notice' && change.user === user) notice(change.text);
      if (change.kind === 'view' && change.user === user) await showView();
      if (change.kind === 'directory') await showChannels();
      if (change.kind !== 'message' && change.kind !== 'ephemeral') return;
      if (change.kind === 'ephemeral' && change.user !== user) return;
      if (change.channel === open) return showMessages();
      const key = `${user} ${change.channel}`;
      if (change.what !== 'posted' || !channels.some((channel) => channel.id === change.channel)) return;
      unread.set(key, (unread.get(key) ?? 0) + 1);
      showTabs();
    },
    /** @param {any} world */
    seeWorld: ({ roles, workOf }) => {
      if (select.options.length === 0) {
        const offered = directory.people.filter((person) => person.id in workOf);
        select.append(
          ...offered.map((person) =>
            h(
              'option',
              { value: person.id, selected: person.id === user },
              `${nameOf(person.id)}, ${workOf[person.id]}`,
            ),
          ),
        );
      }
      const mine = roles.filter((/** @type {any} */ role) => role.requester === user && !role.revoked);
      countdown.textContent = mine
        .map(
          (/** @type {any} */ { target, endsAt }) => `${target} ${endsAt === undefined ? '' : left(endsAt)}`,
        )
        .join(' · ');
    },
    /** @param {string} text put into the line to type in, in #general. */
    fill: async (text) => {
      await become(first);
      await go('C0GENERAL');
      input.value = text;
      input.focus();
    },
  };
}

/** @param {string} name */
function initialsOf(name) {
  return name
    .split(/[\s-]+/)
    .map((word) => word.charAt(0).toUpperCase())
    .slice(0, 2)
    .join('');
}

/** @param {string} id */
function hueOf(id) {
  return String([...id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 8);
}
