/** Runs a seccomp program as the kernel would: first its checker's rules, then one call. */

export type SystemCall = {
  readonly architecture: number;
  readonly number: number;
  readonly arguments: readonly bigint[];
};

const dataBytes = 64;
/** BPF_MAXINSNS. */
const longest = 4096;

/** The verdict, as the kernel's `SECCOMP_RET_*` value. Throws on what the kernel would refuse to load. */
export function run(filter: Uint8Array, call: SystemCall): number {
  const code = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  const count = filter.byteLength / 8;
  const data = dataOf(call);
  let accumulator = 0;
  for (let at = 0; at < count; at += 1) {
    const value = code.getUint32(at * 8 + 4, true);
    const skip = (holds: boolean): void => {
      at += code.getUint8(at * 8 + (holds ? 2 : 3));
    };
    switch (code.getUint16(at * 8, true)) {
      case 0x20:
        accumulator = data.getUint32(value, true);
        break;
      case 0x54:
        accumulator = (accumulator & value) >>> 0;
        break;
      case 0x05:
        at += value;
        break;
      case 0x15:
        skip(accumulator === value);
        break;
      case 0x35:
        skip(accumulator >= value);
        break;
      case 0x45:
        skip((accumulator & value) !== 0);
        break;
      case 0x06:
        return value;
      default:
        throw new Error(`instruction ${at} is none`);
    }
  }
  throw new Error('the program ran off its end');
}

/** What is wrong with a program by the kernel's rules (bpf_check_classic, seccomp_check_filter). */
export function faultsIn(filter: Uint8Array): readonly string[] {
  const code = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  const count = filter.byteLength / 8;
  const faults: string[] = [];
  if (!Number.isInteger(count) || count < 1 || count > longest) faults.push(`${count} instructions`);
  for (let at = 0; at < count; at += 1) {
    const value = code.getUint32(at * 8 + 4, true);
    const opcode = code.getUint16(at * 8, true);
    const aims = opcode === 0x05 ? [value] : [code.getUint8(at * 8 + 2), code.getUint8(at * 8 + 3)];
    if (![0x20, 0x54, 0x05, 0x15, 0x35, 0x45, 0x06].includes(opcode)) faults.push(`${at}: no instruction`);
    if (aims.some((aim) => at + 1 + aim >= count) && opcode !== 0x06) faults.push(`${at}: jumps out`);
    if (opcode === 0x20 && (value % 4 !== 0 || value >= dataBytes)) faults.push(`${at}: loads from ${value}`);
  }
  if (count >= 1 && code.getUint16((count - 1) * 8, true) !== 0x06) faults.push('no verdict at the end');
  return faults;
}

/** `struct seccomp_data`. */
function dataOf({ architecture, number, arguments: words }: SystemCall): DataView {
  const data = new DataView(new ArrayBuffer(dataBytes));
  data.setUint32(0, number, true);
  data.setUint32(4, architecture, true);
  for (const [at, word] of words.entries()) data.setBigUint64(16 + 8 * at, word, true);
  return data;
}
