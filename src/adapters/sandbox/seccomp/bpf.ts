/**
 * Classic BPF programs as seccomp takes them. Pure.
 *
 * Every program here ends in a verdict on each of its ways and jumps only forward within itself. So two of them can
 * stand behind one another and be chosen between without labels, at any length: a conditional jump reaches 255
 * instructions, and what lies farther is reached by an unconditional one.
 */
export type Instruction = {
  readonly code: number;
  /** Instructions to skip where the test is true, and where it is false. */
  readonly whenTrue: number;
  readonly whenFalse: number;
  readonly value: number;
};

export type Program = readonly Instruction[];

export type Test = { readonly code: number; readonly value: number };

/** `linux/bpf_common.h`: class, width or operation, and mode of each instruction in use. */
export const codes = {
  loadWord: 0x20,
  jump: 0x05,
  jumpIfEqual: 0x15,
  jumpIfAtLeast: 0x35,
  jumpIfAnyBit: 0x45,
  and: 0x54,
  verdict: 0x06,
} as const;

/** `linux/seccomp.h`: the field offsets of `struct seccomp_data`. Little endian, as are both processors. */
export const numberOffset = 0;
export const architectureOffset = 4;
const argumentsOffset = 16;

/** How far a conditional jump reaches. */
const farthest = 255;

const plain = (code: number, value: number): Instruction => ({ code, whenTrue: 0, whenFalse: 0, value });

export const allow: Program = [plain(codes.verdict, 0x7fff_0000)];
export const kill: Program = [plain(codes.verdict, 0x8000_0000)];
/** The call is not made and gives this error; with 0 it is not made and seems to have succeeded. */
export const answer = (errno: number): Program => [plain(codes.verdict, 0x0005_0000 | errno)];

export const equals = (value: number): Test => ({ code: codes.jumpIfEqual, value });
export const atLeast = (value: number): Test => ({ code: codes.jumpIfAtLeast, value });
export const anyBit = (value: number): Test => ({ code: codes.jumpIfAnyBit, value });

/** Loads the word at this offset, of which everything that follows speaks. */
export const load = (offset: number, then: Program): Program => [plain(codes.loadWord, offset), ...then];
/** Keeps these bits of the word. */
export const masked = (bits: number, then: Program): Program => [plain(codes.and, bits), ...then];

/**
 * Half of an argument. The kernel reads an `int` or `unsigned int` from the low half and ignores the high one, so a
 * filter must do the same: a check of all 64 bits could be passed by with a stray high bit.
 */
export const low = (argument: number, then: Program): Program => load(argumentsOffset + 8 * argument, then);
export const high = (argument: number, then: Program): Program =>
  load(argumentsOffset + 8 * argument + 4, then);

export function choose({ code, value }: Test, yes: Program, no: Program): Program {
  return no.length <= farthest
    ? [{ code, whenTrue: no.length, whenFalse: 0, value }, ...no, ...yes]
    : [{ code, whenTrue: 0, whenFalse: 1, value }, plain(codes.jump, no.length), ...no, ...yes];
}

export function oneOf(values: readonly number[], yes: Program, no: Program): Program {
  return values.reduceRight((rest, value) => choose(equals(value), yes, rest), no);
}

/** An array of `struct sock_filter`. */
export function encode(program: Program): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  for (const [at, { code, whenTrue, whenFalse, value }] of program.entries()) {
    bytes.setUint16(at * 8, code, true);
    bytes.setUint8(at * 8 + 2, whenTrue);
    bytes.setUint8(at * 8 + 3, whenFalse);
    bytes.setUint32(at * 8 + 4, value, true);
  }
  return new Uint8Array(bytes.buffer);
}
