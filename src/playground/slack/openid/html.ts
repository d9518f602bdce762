/** Pages in which every value is text: what a template is given is escaped, unless it is `Html` itself. */
export type Html = { readonly markup: string };

type Value = string | Html | readonly Html[];

export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: String.raw({ raw: parts }, ...values.map(markupOf)) };
}

function markupOf(value: Value): string {
  if (typeof value === 'string') return value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  if ('markup' in value) return value.markup;
  return value.map(({ markup }) => markup).join('');
}
