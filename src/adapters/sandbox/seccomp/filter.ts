/**
 * The seccomp filter of a local sandbox: what calls.ts decides, as the BPF program that bubblewrap loads. Pure.
 *
 * Another architecture's calls, or x32's, end the process: the table of calls speaks of neither.
 */
import {
  allow,
  answer,
  architectureOffset,
  atLeast,
  choose,
  encode,
  equals,
  high,
  kill,
  load,
  low,
  masked,
  numberOffset,
  oneOf,
  type Program,
} from './bpf.ts';
import { type Architecture, decisionOn, syscallsOf } from './calls.ts';
import { type Decision, isVerdict } from './decision.ts';

/** `linux/audit.h`: AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64. */
const tokens = { x64: 0xc000_003e, arm64: 0xc000_00b7 } as const;
/** The bit that x32 sets in its numbers. */
const x32 = 0x4000_0000;

/** What bubblewrap reads from `--seccomp`. */
export function seccompFilter(architecture: Architecture): Uint8Array {
  return encode(filterProgram(architecture));
}

export function filterProgram(architecture: Architecture): Program {
  const search = searchTree(stretches(syscallsOf(architecture)));
  const native = architecture === 'x64' ? choose(atLeast(x32), kill, search) : search;
  return load(architectureOffset, choose(equals(tokens[architecture]), load(numberOffset, native), kill));
}

/** One decision from this number up to the next stretch. */
type Stretch = { readonly from: number; readonly decision: Decision };

function stretches(table: ReadonlyMap<number, string>): readonly Stretch[] {
  const end = Math.max(...table.keys()) + 1;
  const found: Stretch[] = [];
  for (let number = 0; number <= end; number += 1) {
    const decision = decisionOn(table.get(number));
    if (found.at(-1)?.decision !== decision) found.push({ from: number, decision });
  }
  return found;
}

/** Finds the stretch in as many comparisons as its number has bits. */
function searchTree(all: readonly Stretch[]): Program {
  const at = all.length >> 1;
  const middle = all[at];
  if (middle === undefined) return kill;
  if (at === 0) return programOf(middle.decision);
  return choose(atLeast(middle.from), searchTree(all.slice(at)), searchTree(all.slice(0, at)));
}

function programOf(decision: Decision): Program {
  if (isVerdict(decision)) return decision === 'allow' ? allow : answer(decision.errno);
  const otherwise = programOf(decision.otherwise);
  if ('pointer' in decision) {
    const { pointer, whenNull } = decision;
    const bothNull = choose(equals(0), programOf(whenNull), otherwise);
    return low(pointer, choose(equals(0), high(pointer, bothNull), otherwise));
  }
  const { on, cases } = decision;
  const tests = cases.reduceRight(
    (rest, { values, then }) => oneOf(values, programOf(then), rest),
    otherwise,
  );
  return low(on.argument, masked(on.bits, tests));
}
