/** Ways out through other processes, identities, priorities and limits. */
import type { Bait } from './bait.ts';
import { refused, type Way, way } from './way.ts';

const processFiles = (name: string, mark: string): string => `
def read(pid):
    try: return open(f'/proc/{pid}/${name}', 'rb').read()
    except OSError: return b''
pids = [pid for pid in os.listdir('/proc') if pid.isdigit()]
# The mark must not stand in this script, whose process is seen as well.
found = [pid for pid in pids if bytes.fromhex('${Buffer.from(mark).toString('hex')}') in read(pid)]
held(f'none of {len(pids)}') if not found else out(found)`;

export const processWays = ({ mark, pid }: Bait): readonly Way[] => [
  way('sees a process of the host', processFiles('cmdline', mark), 'anyone'),
  way('reads the environment of one', processFiles('environ', mark), 'root'),
  way('signals one', `attempt(lambda: os.kill(${pid}, 0), 'ESRCH')`, 'root'),
  way(
    'kills the first process, and with it the fence',
    `
os.kill(1, signal.SIGKILL)
os.kill(1, signal.SIGTERM)
time.sleep(0.1)
held('it lives') if os.path.exists('/proc/1/status') else out('gone')`,
  ),
  way(
    'finds who started the first process',
    `
parent = [line.split()[1] for line in open('/proc/1/status') if line.startswith('PPid:')][0]
group = open('/proc/1/stat').read().rsplit(')', 1)[1].split()[2]
held('nobody in sight') if parent == '0' and group in ('0', '1') else out((parent, group))`,
  ),
  way('takes hold of the first process', refused('ptrace', '16, 1, 0, 0')),
  way('traces a process of its own', refused('ptrace', '0, 0, 0, 0'), 'anyone'),
  way('reads the memory of the first process', refused('process_vm_readv', '1, None, 0, None, 0, 0'), 'root'),
  way(
    'writes to the memory of the first process',
    refused('process_vm_writev', '1, None, 0, None, 0, 0'),
    'root',
  ),
  way(
    'takes a descriptor of the first process',
    refused('pidfd_getfd', 'os.pidfd_open(1), 0, 0', "'EPERM', 'ENOSYS', 'EACCES'"),
  ),
  way('compares itself with the first process', refused('kcmp', '1, os.getpid(), 2, 0, 0')),
  way(
    'holds something open that the host gave it',
    `
# What gVisor was given for input and output it calls by a number of the host's.
known = ('/dev/', 'pipe:', 'host:', '/run/prod-access/')
strangers = [fd for fd in os.listdir('/proc/self/fd') if int(fd) > 2 and os.path.exists(f'/proc/self/fd/{fd}') and os.readlink(f'/proc/self/fd/{fd}').startswith('host:')]
if strangers: out(strangers)
links = [os.readlink(f'/proc/self/fd/{fd}') for fd in os.listdir('/proc/self/fd') if os.path.exists(f'/proc/self/fd/{fd}')]
strange = [each for each in links if not each.startswith(known) and not each.startswith('/proc/') and 'sh-thd' not in each]
held(f'{len(links)} of its own') if not strange else out(strange)`,
  ),
  way(
    'has a privilege',
    `
lines = dict(line.split(None, 1) for line in open('/proc/self/status') if line.startswith('Cap'))
none = len(lines) > 3 and all(int(value, 16) == 0 for value in lines.values())
noNew = libc.prctl(39, 0, 0, 0, 0)
held('none') if none and noNew == 1 else out((lines, noNew))`,
    'root',
  ),
  way(
    'becomes root by a setuid program',
    `
import subprocess
programs = [at for at in ('/usr/bin/passwd', '/usr/bin/su', '/usr/bin/mount', '/usr/bin/chsh')
            if os.path.exists(at) and os.stat(at).st_mode & stat.S_ISUID]
if not programs: say('not tried', 'no setuid program')
# The linker tells of itself unless the program runs with more rights than its caller.
shown = subprocess.run([programs[0], '--help'], env={'LD_SHOW_AUXV': '1'}, capture_output=True, text=True).stdout
held('no rights are gained') if 'AT_SECURE:' in shown and ' 0' in shown.split('AT_SECURE:')[1].split('\\n')[0] else out(programs[0])`,
    'anyone',
  ),
  way('becomes root', `attempt(lambda: os.setuid(0), 'EPERM', 'EINVAL')`, 'root'),
  way("joins root's group", `attempt(lambda: os.setgroups([0]), 'EPERM', 'EINVAL')`, 'root'),
  way(
    'gives a file to root',
    `
at = '/tmp/${mark}.given'
open(at, 'w').close()
try: os.chown(at, 0, 0)
except OSError as error: held(error) if error.errno in (errno.EPERM, errno.EINVAL) else say('not tried', error)
finally: os.unlink(at)
out('given')`,
    'root',
  ),
  way(
    'maps itself to root',
    `
def write(name): os.write(os.open(f'/proc/self/{name}', os.O_WRONLY), f'0 {os.getuid()} 1\\n'.encode())
each(['uid_map', 'gid_map'], write, 'EPERM', 'EACCES', 'EROFS')`,
  ),
  way(
    'raises its limits',
    `
import resource
# Processes are counted by a cgroup, too, and some drivers leave that to it.
bounded = [which for which in (6, 7, 8, 11, 12, 13, 14) if resource.getrlimit(which)[1] != resource.RLIM_INFINITY]
if len(bounded) < 6: out(f'only {bounded} are bounded')
each(bounded, lambda which: call('prlimit64', 0, which, struct.pack('QQ', 2**62, 2**62), None), 'EPERM')`,
  ),
  way(
    'has a crash handled by the host',
    `
import resource
# 1 byte alone keeps the kernel from starting the program in core_pattern; at 0 it does start it.
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
limit = resource.getrlimit(resource.RLIMIT_CORE)
try: piped = open('/proc/sys/kernel/core_pattern').read().startswith(('|', '@'))
except FileNotFoundError: out('nobody says by whom')
held(f'{limit}') if limit == (1, 1) or not piped and limit == (0, 0) else out(f'{limit}')`,
  ),
  way('runs before others', `attempt(lambda: os.nice(-5), 'EPERM', 'EACCES')`),
  way(
    'runs in real time',
    `attempt(lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)), 'EPERM')`,
  ),
  way('reads disks before others', refused('ioprio_set', '1, 0, 1 << 13', "'EPERM'")),
  way(
    'is the last to be killed when memory is short',
    `
def lower():
    # Without buffering: a refused write would be tried again when the file is closed.
    with open('/proc/self/oom_score_adj', 'wb', buffering=0) as file: file.write(b'-1000')
attempt(lower, 'EACCES', 'EPERM', 'EROFS')`,
  ),
];
