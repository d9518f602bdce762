/** conversations.history and conversations.replies: what was said, in pages and between bounds. */
import { findMessage, messagesIn } from '../messages.ts';
import { page } from '../pages.ts';
import { shownAll } from '../shown.ts';
import { type Channel, type JsonObject, type Message, SlackRefusal } from '../wire.ts';
import { type Call, joinedChannel, type Method, scopeByChannel } from './method.ts';

export const historyMethods: Readonly<Record<string, Method>> = {
  'conversations.history': { token: 'bot', scopes: scopeByChannel('history'), run: history },
  'conversations.replies': { token: 'bot', scopes: scopeByChannel('history'), run: replies },
};

function history(call: Call): JsonObject {
  const channel = joinedChannel(call);
  const inWindow = windowOf(call);
  const said = messagesIn(call.workspace, channel.id)
    .filter((message) => message.thread_ts === undefined || message.subtype === 'thread_broadcast')
    .filter(inWindow)
    .toReversed();
  const found = page(
    said,
    (message) => message.ts,
    call.args.text('cursor'),
    call.args.limit(100, 999),
    'falling',
  );
  return { ...messagePage(call, channel, found.items, found.next_cursor), pin_count: 0 };
}

function replies(call: Call): JsonObject {
  const channel = joinedChannel(call);
  const asked = findMessage(call.workspace, channel.id, call.args.needed('ts'));
  if (!asked) throw new SlackRefusal('thread_not_found');
  const parent = asked.thread_ts ?? asked.ts;
  const inWindow = windowOf(call);
  const thread = messagesIn(call.workspace, channel.id).filter(
    (message) => message.ts === parent || (message.thread_ts === parent && inWindow(message)),
  );
  const found = page(thread, (message) => message.ts, call.args.text('cursor'), call.args.limit(1000, 1000));
  return messagePage(call, channel, found.items, found.next_cursor);
}

function messagePage(
  call: Call,
  channel: Channel,
  messages: readonly Message[],
  next_cursor: string,
): JsonObject {
  const withMetadata = call.args.flag('include_all_metadata');
  return {
    messages: shownAll(call.workspace, channel.id, messages, withMetadata),
    has_more: next_cursor !== '',
    ...(next_cursor === '' ? {} : { response_metadata: { next_cursor } }),
  };
}

/** `oldest` and `latest` bound the page, themselves excluded unless `inclusive`. */
function windowOf({ args }: Call): (message: Message) => boolean {
  const bound = (name: 'oldest' | 'latest'): number | undefined => {
    const text = args.text(name);
    if (text === undefined) return undefined;
    const micros = Math.round(Number(text) * 1_000_000);
    if (!Number.isFinite(micros)) throw new SlackRefusal(`invalid_ts_${name}`);
    return micros === 0 ? undefined : microsOf(text);
  };
  const oldest = bound('oldest');
  const latest = bound('latest');
  const inclusive = args.flag('inclusive');
  return ({ ts }) => {
    const at = microsOf(ts);
    if (oldest !== undefined && (inclusive ? at < oldest : at <= oldest)) return false;
    return !(latest !== undefined && (inclusive ? at > latest : at >= latest));
  };
}

/** Exact: seconds and micros stay below 2^53 together. */
function microsOf(ts: string): number {
  const [seconds = '0', fraction = ''] = ts.split('.');
  return Number(seconds) * 1_000_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
