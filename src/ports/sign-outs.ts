/**
 * When people last signed out: a sign-in from before that does not count any more, wherever a copy of its cookie is.
 *
 * - `mark` resolves once every process of the install is told so. Many may mark at once and in any order: the latest time
 *   stands.
 * - A mark is kept for at least as long as the longest of its `keepMs`, across restarts, and goes by itself.
 * - It can only take away: a mark that somebody else wrote signs people out, and nobody in.
 * - A keeper throws `SignOutsFault` and nothing else. Where it cannot tell, nobody may be taken for signed in anew.
 */
export interface SignOuts {
  /** `at` is in epoch milliseconds. */
  mark(person: string, at: number, keepMs: number): Promise<void>;
  /** The latest time that was marked for this person, in epoch milliseconds; undefined where none is kept. */
  last(person: string): Promise<number | undefined>;
}

export class SignOutsFault extends Error {
  override readonly name = 'SignOutsFault';
  readonly code: 'unavailable' | 'corrupt';
  readonly retryable: boolean;

  constructor(code: SignOutsFault['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.retryable = code === 'unavailable';
  }
}
