/** Who is in which group, as given on the command line. */
import { readFile } from 'node:fs/promises';
import { CommanderError, InvalidArgumentError } from 'commander';
import { parse } from 'yaml';
import { z } from 'zod';

export type Members = Readonly<Record<string, readonly string[]>>;

const membersSchema = z.record(z.string(), z.array(z.string().regex(/^[UW][A-Z0-9]{2,20}$/)));

/** `group=U1,U2`, added to what was given before. */
export function memberOf(text: string, before: Members): Members {
  const [group = '', people] = text.split('=');
  const parsed = membersSchema.safeParse({ [group]: people === undefined ? [] : people.split(',') });
  if (!parsed.success || group === '' || people === undefined)
    throw new InvalidArgumentError('It must be a group and Slack user ids, such as payments=U0ANA,U0BEN.');
  return { ...before, ...parsed.data };
}

export async function readGroups(file: string | undefined): Promise<Members> {
  if (file === undefined) return {};
  try {
    return membersSchema.parse(parse(await readFile(file, 'utf8')));
  } catch {
    const message = `error: ${file} must be a readable file of groups and Slack user ids: {group: [U1, U2]}`;
    throw new CommanderError(1, 'prod-access.groups', message);
  }
}
