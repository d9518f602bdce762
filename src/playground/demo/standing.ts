/** What stands now, in a sentence each: read from IAM and from the sandbox host. */
import { standingRole } from '../world-view.ts';
import type { Parts } from './parts.ts';
import { clock, type Say } from './story.ts';

/** Tells of every role and sandbox. Returns the roles' names. */
export async function sayStanding({ aws, sandboxes }: Parts, say: Say): Promise<readonly string[]> {
  const roles = aws.roles().map(standingRole);
  for (const { name, endsAt, policies } of roles) {
    if (endsAt === undefined) {
      say('plain', `IAM holds the role ${name}, which is being given and allows nothing yet.`);
      continue;
    }
    say(
      'plain',
      `IAM holds the role ${name} (${policies.join(', ')}), and its policy "end" refuses everything from ${clock(endsAt)}, whoever is alive.`,
    );
  }
  for (const { labels, deadline } of await sandboxes.list())
    say('plain', `The sandbox ${labels.access} runs under its own supervisor until ${clock(deadline)}.`);
  return roles.map(({ name }) => name);
}

/** Waits until the role is gone from IAM, and tells when and by whose hand as far as the trail says. */
export function isStanding({ aws }: Parts, name: string): boolean {
  return aws.roles().some((role) => role.name === name);
}
