/**
 * gVisor's kernel answers in place of the host's, and has more to give: what it gives stays in it. Beside the tables that
 * say so stand ways that go on from there, and must hold.
 */
import type { Bait } from './bait.ts';
import { type Way, way } from './way.ts';

const own = "gVisor's own kernel does it, to its own processes; the host's is not asked";
const ownNamespace = "a namespace of gVisor's kernel; the processes that it is stay in theirs";

/** Ways that succeed inside gVisor's kernel, and why they lead nowhere. */
export const contained: Readonly<Record<string, string>> = {
  'makes a block device': "a name in gVisor's memory: no device of the host's answers when it is opened",
  'makes the device of kernel memory': "a name in gVisor's memory: no device of the host's answers to it",
  'traces a process of its own': own,
  'has a crash handled by the host': 'gVisor knows no program for crashes, and writes no core files',
  'runs before others': "a number in gVisor's kernel, by which nothing is scheduled on the host",
  'is the last to be killed when memory is short': "a number in gVisor's kernel; the host's own stays",
  'makes a namespace of mounts': ownNamespace,
  'makes a namespace of cgroups': ownNamespace,
  'makes a namespace of users': ownNamespace,
  'makes a namespace of clocks': ownNamespace,
  'starts a process in a namespace of users': ownNamespace,
  'reads what the kernel logs': "what gVisor's kernel says of itself",
  'makes a ring of system calls': own,
  'makes a system call of 32-bit x86': 'gVisor catches it, and takes it for one of its own',
  'makes a system call of x32': 'gVisor catches it, and takes it for one of its own',
  'sends echo requests without privilege': "a socket of gVisor's own network, which is a loopback",
  'speaks to audit, firewall and drivers': "a socket to gVisor's own kernel, which has none of them",
};

/** Ways that fail by another error than on the host's kernel. */
export const otherErrors: Readonly<Record<string, string>> = {
  'opens a file of the host by its handle': 'ENOTSUP',
  'asks for the handle of a file': 'ENOTSUP',
  'runs in real time': 'EINVAL',
  'joins a namespace of the first process': 'ENOTSUP',
  "adds a key to the kernel's ring": 'EACCES',
  "asks for a key of the kernel's ring": 'EACCES',
  "opens the kernel's ring of keys": 'EACCES',
  'counts events of the kernel': 'ENODEV',
  'turns address randomisation off': 'EINVAL',
  'types into its terminal': 'ENOTTY',
  'the same, by a request with a stray high bit': 'ENOTTY',
  'loads a line discipline': 'ENOTTY',
  'reaches it by an address of the host': 'EHOSTUNREACH',
  'reaches the Internet': 'EHOSTUNREACH',
  'reaches the metadata of the cloud': 'EHOSTUNREACH',
  'reaches a private network': 'EHOSTUNREACH',
  'reaches the Internet over IPv6': 'EHOSTUNREACH',
  'sends a datagram': 'EHOSTUNREACH',
  'loads a protocol into the kernel': 'EINVAL',
  'sets an address': 'ENOTTY',
};

/** The one that cannot be tried beside others. */
export const ending: Readonly<Record<string, string>> = {
  'kills the first process, and with it the fence': 'its kernel lets it, and ends with it',
};

export const gvisorWays = ({ file, mark, port, addresses }: Bait): readonly Way[] => [
  way(
    'opens the devices that it made',
    `
disks = [(stat.S_IFBLK, 8, 0), (stat.S_IFBLK, 8, 1), (stat.S_IFBLK, 253, 0), (stat.S_IFBLK, 254, 0), (stat.S_IFBLK, 259, 0)]
memory = [(stat.S_IFCHR, 1, 1), (stat.S_IFCHR, 1, 2), (stat.S_IFCHR, 1, 4), (stat.S_IFCHR, 1, 11)]
consoles = [(stat.S_IFCHR, 4, 0), (stat.S_IFCHR, 4, 64), (stat.S_IFCHR, 5, 1), (stat.S_IFCHR, 10, 232)]
def made(one):
    kind, major, minor = one
    at = f'/tmp/${mark}.{major}.{minor}'
    os.mknod(at, kind | 0o600, os.makedev(major, minor))
    try: return os.open(at, os.O_RDWR)
    finally: os.unlink(at)
each(disks + memory + consoles, made, 'ENXIO', 'ENODEV', 'EACCES', 'EPERM')`,
  ),
  way(
    "reads what the host's kernel logs",
    `
text = ctypes.create_string_buffer(1 << 17)
count = libc.klogctl(3, text, len(text))
said = text.raw[:max(count, 0)].decode(errors='replace')
held("gVisor's own words") if 'gVisor' in said.split('\\n')[0] else out(said[:200])`,
  ),
  way(
    'gets at the host with all rights in a namespace of its own',
    `
def inside():
    user, group = os.getuid(), os.getgid()
    if libc.unshare(0x10000000) != 0: return print('no namespace')
    for name, line in (('uid_map', f'0 {user} 1'), ('setgroups', 'deny'), ('gid_map', f'0 {group} 1')):
        try:
            with open(f'/proc/self/{name}', 'w') as map: map.write(line)
        except OSError: pass
    os.makedirs('/tmp/${mark}.at', exist_ok=True)
    kinds = [b'tmpfs', b'proc', b'sysfs', b'devtmpfs', b'9p', b'overlay', b'ext4', b'cgroup', b'fuse']
    mounted = [kind.decode() for kind in kinds if libc.mount(b'/dev/sda', b'/tmp/${mark}.at', kind, 0, b'lowerdir=/') == 0]
    print('mounted', *mounted)
    for at in ('${file}', '/tmp/${mark}.at${file}', '/proc/1/root${file}', '/tmp/${mark}.at/1/root${file}'):
        if os.path.exists(at): print('REACHED', at)
    if libc.chroot(b'/tmp/${mark}.at') == 0:
        for _ in range(64): os.chdir('..')
        if os.path.exists('.${file}'): print('REACHED by chroot')
    for to in ${JSON.stringify([...addresses, '127.0.0.1'])}:
        with socket.socket() as one:
            one.settimeout(1)
            if one.connect_ex((to, ${port})) == 0: print('REACHED', to)
read, write = os.pipe()
def child():
    os.dup2(write, 1)
    try: inside()
    except BaseException as error: print('ended by', error)
    sys.stdout.flush()
in_child(child)
os.close(write)
said = ' '.join(os.fdopen(read).read().split())
held(said) if 'mounted' in said and 'REACHED' not in said else out(said)`,
  ),
  way(
    'has the host answer an echo request',
    `
def send(to):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1) as one:
        one.settimeout(1)
        one.sendto(struct.pack('BBHHH', 8, 0, 0, 0, 1) + b'x' * 8, (to, 0))
        return one.recv(64)
each(${JSON.stringify(addresses.filter((one) => one !== '127.0.0.1'))} + ['1.1.1.1', '8.8.8.8'], send, 'EHOSTUNREACH', 'ENETUNREACH')`,
  ),
];
