/**
 * Compiles a profile as an engine's runtime does: by libseccomp, called through Python. Rules of the default's own
 * action are left out, as runc leaves them out, for libseccomp refuses them.
 */
import { execFileSync } from 'node:child_process';
import type { SeccompProfile } from '../../../../src/adapters/sandbox/seccomp/profile.ts';

const script = `
import ctypes, json, sys
lib = ctypes.CDLL('libseccomp.so.2')
lib.seccomp_init.restype = ctypes.c_void_p
class Comparison(ctypes.Structure):
    _fields_ = [('arg', ctypes.c_uint), ('op', ctypes.c_int), ('a', ctypes.c_uint64), ('b', ctypes.c_uint64)]
operators = {'SCMP_CMP_NE': 1, 'SCMP_CMP_EQ': 4, 'SCMP_CMP_MASKED_EQ': 7}
tokens = {'SCMP_ARCH_X86_64': 0xc000003e, 'SCMP_ARCH_AARCH64': 0xc00000b7}
def action(rule): return 0x7fff0000 if rule['action'] == 'SCMP_ACT_ALLOW' else 0x50000 | rule['errnoRet']
def checked(what, code):
    if code < 0: sys.exit(f'{what}: {code}')
profile = json.load(sys.stdin)
default = 0x50000 | profile['defaultErrnoRet']
filter = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(default)))
for name in profile['architectures']:
    if lib.seccomp_arch_exist(filter, ctypes.c_uint32(tokens[name])): checked(name, lib.seccomp_arch_add(filter, ctypes.c_uint32(tokens[name])))
native = lib.seccomp_arch_native() % 2**32
if native not in [tokens[name] for name in profile['architectures']]:
    checked('native', lib.seccomp_arch_remove(filter, ctypes.c_uint32(native)))
for rule in profile['syscalls']:
    if action(rule) == default: continue
    for name in rule['names']:
        number = lib.seccomp_syscall_resolve_name(name.encode())
        if number == -1: sys.exit(f'{name}: no such call')
        args = [Comparison(one['index'], operators[one['op']], one['value'], one.get('valueTwo', 0)) for one in rule.get('args', [])]
        checked(name, lib.seccomp_rule_add_array(filter, ctypes.c_uint32(action(rule)), ctypes.c_int(number),
                                                 ctypes.c_uint(len(args)), (Comparison * max(1, len(args)))(*args)))
checked('export', lib.seccomp_export_bpf(filter, 1))
`;

/** The program that the kernel is given. */
export function compiled(profile: SeccompProfile): Uint8Array {
  const program = execFileSync('python3', ['-I', '-c', script], { input: JSON.stringify(profile) });
  return new Uint8Array(program);
}
