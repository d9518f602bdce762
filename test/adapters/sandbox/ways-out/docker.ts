/** Ways out that only a container could have: its door, its supervisor, its engine, and what the engine laid inside. */
import type { Place } from '../../../../src/adapters/sandbox/local/machine.ts';
import { refused, type Way, way } from './way.ts';

export type DockerGround = {
  /** Of the sandbox itself, and of another that stands beside it. */
  readonly place: Place;
  readonly other: Place;
  /** Host's processes that hold the sandbox: its supervisor and watcher, its runtime, the engine. */
  readonly keepers: readonly number[];
  /** The path of the engine's socket on the host, and of its directories. */
  readonly engine: { readonly socket: string; readonly dirs: readonly string[] };
};

const door = '/run/prod-access';
const scripts = ['init', 'listen', 'probe', 'terminal', 'file', 'bashrc', 'listeners'];
const noWrite = "'EROFS', 'EACCES', 'ENOENT', 'EPERM'";
const list = (paths: readonly string[]): string => JSON.stringify(paths);

export const dockerWays = ({ place, other, keepers, engine }: DockerGround): readonly Way[] => [
  way('lists what the host laid', `attempt(lambda: os.listdir('${door}'), 'EACCES')`),
  way(
    'finds anything else of the host in /run',
    `
found = [name for name in os.listdir('/run') if name != 'prod-access']
held('only its door') if not found else out(found)`,
    'anyone',
  ),
  way(
    'replaces a script that the host laid',
    `each(${list(scripts.map((name) => `${door}/${name}`))}, lambda at: os.open(at, os.O_WRONLY | os.O_TRUNC), ${noWrite})`,
  ),
  way(
    'adds a listener',
    `attempt(lambda: os.open('${door}/listeners', os.O_WRONLY | os.O_APPEND), ${noWrite})`,
  ),
  way(
    'lays a file in its door',
    `attempt(lambda: os.open('${door}/own', os.O_CREAT | os.O_WRONLY), ${noWrite})`,
  ),
  way('lays a link in its door', `attempt(lambda: os.symlink('/', '${door}/link'), ${noWrite})`),
  way(
    'takes a hard link of its door with it',
    `attempt(lambda: os.link('${door}/init', '/tmp/init'), 'EXDEV', 'EPERM', 'EACCES')`,
  ),
  way('moves its door away', `attempt(lambda: os.rename('${door}/init', '${door}/old'), ${noWrite})`),
  way('makes its door writable', refused('mount', `b'none', b'${door}', None, ${32 | 4096}, None`)),
  way('takes its door away', refused('umount2', `b'${door}', 2`)),
  way('lists the sockets of the host', `attempt(lambda: os.listdir('${door}/sockets'), 'EACCES')`),
  way(
    'lays a socket among them',
    `
with socket.socket(socket.AF_UNIX) as one: attempt(lambda: one.bind('${door}/sockets/own'), ${noWrite})`,
  ),
  way(
    'keeps its first process waiting after its supervisor has gone',
    `
# Whoever has it open for writing keeps its reader from the end of it. Not waiting, for there may be no reader.
each([os.O_WRONLY, os.O_RDWR], lambda how: os.open('${door}/life', how | os.O_NONBLOCK), 'EACCES', 'EROFS')`,
  ),
  way(
    'gives its first process orders',
    `
fds = [f'/proc/1/fd/{fd}' for fd in os.listdir('/proc/1/fd')]
# Devices apart: it holds /dev/null, its input, which takes no orders.
fds = [at for at in fds if not stat.S_ISCHR(os.stat(at).st_mode)]
if not fds: say('not tried', 'it holds nothing open')
each(fds, lambda at: os.open(at, os.O_WRONLY | os.O_NONBLOCK), ${noWrite})`,
  ),
  way(
    'moves its deadline',
    `each(${files(place, ['deadline', 'wake', 'state.json', 'container'])}, lambda at: os.open(at, os.O_WRONLY), 'ENOENT', 'EACCES')`,
  ),
  way(
    'reaches the other sandbox',
    `each(${files(other, ['deadline', 'state.json'])} + ['${other.door}', '${other.sockets}'], lambda at: os.stat(at), 'ENOENT', 'EACCES')`,
  ),
  way('signals those that hold it', `each([${keepers}], lambda pid: os.kill(pid, 0), 'ESRCH')`),
  way(
    'reaches its engine',
    `
def connect(to):
    with socket.socket(socket.AF_UNIX) as one: one.connect(to)
each([at + '${engine.socket}' for at in ('', '/proc/1/root', '/proc/self/root/..')], connect, 'ENOENT', 'ECONNREFUSED', 'EACCES')`,
  ),
  way(
    'reaches what the engine keeps',
    `each(${list(engine.dirs)}, lambda at: os.listdir(at), 'ENOENT', 'EACCES')`,
  ),
  way(
    'reaches its layers by the paths that its mounts name',
    `
import re
# The engine's own mount table stands in /proc: where on the host a directory lies is told, and leads nowhere.
found = {path for line in open('/proc/self/mountinfo') for path in re.findall(r'/[^ ,:=]+', line)}
deep = sorted(path for path in found if path.count('/') > 3 and not path.startswith(('/sys', '/proc', '/dev')))
shown = [path for path in deep if os.path.exists(path)]
held(f'none of {len(deep)}') if not shown else out(shown)`,
  ),
  way(
    'overwrites the program that started it',
    `
# The runtime starts what runs beside the first process: for a moment its own program is this process's.
programs = [f'/proc/{pid}/exe' for pid in os.listdir('/proc') if pid.isdigit()]
def write(at):
    try: os.open(at, os.O_WRONLY)
    except FileNotFoundError as error: raise OSError(errno.EACCES, 'gone since') from error
    return os.readlink(at)
each(programs, write, 'EROFS', 'EACCES', 'ETXTBSY', 'EPERM')`,
  ),
  way(
    'stands in a directory of the host',
    `
# As by a directory that the runtime has left open, https://github.com/advisories/GHSA-xr7r-f8xq-vfvv.
root = os.stat('/')
def climb(at):
    os.chdir(at)
    if os.getcwd().startswith('(unreachable)'): return at
    for _ in range(64): os.chdir('..')
    here = os.stat('.')
    return None if (here.st_dev, here.st_ino) == (root.st_dev, root.st_ino) else at
def outside(at):
    try: return climb(at)
    except OSError: return None
places = ['.'] + [f'/proc/{pid}/cwd' for pid in os.listdir('/proc') if pid.isdigit()]
places += [f'/proc/{pid}/fd/{fd}' for pid in ('1', 'self') for fd in os.listdir(f'/proc/{pid}/fd')]
found = [at for at in places if outside(at)]
held(f'none of {len(places)}') if not found else out(found)`,
  ),
  way(
    'reads what the engine masks',
    `
masked = ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/sched_debug', '/proc/latency_stats']
def read(at):
    with open(at, 'rb') as file: return file.read(64)
def seen(at):
    try: return read(at)
    except OSError: return b''
found = [at for at in masked if seen(at)]
held(f'none of {len(masked)}') if not found else out(found)`,
    'root',
  ),
  way(
    'turns hardware on and off',
    `
places = ['/proc/scsi', '/proc/acpi', '/proc/bus', '/proc/irq', '/proc/fs', '/sys']
files = [os.path.join(at, name) for place in places for at, _, names in os.walk(place) for name in names]
each(files + ['/proc/sysrq-trigger'], lambda at: os.open(at, os.O_WRONLY), ${noWrite}, 'EIO')`,
  ),
  way(
    "changes its host's name, or names of hosts",
    `each(['/etc/hosts', '/etc/hostname', '/etc/resolv.conf', '/proc/sys/kernel/hostname'], lambda at: os.open(at, os.O_WRONLY), ${noWrite})`,
  ),
  way(
    'leaves a message behind in the kernel',
    `
def lay(): return os.open('/dev/mqueue/own', os.O_CREAT | os.O_RDWR, 0o600)
attempt(lay, 'EMFILE', 'ENOSPC', 'EACCES', 'EROFS', 'ENOENT', 'ENOMEM')`,
  ),
];

function files({ dir }: Place, names: readonly string[]): string {
  return list(names.map((name) => `${dir}/${name}`));
}
