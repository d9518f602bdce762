/**
 * What a terminal says before its shell's first prompt: until when, what is recorded, and what can be reached from it.
 * Short, however much the target names.
 */
import { isoTime } from '../domain/duration.ts';
import type { Target } from '../domain/policy.ts';

/** Of each kind of way out. */
const namedMax = 6;

export type Greeting = {
  readonly target: string;
  readonly endsAt: number;
  readonly recordInput: boolean;
  /** What was approved; undefined where the policy does not say it any more. */
  readonly approved: Target | undefined;
};

/** Lines for a terminal, each ended as it wants them. */
export function greeting({ target, endsAt, recordInput, approved }: Greeting): string {
  const lines = [
    `── ${target}, until ${isoTime(endsAt).slice(11, 19)} UTC. Files here are deleted then.`,
    `   What is shown here is recorded${recordInput ? ', and what is typed as well' : ''}.`,
    ...(approved === undefined ? [edited] : reachable(approved)),
    '',
  ];
  return lines.map((line) => `${line}\r\n`).join('');
}

const edited =
  '   The policy was edited since this was approved. What can be reached is what was approved, or nothing.';

function reachable({ sandbox: { egress, forwards }, grant }: Target): readonly string[] {
  return [
    ...forwards.slice(0, namedMax).map(({ name, listen }) => `   127.0.0.1:${listen} → ${name}`),
    ...more(forwards.length),
    ...egress
      .slice(0, namedMax)
      .map(({ host, port }) => `   ${host}:${port} → by TLS, through the proxy in HTTPS_PROXY`),
    ...more(egress.length),
    `   AWS credentials are in place, for ${grant.aws.region}.`,
    '   Nothing else can be reached.',
  ];
}

function more(count: number): readonly string[] {
  return count > namedMax ? [`   and ${count - namedMax} more`] : [];
}
