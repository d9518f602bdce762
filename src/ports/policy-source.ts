/** The policy in force. Always the last one that was valid; a broken newer file changes nothing but the record. */
import type { Policy } from '../domain/policy.ts';

export interface PolicySource {
  current(): Policy;
}
