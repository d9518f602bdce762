/**
 * Who can sign in: people of this workspace whose account is active, guests too. (Some workspaces let no guest authorise
 * an app; the look-alike is the lenient kind, so that whoever must refuse guests is seen to do it.)
 */
import type { Person } from '../wire.ts';
import { slackbot, type Workspace } from '../workspace.ts';

export function whoCanSignIn({ people, team }: Workspace): readonly Person[] {
  return [...people.values()].filter(
    (person) => !person.deleted && !person.is_bot && person.id !== slackbot && person.team_id === team.id,
  );
}

export function canSignIn(workspace: Workspace, id: string): boolean {
  return whoCanSignIn(workspace).some((person) => person.id === id);
}
