/**
 * Opens a terminal for the requester of an active access. The recording stands on disk, and its start on the record,
 * before the shell is started; whether the access is still theirs is looked at again in between.
 */
import { isoTime } from '../domain/duration.ts';
import type { AccessId } from '../domain/ids.ts';
import type { Person } from '../domain/people.ts';
import { approvedTarget, targetOf } from '../domain/policy.ts';
import { isRefused, type Refusal, type Refused } from '../domain/refusal.ts';
import { RecordingFault } from '../ports/recordings.ts';
import type { TerminalSize } from '../ports/terminals.ts';
import { greeting } from '../words/greeting.ts';
import type { Flow } from './deps.ts';
import { keepSessionEnd } from './end-session.ts';
import { ownActive, refuseInside, type StoredActive } from './own-active.ts';
import { type Session, startSession } from './session.ts';

export type SessionAsk = {
  readonly access: AccessId;
  readonly person: Person;
  readonly size: TerminalSize;
  readonly whyOver: () => Promise<string | undefined>;
  /** How many terminals of this access are open already. */
  readonly open: number;
  /** Ends the attempts to put the end of what came to nothing on the record. */
  readonly giveUp: AbortSignal;
};

export type SessionDeps = Pick<
  Flow,
  'ledger' | 'terminals' | 'recordings' | 'directory' | 'policy' | 'clock' | 'newSessionId' | 'log'
>;

const mostPerAccess = 8;

export async function openSession(deps: SessionDeps, ask: SessionAsk): Promise<Session | Refused> {
  const refuse = (refusal: Refusal): Promise<Refused> => refuseInside(deps, ask, 'terminal', refusal);
  const stored = await judged(deps, ask);
  if (isRefused(stored)) return refuse(stored.refused);
  const { access, person, size } = ask;
  const { clock, ledger } = deps;
  const id = deps.newSessionId();
  const { request } = stored.access;
  const { idle, record_input } = targetOf(deps.policy.current(), request.target)?.sandbox ?? {};
  // The policy no longer names the target: nobody is left who may say what is recorded.
  if (idle === undefined || record_input === undefined)
    return refuse({ code: 'no-such-target', target: request.target, offered: [] });

  const title = `${request.target} ${access}`;
  const of = { access, session: id, startedAt: clock.now(), size, title };
  const recording = await deps.recordings.begin(of).catch(unrecordable);
  if (isRefused(recording)) {
    deps.log.error({ access, why: recording.refused }, 'a terminal cannot be recorded, so it is not opened');
    return refuse(recording.refused);
  }
  const actor = { kind: 'person', ...person } as const;
  const ended = { access, session: id, actor, target: request.target };
  try {
    await ledger.append([
      {
        at: isoTime(clock.now()),
        action: 'session.started',
        access,
        actor,
        target: request.target,
        details: {
          session: id,
          cols: size.cols,
          rows: size.rows,
          input_recorded: record_input,
          recording: `recordings/${access}/${id}.cast`,
        },
      },
    ]);
    const late = await judged(deps, ask);
    if (isRefused(late)) {
      const end = { why: 'the access ended meanwhile', digest: await recording.end() };
      void keepSessionEnd(deps, ended, end, ask.giveUp);
      return refuse(late.refused);
    }
    const terminal = await deps.terminals.terminal(access, size);
    return startSession({
      id,
      access,
      target: request.target,
      terminal,
      recording,
      size,
      idleMs: idle,
      greeting: greeting({
        target: request.target,
        endsAt: late.access.endsAt,
        recordInput: record_input,
        approved: approvedTarget(deps.policy.current(), request),
      }),
      recordInput: record_input,
      clock,
      whyOver: ask.whyOver,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const end = { why: `it could not be opened: ${why}`, digest: await recording.end() };
    void keepSessionEnd(deps, ended, end, ask.giveUp);
    throw error;
  }
}

function unrecordable(error: unknown): Refused & { readonly refused: { readonly code: 'not-recordable' } } {
  if (!(error instanceof RecordingFault)) throw error;
  return { refused: { code: 'not-recordable', why: error.message } };
}

async function judged(deps: SessionDeps, ask: SessionAsk): Promise<StoredActive | Refused> {
  const stored = await ownActive(deps, ask);
  if (isRefused(stored) || ask.open < mostPerAccess) return stored;
  return { refused: { code: 'too-many-sessions', max: mostPerAccess } };
}
