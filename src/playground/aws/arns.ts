/** Amazon resource names of the few kinds that exist here, put together and taken apart. */

export const roleArn = (account: string, path: string, name: string) =>
  `arn:aws:iam::${account}:role${path}${name}`;

export const sessionArn = (account: string, role: string, session: string) =>
  `arn:aws:sts::${account}:assumed-role/${role}/${session}`;

export const policyArn = (account: string, path: string, name: string) =>
  `arn:aws:iam::${account}:policy${path}${name}`;

/** Role name and session name of a session's ARN. */
export function parseSessionArn(arn: string): { role: string; session: string } | undefined {
  const found = /^arn:aws:sts::\d{12}:assumed-role\/([^/]+)\/([^/]+)$/.exec(arn);
  const [, role, session] = found ?? [];
  return role !== undefined && session !== undefined ? { role, session } : undefined;
}

/** Name of the role in a role's ARN, its path left off. */
export function parseRoleArn(arn: string): { account: string; name: string } | undefined {
  const found = /^arn:aws:iam::(\d{12}):role\/(?:[\x21-\x7e]+\/)?([\w+=,.@-]{1,64})$/.exec(arn);
  const [, account, name] = found ?? [];
  return account !== undefined && name !== undefined ? { account, name } : undefined;
}

/** The account that a principal element means as a whole: `arn:aws:iam::<account>:root` or the bare number. */
export function accountOfRoot(principal: string): string | undefined {
  return /^(?:arn:aws:iam::)?(\d{12})(?::root)?$/.exec(principal)?.[1];
}
