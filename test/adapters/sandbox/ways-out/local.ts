/** Ways out that only the local driver could have: its door, its first process, its supervisor. */
import type { Place } from '../../../../src/adapters/sandbox/local/machine.ts';
import { refused, type Way, way } from './way.ts';

export type LocalGround = {
  /** Of the sandbox itself, and of another that stands beside it. */
  readonly place: Place;
  readonly other: Place;
  /** Host's processes that hold the sandbox: its supervisor, its watcher, bubblewrap. */
  readonly keepers: readonly number[];
};

const door = '/run/prod-access';
const noWrite = "'EROFS', 'EACCES', 'ENOENT', 'EPERM'";

export const localWays = ({ place, other, keepers }: LocalGround): readonly Way[] => [
  way('lists its calls', `attempt(lambda: os.listdir('${door}'), 'EACCES')`),
  way(
    'finds anything else of the host in /run',
    `
found = [name for name in os.listdir('/run') if name != 'prod-access']
held('only its door') if not found else out(found)`,
    'anyone',
  ),
  way(
    'replaces the script of its first process',
    `attempt(lambda: os.open('${door}/init', os.O_WRONLY | os.O_TRUNC), ${noWrite})`,
  ),
  way(
    'adds a listener',
    `attempt(lambda: os.open('${door}/listeners', os.O_WRONLY | os.O_APPEND), ${noWrite})`,
  ),
  way('lays a call', `attempt(lambda: os.mkdir('${door}/0123456789abcdef'), ${noWrite})`),
  way('lays a link in its door', `attempt(lambda: os.symlink('/', '${door}/link'), ${noWrite})`),
  way(
    'takes a hard link of its door with it',
    `attempt(lambda: os.link('${door}/init', '/tmp/init'), 'EXDEV', 'EPERM', 'EACCES')`,
  ),
  way('moves its door away', `attempt(lambda: os.rename('${door}/init', '${door}/old'), ${noWrite})`),
  way('makes its door writable', refused('mount', `b'none', b'${door}', None, ${32 | 4096}, None`)),
  way('lists the sockets of the host', `attempt(lambda: os.listdir('${door}/sockets'), 'EACCES')`),
  way(
    'lays a socket among them',
    `
with socket.socket(socket.AF_UNIX) as one: attempt(lambda: one.bind('${door}/sockets/own'), ${noWrite})`,
  ),
  way(
    'gives its first process orders',
    `each([os.O_WRONLY, os.O_RDONLY, os.O_RDWR], lambda how: os.open('/proc/1/fd/0', how), 'EACCES')`,
  ),
  way(
    'takes over the connection of a terminal',
    `
def words(pid):
    try: return open(f'/proc/{pid}/cmdline').read()
    except OSError: return ''
sockets = [word[len('UNIX-CONNECT:'):] for pid in os.listdir('/proc') if pid.isdigit() for word in words(pid).split('\\0')
           if word.startswith('UNIX-CONNECT:${door}/') and word.endswith('/back')]
if not sockets: say('not tried', 'no terminal')
def connect(to):
    with socket.socket(socket.AF_UNIX) as one: one.connect(to)
each(sockets, connect, 'ENOENT', 'ECONNREFUSED')`,
  ),
  way(
    'moves its deadline',
    `each(${files(place, ['deadline', 'wake', 'control', 'state.json', 'filter'])}, lambda at: os.open(at, os.O_WRONLY), 'ENOENT', 'EACCES')`,
  ),
  way(
    'reaches the other sandbox',
    `each(${files(other, ['deadline', 'control'])} + ['${other.door}', '${other.sockets}'], lambda at: os.stat(at), 'ENOENT', 'EACCES')`,
  ),
  way('signals those that hold it', `each([${keepers}], lambda pid: os.kill(pid, 0), 'ESRCH')`),
];

function files({ dir }: Place, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => `${dir}/${name}`));
}
