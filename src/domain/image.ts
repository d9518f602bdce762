/**
 * The image of a sandbox in a container, named by what it holds: `name@sha256:…`, which a registry can be asked for, or
 * `sha256:…`, one that is on the host. Never by a tag: what a tag stands for, others can change after it was approved.
 */

export const imageForm = 'name@sha256:<64 hex digits>, or sha256:<64 hex digits> for one that is on the host';

const part = '[a-z0-9]+(?:[._-]+[a-z0-9]+)*';
const host = `${part}(?::[0-9]{1,5})?`;
const form = new RegExp(`^(?:(?:${host}/)?${part}(?:/${part})*@)?sha256:[0-9a-f]{64}$`);

/** The longest name is the engines' own limit of 255 characters. */
export function isImage(text: string): boolean {
  return text.length <= 255 + '@sha256:'.length + 64 && form.test(text);
}
