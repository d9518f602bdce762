/** HTML from templates: every value is escaped, but for what such a template made. */

const made: unique symbol = Symbol('made by a template');

export type Html = { readonly [made]: true; readonly text: string };

type Value = string | number | Html | undefined | readonly Value[];

export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  const text = parts.map((part, at) => part + spell(at < values.length ? values[at] : undefined)).join('');
  return { [made]: true, text };
}

function spell(value: Value): string {
  if (value === undefined) return '';
  if (isList(value)) return value.map(spell).join('');
  return typeof value === 'object' ? value.text : escapeHtml(String(value));
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
