/**
 * What remembers how far the trail had got, outside Redis. A trail that no longer holds the witnessed entry was
 * truncated or replaced.
 */
import type { Head } from '../domain/audit.ts';

export interface Witness {
  /** The last entry that this witness saw, or undefined where it never saw one. */
  last(): Promise<Head | undefined>;
  saw(head: Head): Promise<void>;
}
