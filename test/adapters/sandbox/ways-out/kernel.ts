/** Ways out through namespaces, cgroups, terminals and what else the kernel offers. */
import type { Bait } from './bait.ts';
import { architecture, refused, type Way, way } from './way.ts';

const namespaces = {
  mounts: 0x0002_0000,
  cgroups: 0x0200_0000,
  'host names': 0x0400_0000,
  'message queues': 0x0800_0000,
  users: 0x1000_0000,
  processes: 0x2000_0000,
  networks: 0x4000_0000,
  clocks: 0x80,
};
const SIGCHLD = 17;

/** Opened only, for what is written there would take effect. */
const opened = (paths: readonly string[]): string =>
  `each(${JSON.stringify(paths)}, lambda at: os.open(at, os.O_WRONLY), 'ENOENT', 'EACCES', 'EPERM', 'EROFS')`;

/** A terminal to try on: the one that it runs in, or else a new one. */
const terminal = `
import pty
def on_terminal(act):
    try: own = os.open('/dev/tty', os.O_RDWR)
    except OSError: own = None
    if own is not None: return act(own)
    child, master = pty.fork()
    if child == 0: act(0)
    # Not read to its end, which not every kernel tells; what was said fits into the terminal.
    os.waitpid(child, 0)
    os.set_blocking(master, False)
    sys.stdout.buffer.write(os.read(master, 4096).replace(b'\\r', b''))
    sys.stdout.flush()
    os._exit(0)
`;
const onTerminal = (request: string, errors: string): string =>
  `${terminal}on_terminal(lambda fd: attempt(lambda: call('ioctl', fd, ${request}, b'#'), ${errors}))`;

const foreign = (code: string): string => `
import mmap
memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
memory.write(bytes.fromhex('${code}'))
run = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
status = in_child(run)
held('SIGSYS') if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS else out(status)`;

export const kernelWays = (_: Bait): readonly Way[] => [
  ...Object.entries(namespaces).map(([name, flag]) =>
    way(
      `makes a namespace of ${name}`,
      refused('unshare', String(flag)),
      name === 'users' ? 'anyone' : undefined,
    ),
  ),
  way(
    'starts a process in a namespace of users',
    `
def start():
    child = call('clone', ${0x1000_0000 | SIGCHLD}, 0, 0, 0, 0)
    if child == 0: os._exit(0)
    return child
attempt(start, 'EPERM', 'ENOSYS')`,
    'anyone',
  ),
  way(
    'the same by clone3',
    `
def start():
    child = call('clone3', struct.pack('8Q', ${0x1000_0000}, 0, 0, 0, ${SIGCHLD}, 0, 0, 0), 64)
    if child == 0: os._exit(0)
    return child
attempt(start, 'EPERM', 'ENOSYS')`,
    'anyone',
  ),
  way(
    'joins a namespace of the first process',
    `
each(['user', 'mnt', 'net', 'pid', 'uts', 'ipc'],
     lambda name: call('setns', os.open(f'/proc/1/ns/{name}', os.O_RDONLY), 0), 'EPERM', 'EACCES', 'ENOENT')`,
  ),
  way('sets a name of the machine', refused('sethostname', "b'x', 1")),
  way('sets the domain of the machine', refused('setdomainname', "b'x', 1")),
  way('sets the clock', refused('clock_settime', "0, struct.pack('qq', int(time.time()), 0)")),
  way('sets the clock, the old way', refused('settimeofday', "struct.pack('qq', int(time.time()), 0), None")),
  way('bends the clock', refused('clock_adjtime', "0, struct.pack('I204x', 0x4000)")),
  way('restarts the machine', refused('reboot', '0, 0, 0, None', "'EPERM'")),
  way('loads another kernel', refused('kexec_load', '0, 0, None, 0', "'EPERM', 'ENOSYS'")),
  way('loads a module', refused('finit_module', "-1, b'', 0", "'EPERM', 'ENOSYS'")),
  way('loads a module from memory', refused('init_module', "None, 0, b''", "'EPERM', 'ENOSYS'")),
  way('removes a module', refused('delete_module', "b'prod_access_none', 0", "'EPERM', 'ENOSYS'")),
  way('turns on accounting', refused('acct', 'None', "'EPERM', 'ENOSYS'")),
  way('swaps to a file', refused('swapon', "b'/tmp/none', 0", "'EPERM', 'ENOSYS'")),
  way('reads what the kernel logs', refused('syslog', '10, None, 0', "'EPERM'")),
  way("adds a key to the kernel's ring", refused('add_key', "b'user', b'prod-access', b'x', 1, -2")),
  way("asks for a key of the kernel's ring", refused('request_key', "b'user', b'prod-access', None, -2")),
  way("opens the kernel's ring of keys", refused('keyctl', '0, -3, 0')),
  way('loads a program into the kernel', refused('bpf', '0, bytes(128), 128')),
  way(
    'counts events of the kernel',
    refused('perf_event_open', 'bytes(128), 0, -1, -1, 0', "'EPERM', 'EACCES', 'ENOSYS'"),
  ),
  way('handles its own page faults', refused('userfaultfd', '0')),
  way('makes a ring of system calls', refused('io_uring_setup', '8, bytes(120)')),
  way('watches every file', refused('fanotify_init', '0, 0')),
  way('turns address randomisation off', refused('personality', '0x0040000'), 'anyone'),
  way('types into its terminal', onTerminal('0x5412', "'EPERM', 'EIO'")),
  way('the same, by a request with a stray high bit', onTerminal('0x100005412', "'EPERM', 'EIO'")),
  way('pastes into a console', onTerminal('0x541c', "'EPERM', 'EIO', 'ENOTTY'")),
  way('loads a line discipline', onTerminal('0x5423', "'EPERM'")),
  way('asks the kernel for magic', opened(['/proc/sysrq-trigger'])),
  way(
    'has a program of its own started by the kernel',
    opened([
      '/proc/sys/kernel/core_pattern',
      '/proc/sys/kernel/modprobe',
      '/proc/sys/kernel/hotplug',
      '/sys/kernel/uevent_helper',
      '/proc/sys/fs/binfmt_misc/register',
    ]),
  ),
  way(
    'changes a setting of the kernel',
    `
paths = [os.path.join(at, name) for at, _, names in os.walk('/proc/sys') for name in names]
def open_one(path):
    fd = os.open(path, os.O_WRONLY)
    return path
each(paths, open_one, 'EACCES', 'EROFS', 'EPERM') if len(paths) > 10 else say('not tried', paths)`,
    'root',
  ),
  way('puts the machine to sleep', opened(['/sys/power/state', '/proc/acpi/wakeup'])),
  way(
    'leaves its cgroup',
    opened([
      '/sys/fs/cgroup/cgroup.procs',
      '/sys/fs/cgroup/memory/cgroup.procs',
      '/sys/fs/cgroup/pids/cgroup.procs',
      '/sys/fs/cgroup/unified/cgroup.procs',
    ]),
  ),
  way(
    'raises the limits of its cgroup',
    opened([
      '/sys/fs/cgroup/memory.max',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes',
      '/sys/fs/cgroup/pids.max',
      '/sys/fs/cgroup/pids/pids.max',
    ]),
  ),
  way(
    'has its cgroup start a program when it is empty',
    opened([
      '/sys/fs/cgroup/release_agent',
      '/sys/fs/cgroup/memory/release_agent',
      '/sys/fs/cgroup/pids/release_agent',
    ]),
  ),
  way('mounts the cgroups', refused('mount', "b'none', b'/tmp', b'cgroup', 0, b'memory'")),
  way(
    'sees where its cgroup lies',
    `
paths = {line.strip().split(':', 2)[2] for line in open('/proc/self/cgroup')}
held('at the root, or nowhere') if paths <= {'/'} else out(paths)`,
  ),
  ...(architecture() === 'x64'
    ? [
        way(
          'reaches the ports of the hardware',
          `each(['iopl'], lambda _: call('iopl', 3), 'EPERM', 'ENOSYS')`,
        ),
        way('makes a system call of 32-bit x86', foreign('b814000000cd80c3')),
        way('makes a system call of x32', foreign('b8270000400f05c3')),
      ]
    : []),
];
