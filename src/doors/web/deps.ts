/** What the pages and terminals of the web door stand on. */
import type { Logger } from 'pino';
import type { Attempts } from '../../flow/attempts.ts';
import type { Flow } from '../../flow/deps.ts';
import type { Downloads } from '../../flow/downloads.ts';
import type { Sessions } from '../../flow/sessions.ts';
import type { Cookies } from './cookies.ts';
import type { ReplaysDeps } from './replays.ts';
import type { SignIn } from './sign-in.ts';

export type PagesDeps = {
  readonly flow: Flow;
  readonly sessions: Sessions;
  readonly downloads: Downloads;
  /** For what leaves an entry each time and is not counted by the flow that does it. */
  readonly attempts: Attempts;
  readonly replays: ReplaysDeps;
  readonly signIn: SignIn;
  readonly cookies: Cookies;
  readonly team: () => Promise<string>;
  /** No slash at its end. */
  readonly publicUrl: string;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
};
