/**
 * What a filter decides of a system call, as data: the kernel gets it as a BPF program (filter.ts), a container engine
 * as a profile of rules (profile.ts). Every way through a decision ends in a verdict, so neither needs a default.
 */
export type Verdict = 'allow' | { readonly errno: number };

/**
 * Of one argument the low half, and of that these bits. The kernel reads an `int` or `unsigned int` from the low half and
 * ignores the high one, so a filter must do the same: a check of all 64 bits could be passed by with a stray high bit.
 */
export type Word = { readonly argument: number; readonly bits: number };

/** No value may stand in two cases. */
export type Choice = {
  readonly on: Word;
  readonly cases: readonly { readonly values: readonly number[]; readonly then: Decision }[];
  readonly otherwise: Decision;
};

/** Of a pointer a filter can know no more than whether it is null, in all its 64 bits. */
export type NullCheck = {
  readonly pointer: number;
  readonly whenNull: Decision;
  readonly otherwise: Decision;
};

export type Decision = Verdict | Choice | NullCheck;

const allBits = 0xffff_ffff;

export const word = (argument: number, bits: number = allBits): Word => ({ argument, bits });

export function choose(
  on: Word,
  cases: readonly (readonly [values: readonly number[], then: Decision])[],
  otherwise: Decision,
): Choice {
  return { on, cases: cases.map(([values, then]) => ({ values, then })), otherwise };
}

export function isVerdict(decision: Decision): decision is Verdict {
  return decision === 'allow' || 'errno' in decision;
}
