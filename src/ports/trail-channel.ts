/**
 * The audit channel: the trail told to people, and the trail's witness outside Redis.
 *
 * - `last` reads back what our own app posted: the newest entry that the channel carries.
 * - `post` delivers entries in order, each with its chain, number and hash; it returns after the channel has them.
 * - A keeper throws `NoticeFault` and nothing else.
 */
import type { Entry, Head } from '../domain/audit.ts';

export interface TrailChannel {
  last(): Promise<Head | undefined>;
  post(entries: readonly Entry[]): Promise<void>;
}

export class NoticeFault extends Error {
  override readonly name = 'NoticeFault';
  readonly code: 'unavailable' | 'refused';
  readonly retryable: boolean;

  constructor(code: NoticeFault['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.retryable = code === 'unavailable';
  }
}
