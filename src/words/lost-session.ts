/** Tells who comes back to a terminal that is gone what they lost, and what not. Claims no more than is known. */
import { type LostSession, processDied } from '../domain/lost-session.ts';

export function lostSessionWords({ why, sameSandbox }: LostSession): string {
  const files = sameSandbox
    ? 'Files in ~ are still there.'
    : 'The sandbox had to be opened anew as well, without its files.';
  return `${whatEnded(why)} This is a new one. ${files}`;
}

function whatEnded(why: string | undefined): string {
  if (why === undefined) return 'The shell that was here is gone.';
  return why === processDied
    ? 'The bot was restarted, which ended your shell and what ran in it.'
    : `The shell that was here is over: ${why}.`;
}
