/**
 * Who may work inside an access now, by a terminal or a download: its requester, while it is active, by a record that the
 * trail proves. A no is put on the record.
 */
import type { Active } from '../domain/access.ts';
import type { Details } from '../domain/audit.ts';
import { isoTime } from '../domain/duration.ts';
import type { AccessId } from '../domain/ids.ts';
import type { Person } from '../domain/people.ts';
import { isRefused, type Refusal, type Refused } from '../domain/refusal.ts';
import type { Stored } from '../ports/ledger.ts';
import { load } from './advance.ts';
import type { Flow } from './deps.ts';
import { flawOf } from './proof.ts';
import { isSight, sightOf } from './viewing.ts';

type Deps = Pick<Flow, 'ledger' | 'directory' | 'policy' | 'clock' | 'log'>;

export type Inside = { readonly access: AccessId; readonly person: Person };

/** What a person does inside an access, as the entry of a refusal names it. */
export type DoingInside = 'terminal' | 'watch' | 'replay' | 'download' | 'done' | 'revoke';

export type StoredActive = Stored & { readonly access: Active };

/** Judged by today's policy and directory. Records nothing. */
export async function ownActive(deps: Deps, { access: id, person }: Inside): Promise<StoredActive | Refused> {
  const refuse = (refused: Refusal): Refused => ({ refused });
  const stored = await load(deps, id);
  if (isRefused(stored)) return stored;
  const { access } = stored;
  const sight = await sightOf(deps, access, person);
  if (!isSight(sight)) return refuse(sight);
  if (sight !== 'requester') return refuse({ code: 'not-yours' });
  if (access.state !== 'active')
    return refuse({ code: 'wrong-state', state: access.state, wanted: 'active' });
  if (deps.clock.now() >= access.endsAt)
    return refuse({ code: 'wrong-state', state: 'revoking', wanted: 'active' });
  const flaw = await flawOf(deps, stored);
  if (flaw !== undefined) return refuse({ code: 'unproven', why: `its record does not verify: ${flaw}` });
  return { ...stored, access };
}

/** `details`: what else is known of what was refused. */
export async function refuseInside(
  { ledger, clock }: Pick<Deps, 'ledger' | 'clock'>,
  { access, person }: Inside,
  doing: DoingInside,
  refused: Refusal,
  details: Details = {},
): Promise<Refused> {
  await ledger.append([
    {
      at: isoTime(clock.now()),
      action: 'access.refused',
      access,
      actor: { kind: 'person', ...person },
      details: { doing, code: refused.code, ...details },
    },
  ]);
  return { refused };
}
