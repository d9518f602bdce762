/**
 * The seccomp profile of a container: what calls.ts decides, in the words that container engines take (`HostConfig`'s
 * `seccomp=`, OCI's `linux.seccomp`). Pure.
 *
 * An engine hands the rules to libseccomp, where several of one call are an "or" without an order. So the ways through a
 * decision become rules that exclude one another, and together with the default, EPERM, they cover every argument: which
 * is looked at first is of no account. "None of these values" is said bit by bit: a word is none of them if it begins
 * with bits that none of them begins with. `SCMP_CMP_MASKED_EQ` is the one comparison that can look at half an argument.
 *
 * Two things are the runtime's to say. Calls of another architecture, or x32's, end the thread, which is libseccomp's
 * default. Numbers above the highest that is named give ENOSYS with runc, and EPERM with runtimes that add no such rule.
 */
import { type Architecture, decisionOn, syscallsOf } from './calls.ts';
import { type Choice, type Decision, isVerdict, type Verdict } from './decision.ts';
import { errno } from './restricted.ts';

type Comparison = {
  readonly index: number;
  readonly value: number;
  /** Left out where the comparison has but one. */
  readonly valueTwo?: number;
  readonly op: 'SCMP_CMP_MASKED_EQ' | 'SCMP_CMP_EQ' | 'SCMP_CMP_NE';
};
type Action =
  | { readonly action: 'SCMP_ACT_ALLOW' }
  | { readonly action: 'SCMP_ACT_ERRNO'; readonly errnoRet: number };
type Rule = Action & { readonly names: readonly string[]; readonly args?: readonly Comparison[] };

export type SeccompProfile = {
  readonly defaultAction: 'SCMP_ACT_ERRNO';
  readonly defaultErrnoRet: number;
  readonly architectures: readonly string[];
  readonly syscalls: readonly Rule[];
};

const architectureNames = { x64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' } as const;

export function seccompProfile(architecture: Architecture): SeccompProfile {
  const always: string[] = [];
  const rules: Rule[] = [];
  for (const name of syscallsOf(architecture).values()) {
    const decision = decisionOn(name);
    if (decision === 'allow') always.push(name);
    else
      for (const { verdict, when } of pathsThrough(decision))
        if (!isDefault(verdict)) rules.push({ names: [name], ...actionOf(verdict), args: when });
  }
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: errno.EPERM,
    architectures: [architectureNames[architecture]],
    syscalls: [{ names: always, action: 'SCMP_ACT_ALLOW' }, ...rules],
  };
}

function isDefault(verdict: Verdict): boolean {
  return verdict !== 'allow' && verdict.errno === errno.EPERM;
}

function actionOf(verdict: Verdict): Action {
  return verdict === 'allow'
    ? { action: 'SCMP_ACT_ALLOW' }
    : { action: 'SCMP_ACT_ERRNO', errnoRet: verdict.errno };
}

type Path = { readonly verdict: Verdict; readonly when: readonly Comparison[] };

/** No argument is looked at twice on one path: engines make an "or" of that. */
function pathsThrough(decision: Decision, when: readonly Comparison[] = []): readonly Path[] {
  if (isVerdict(decision)) return [{ verdict: decision, when }];
  if ('pointer' in decision) {
    const index = decision.pointer;
    return [
      ...pathsThrough(decision.whenNull, [...when, { index, value: 0, op: 'SCMP_CMP_EQ' }]),
      ...pathsThrough(decision.otherwise, [...when, { index, value: 0, op: 'SCMP_CMP_NE' }]),
    ];
  }
  const index = decision.on.argument;
  return leads(decision).flatMap(({ bits, value, then }) =>
    pathsThrough(then, [...when, { index, value: bits, valueTwo: value, op: 'SCMP_CMP_MASKED_EQ' }]),
  );
}

type Lead = { readonly bits: number; readonly value: number; readonly then: Decision };

/** As few leading bits as tell what to do: for each word there is one lead. */
function leads({ on, cases, otherwise }: Choice): readonly Lead[] {
  const found: Lead[] = [];
  const split = (bits: number, value: number, left: readonly Value[]): void => {
    const rest = (on.bits & ~bits) >>> 0;
    const meant = new Set(left.map(({ then }) => then));
    if (left.length < 2 ** bitsIn(rest)) meant.add(otherwise);
    const [then, another] = meant;
    if (then !== undefined && another === undefined) {
      found.push({ bits, value, then });
      return;
    }
    const next = 2 ** (31 - Math.clz32(rest));
    const withNext = (bits | next) >>> 0;
    const has = (one: Value): boolean => (one.value & next) !== 0;
    split(
      withNext,
      value,
      left.filter((one) => !has(one)),
    );
    split(withNext, (value | next) >>> 0, left.filter(has));
  };
  split(
    0,
    0,
    cases.flatMap(({ values, then }) => values.map((value) => ({ value, then }))),
  );
  return found;
}

type Value = { readonly value: number; readonly then: Decision };

function bitsIn(word: number): number {
  return word.toString(2).replaceAll('0', '').length;
}
