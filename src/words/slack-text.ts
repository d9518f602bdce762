/** Slack's mrkdwn, made safe: everything that a person wrote goes through `escapeText`. */

/** Escapes what Slack reads as control: `<!channel>` and disguised links come out as plain text. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Shortens to `most` characters, saying that it did. */
export function clip(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

export function mention(person: string): string {
  return `<@${person}>`;
}

/** A time in each reader's own zone; the fallback is UTC. `epochMs` in milliseconds. */
export function when(epochMs: number): string {
  // Never later than it was: the trail says the same second.
  const seconds = Math.floor(epochMs / 1_000);
  const fallback = new Date(epochMs).toISOString().replace('T', ' ').slice(0, 16);
  return `<!date^${seconds}^{date_short_pretty} {time}|${fallback} UTC>`;
}

/** `1 character`, `2 characters`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

export function listed(items: readonly string[], last = 'and'): string {
  if (items.length <= 1) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1)}`;
}
