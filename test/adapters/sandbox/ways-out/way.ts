/**
 * One way out of a sandbox, as a bash script that tries it. Its last line says what became of it: `held: …` or `out: …`.
 * Whatever else it says, it could not be tried, and that is a failure too: a test without its tool proves nothing.
 */
import { type Architecture, hasFilter, syscallsOf } from '../../../../src/adapters/sandbox/seccomp/calls.ts';

export type Way = {
  readonly name: string;
  readonly script: string;
  /** Who gets out by it where there is no fence, which shows that the script does try. */
  readonly unfenced?: 'root' | 'anyone';
};

export type Verdict = 'held' | 'out' | 'not tried';

export function verdictOf(stdout: string): Verdict {
  const last = stdout.trim().split(/\r?\n/).at(-1) ?? '';
  const word = /^(held|out): \S/.exec(last)?.[1];
  return word === 'held' || word === 'out' ? word : 'not tried';
}

/**
 * A way in Python. `attempt(act, *errors)` is out where the act succeeds, held where it fails by one of these errors;
 * `each(things, act, *errors)` is held where it is for every thing; `call(name, *words)` makes the system call itself,
 * past libc. For a kernel that refuses by other errors, suite.ts names those in the environment.
 */
export function way(name: string, body: string, unfenced?: Way['unfenced']): Way {
  const script = `python3 -I - <<'END'\n${preludeFor(body)}${body.trim()}\nEND\n`;
  return { name, script, ...(unfenced === undefined ? {} : { unfenced }) };
}

/** A system call that must not be made: refused before it looks at its arguments. */
export function refused(name: string, words: string, errors = "'EPERM', 'ENOSYS'"): string {
  return `attempt(lambda: call('${name}', ${words}), ${errors})`;
}

const prelude = `
import ctypes, errno, fcntl, os, signal, socket, stat, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
otherErrors = os.environ.get('OTHER_ERRORS', '').split()
def say(verdict, why):
    print(f'{verdict}: {why}', flush=True)
    os._exit(0)
def held(why): say('held', why)
def out(why): say('out', why)
def call(name, *words):
    words = [ctypes.c_char_p(each) if isinstance(each, bytes) else ctypes.c_void_p(each % 2**64)
             if isinstance(each, int) else each for each in words]
    result = libc.syscall(ctypes.c_long(numbers[name]), *words)
    if result == -1: raise OSError(ctypes.get_errno(), name)
    return result
def refusal(act, errors):
    try: result = act()
    except OSError as error:
        name = errno.errorcode.get(error.errno, str(error.errno))
        return name if name in errors or name in otherErrors else say('not tried', error)
    out(f'it gave {result!r}')
def attempt(act, *errors): held(refusal(act, errors))
def each(things, act, *errors): held(' '.join(sorted({refusal(lambda: act(one), errors) for one in things})))
def in_child(act):
    child = os.fork()
    if child == 0:
        act()
        os._exit(0)
    return os.waitpid(child, 0)[1]
`.trimStart();

/** With the numbers of the calls that the body makes. */
function preludeFor(body: string): string {
  const numbers = [...body.matchAll(/\bcall\('(\w+)'/g)].map(
    ([, name = '']) => `'${name}': ${numberOf(name)}`,
  );
  return `${prelude}numbers = {${numbers.join(', ')}}\n`;
}

export function architecture(): Architecture {
  if (hasFilter(process.arch)) return process.arch;
  throw new Error(`no system calls are known of ${process.arch}`);
}

function numberOf(name: string): number {
  for (const [number, known] of syscallsOf(architecture())) if (known === name) return number;
  throw new Error(`${name} is no system call of ${process.arch}`);
}
