/** Ways out over sockets. */
import type { Bait } from './bait.ts';
import { type Way, way } from './way.ts';

const connects = (
  addresses: readonly (readonly [string, number])[],
  errors: string,
  family = 'AF_INET',
): string => `
def connect(to):
    with socket.socket(socket.${family}) as one:
        one.settimeout(2)
        one.connect(tuple(to))
    return to
each(${JSON.stringify(addresses)}, connect, ${errors})`;

const unix = (addresses: readonly string[]): string => `
def connect(to):
    with socket.socket(socket.AF_UNIX) as one: one.connect(to)
    return to
each([${addresses.join(', ')}], connect, 'ENOENT', 'ECONNREFUSED', 'EACCES')`;

/** Sockets that must not be had, each a family, a type and a protocol. */
const sockets = (all: readonly (readonly [number, number, number])[], setUp = ''): string => `${setUp}
def make(one): socket.socket(*one).close()
each(${JSON.stringify(all)}, make,
     'EPERM', 'EACCES', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT')`;

export const networkWays = ({ port, addresses, abstract, socket }: Bait): readonly Way[] => [
  way(
    'has another interface than the loopback',
    `
names = [name for _, name in socket.if_nameindex()]
held('lo') if names == ['lo'] else out(names)`,
    'anyone',
  ),
  way(
    'reaches a listener of the host',
    connects(
      [
        ['127.0.0.1', port],
        ['0.0.0.0', port],
      ],
      "'ECONNREFUSED'",
    ),
    'anyone',
  ),
  way(
    'reaches it by an address of the host',
    connects(
      [...addresses, '127.0.0.1'].map((to) => [to, port] as const),
      "'ECONNREFUSED', 'ENETUNREACH'",
    ),
    'anyone',
  ),
  way(
    "reaches the host's Redis",
    connects(
      [
        ['127.0.0.1', 6379],
        ['localhost', 6379],
      ],
      "'ECONNREFUSED'",
    ),
  ),
  way(
    'reaches the Internet',
    connects(
      [
        ['1.1.1.1', 443],
        ['8.8.8.8', 53],
      ],
      "'ENETUNREACH'",
    ),
  ),
  way(
    'reaches the metadata of the cloud',
    connects(
      [
        ['169.254.169.254', 80],
        ['169.254.170.2', 80],
        ['100.100.100.200', 80],
      ],
      "'ENETUNREACH'",
    ),
  ),
  way(
    'reaches a private network',
    connects(
      [
        ['10.0.0.1', 80],
        ['172.17.0.1', 2375],
        ['192.168.0.1', 80],
      ],
      "'ENETUNREACH'",
    ),
  ),
  way(
    'reaches the Internet over IPv6',
    connects(
      [
        ['2606:4700:4700::1111', 443],
        ['fd00:ec2::254', 80],
        ['fe80::1', 80],
      ],
      "'ENETUNREACH', 'EADDRNOTAVAIL', 'EINVAL'",
      'AF_INET6',
    ),
  ),
  way(
    'resolves a name',
    `
try: found = socket.getaddrinfo('example.com', 80)
except socket.gaierror as error: held(error)
out(found)`,
  ),
  way(
    'sends a datagram',
    `
def send(to):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(1)
        one.connect(tuple(to))
        one.send(b'x')
        one.recv(1)
each([['1.1.1.1', 53], ['127.0.0.53', 53], ['127.0.0.1', 53], ['255.255.255.255', 67], ['224.0.0.251', 5353]],
     send, 'ENETUNREACH', 'ECONNREFUSED', 'EACCES')`,
  ),
  way(
    "takes a port of the host's",
    `
with socket.socket() as one:
    try: one.bind(('0.0.0.0', ${port}))
    except OSError as error: out(error)
held('it is free here')`,
    'anyone',
  ),
  way(
    'reads all packets',
    sockets([
      [17, 3, 0x0300],
      [17, 2, 0x0300],
      [2, 10, 0x0300],
    ]),
    'root',
  ),
  way(
    'writes raw packets',
    sockets([
      [2, 3, 255],
      [2, 3, 6],
      [2, 3, 17],
    ]),
    'root',
  ),
  way(
    'sends echo requests',
    sockets([
      [2, 3, 1],
      [10, 3, 58],
    ]),
    'root',
  ),
  way(
    'sends echo requests without privilege',
    sockets([
      [2, 2, 1],
      [10, 2, 58],
    ]),
  ),
  way(
    'loads a protocol into the kernel',
    sockets([
      [2, 1, 132],
      [2, 5, 132],
      [2, 6, 33],
      [2, 2, 136],
      [2, 1, 262],
      [2, 2, 115],
    ]),
    'anyone',
  ),
  way(
    'speaks to the host of its machine',
    sockets([
      [40, 1, 0],
      [40, 2, 0],
    ]),
  ),
  way(
    'speaks another family of protocols',
    sockets(
      [
        3, 4, 5, 6, 8, 9, 15, 21, 22, 23, 24, 26, 27, 29, 30, 31, 33, 34, 35, 37, 38, 39, 41, 42, 43, 44, 45,
      ].flatMap((family) => [1, 2, 3, 5].map((type) => [family, type, 0] as const)),
    ),
  ),
  way(
    'speaks to audit, firewall and drivers',
    sockets([4, 6, 7, 9, 10, 12, 14, 15, 16, 18, 19, 20, 21, 22].map((protocol) => [16, 3, protocol])),
    'anyone',
  ),
  way(
    'makes an interface',
    `
with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as one:
    name = b'bait0\\0\\0\\0'
    kind = struct.pack('HH', 10, 1) + b'dummy\\0\\0\\0'
    body = struct.pack('BxHiII', 0, 0, 0, 0, 0) + struct.pack('HH', 10, 3) + name + struct.pack('HH', 4 + len(kind), 18) + kind
    one.send(struct.pack('IHHII', 16 + len(body), 16, 0x605, 1, 0) + body)
    answer = one.recv(4096)
code = -struct.unpack_from('i', answer, 16)[0]
name = errno.errorcode.get(code, code)
held(name) if name in ('EPERM', 'EACCES') else out(name)`,
  ),
  way(
    'sets an address',
    `
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    attempt(lambda: fcntl.ioctl(one, 0x8916, struct.pack('16sHH4s8x', b'lo', 2, 0, bytes([10, 9, 8, 7]))), 'EPERM')`,
  ),
  way("connects to an abstract socket of the host's", unix([`'\\0${abstract}'`]), 'anyone'),
  way("connects to a socket file of the host's", unix([`'${socket}'`]), 'anyone'),
  way(
    'speaks to a container engine',
    unix(
      [
        '/var/run/docker.sock',
        '/run/docker.sock',
        '/run/containerd/containerd.sock',
        '/run/podman/podman.sock',
        '/run/crio/crio.sock',
      ].map((path) => `'${path}'`),
    ),
  ),
  way(
    "speaks to the host's services",
    unix(
      [
        '/run/dbus/system_bus_socket',
        '/run/systemd/private',
        '/run/systemd/notify',
        '/run/systemd/journal/socket',
        '/run/udev/control',
        '/dev/log',
        '\\0/org/freedesktop/systemd1/notify',
      ].map((path) => `'${path}'`),
    ),
  ),
];
