/** What a log line about a recording is about. */
import type { Logger } from 'pino';
import type { AccessId, SessionId } from '../../domain/ids.ts';

export type Log = Pick<Logger, 'info' | 'warn' | 'error'>;
export type Subject = { readonly access: AccessId; readonly session: SessionId };

export function subjectOf({ access, session }: Subject): Subject {
  return { access, session };
}
