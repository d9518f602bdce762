/** `*` and `?` as IAM reads them: in actions without regard to case, in ARNs field by field. */

/** True if `text` fits `pattern`, where `*` is any run of characters and `?` exactly one. */
export function fits(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

export function actionFits(pattern: string, action: string): boolean {
  return fits(pattern.toLowerCase(), action.toLowerCase());
}

/** Six colon-separated fields, each matched alone: a `*` in one does not reach into the next. */
export function arnFits(pattern: string, arn: string): boolean {
  const wanted = fields(pattern);
  const given = fields(arn);
  return (
    wanted.length === 6 &&
    given.length === 6 &&
    wanted.every((field, index) => fits(field, given[index] ?? ''))
  );
}

/** The last field keeps its colons. */
function fields(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), ...(parts.length > 5 ? [parts.slice(5).join(':')] : [])];
}
