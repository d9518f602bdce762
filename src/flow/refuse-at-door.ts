/**
 * A no at a door: the account is of another workspace, the card was never one, the page is not for them. It is recorded
 * like every other refusal.
 */
import { isoTime } from '../domain/duration.ts';
import { isAccessId } from '../domain/ids.ts';
import type { Person } from '../domain/people.ts';
import type { Refusal, Refused } from '../domain/refusal.ts';
import type { Flow } from './deps.ts';

export type TurnedAway = {
  readonly person: Person;
  readonly doing:
    | 'command'
    | 'ask'
    | 'approve'
    | 'deny'
    | 'look'
    | 'terminal'
    | 'watch'
    | 'download'
    | 'done'
    | 'revoke';
  readonly refusal: Refusal;
  /** As the payload has it: any text. */
  readonly access?: string;
};

export async function refuseAtDoor(
  { ledger, clock }: Pick<Flow, 'ledger' | 'clock'>,
  { person, doing, refusal, access = '' }: TurnedAway,
): Promise<Refused> {
  const votes = doing === 'approve' || doing === 'deny';
  await ledger.append([
    {
      at: isoTime(clock.now()),
      action: votes ? 'vote.refused' : 'access.refused',
      ...(isAccessId(access) ? { access } : {}),
      actor: { kind: 'person', ...person },
      details: { code: refusal.code, ...(votes ? { answer: doing } : { doing }) },
    },
  ]);
  return { refused: refusal };
}
