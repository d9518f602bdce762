/** Times in the viewer's own zone, and what is left of a span. */

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const timeSeconds = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const short = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const long = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});

/** @param {number} epochMs */
export function clock(epochMs) {
  return timeSeconds.format(epochMs);
}

/** @param {number} epochMs */
export function hourAndMinute(epochMs) {
  return time.format(epochMs);
}

/**
 * Fills Slack's date format, such as `{date_short_pretty} {time}`.
 * @param {number} epochMs
 * @param {string} format
 */
export function slackDate(epochMs, format) {
  const days = dayOf(epochMs) - dayOf(Date.now());
  const near = days === 0 ? 'today' : days === 1 ? 'tomorrow' : days === -1 ? 'yesterday' : undefined;
  const iso = new Date(epochMs).toISOString().slice(0, 10);
  /** @type {Record<string, string>} */
  const words = {
    date_num: iso,
    date: long.format(epochMs),
    date_short: short.format(epochMs),
    date_long: long.format(epochMs),
    date_pretty: near ?? long.format(epochMs),
    date_short_pretty: near ?? short.format(epochMs),
    date_long_pretty: near ?? long.format(epochMs),
    // Slack shows minutes; here accesses last two of them, so seconds matter.
    time: timeSeconds.format(epochMs),
    time_secs: timeSeconds.format(epochMs),
  };
  return format.replace(/\{(\w+)\}/g, (whole, name) => words[name] ?? whole);
}

/** @param {number} epochMs */
function dayOf(epochMs) {
  const at = new Date(epochMs);
  return Math.round(Date.UTC(at.getFullYear(), at.getMonth(), at.getDate()) / 86_400_000);
}

/**
 * `1:05`, or `over` from the end on.
 * @param {number} endsAt epoch milliseconds
 */
export function left(endsAt) {
  const ms = endsAt - Date.now();
  if (ms <= 0) return 'over';
  const seconds = Math.floor(ms / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
