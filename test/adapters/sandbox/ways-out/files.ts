/** Ways out through files, mounts and devices. */
import type { Bait } from './bait.ts';
import { refused, type Way, way } from './way.ts';

const MS_REMOUNT_BIND = 32 | 4096;
const MS_BIND_REC = 4096 | 16384;

export const fileWays = ({ file, mark }: Bait): readonly Way[] => [
  way('reads the password hashes', `attempt(lambda: open('/etc/shadow').read(), 'ENOENT', 'EACCES')`, 'root'),
  way(
    "reads a file of the host that is anybody's",
    `attempt(lambda: open('${file}').read(), 'ENOENT')`,
    'anyone',
  ),
  way(
    'reads it through the root of the first process',
    `attempt(lambda: open('/proc/1/root${file}').read(), 'ENOENT', 'EACCES')`,
  ),
  way(
    'reads it through a link of its own',
    `
link = '/tmp/${mark}'
os.symlink('/proc/self/root/../../..${file}', link)
try: found = open(link).read()
except FileNotFoundError as error: found = None
finally: os.unlink(link)
held('it leads nowhere') if found is None else out(found)`,
    'anyone',
  ),
  way(
    'climbs above its root',
    `
os.chdir('/')
for _ in range(64): os.chdir('..')
here, root = os.stat('.'), os.stat('/')
same = (here.st_dev, here.st_ino) == (root.st_dev, root.st_ino)
held('it is where it was') if same and not os.path.exists('.${file}') else out('another root')`,
    'anyone',
  ),
  way('opens a file of the host by its handle', refused('open_by_handle_at', '-100, bytes(128), 0')),
  way(
    'asks for the handle of a file',
    refused('name_to_handle_at', "-100, b'/', bytes(128), ctypes.byref(ctypes.c_int()), 0"),
  ),
  way(
    'adds a program',
    `attempt(lambda: os.open('/usr/bin/${mark}', os.O_CREAT | os.O_WRONLY), 'EROFS', 'EACCES')`,
  ),
  way(
    'overwrites a program',
    `attempt(lambda: os.open('/usr/bin/env', os.O_WRONLY), 'EROFS', 'EACCES', 'ETXTBSY')`,
  ),
  way('adds a user', `attempt(lambda: os.open('/etc/passwd', os.O_WRONLY | os.O_APPEND), 'EROFS', 'EACCES')`),
  way('adds to the root directory', `attempt(lambda: os.mkdir('/${mark}'), 'EROFS', 'EACCES')`),
  way(
    'takes a hard link of a program with it',
    `attempt(lambda: os.link('/usr/bin/passwd', '/tmp/${mark}'), 'EXDEV', 'EPERM', 'EACCES')`,
  ),
  way(
    'makes a block device',
    `
at = '/tmp/${mark}'
try: os.mknod(at, stat.S_IFBLK | 0o600, os.makedev(8, 0))
except OSError as error: held(error) if error.errno == errno.EPERM else say('not tried', error)
os.unlink(at)
out('a block device')`,
    'root',
  ),
  way(
    'makes the device of kernel memory',
    `
at = '/tmp/${mark}'
try: os.mknod(at, stat.S_IFCHR | 0o600, os.makedev(1, 1))
except OSError as error: held(error) if error.errno == errno.EPERM else say('not tried', error)
os.unlink(at)
out('a character device')`,
    'root',
  ),
  way(
    'finds a disk among the devices',
    `
found = [at for at, _, names in os.walk('/dev') for name in names if stat.S_ISBLK(os.lstat(os.path.join(at, name)).st_mode)]
held(f'none of {len(os.listdir("/dev"))}') if not found else out(found)`,
  ),
  way(
    'opens the memory of the kernel',
    `each(['/dev/mem', '/dev/kmem', '/dev/port', '/proc/kcore'], lambda at: os.open(at, os.O_RDONLY), 'ENOENT', 'EACCES', 'EPERM')`,
  ),
  way(
    "opens the host's consoles",
    `each(['/dev/console', '/dev/tty0', '/dev/tty1', '/dev/ttyS0', '/dev/vcs'], lambda at: os.open(at, os.O_RDWR | os.O_NOCTTY), 'ENOENT', 'EACCES', 'EPERM', 'ENXIO')`,
  ),
  way('makes /usr writable', refused('mount', `b'none', b'/usr', None, ${MS_REMOUNT_BIND}, None`)),
  way('binds the root elsewhere', refused('mount', `b'/', b'/tmp', None, ${MS_BIND_REC}, None`)),
  way('mounts a file system of its own', refused('mount', "b'none', b'/tmp', b'tmpfs', 0, None")),
  way('mounts a second /proc', refused('mount', "b'none', b'/tmp', b'proc', 0, None")),
  way(
    'lays an overlay over /usr',
    refused('mount', "b'none', b'/usr', b'overlay', 0, b'lowerdir=/usr,upperdir=/tmp,workdir=/tmp'"),
  ),
  way('uncovers what a mount covers', refused('umount2', "b'/proc/sys', 2")),
  way('opens a file system', refused('fsopen', "b'tmpfs', 0")),
  way('clones the tree of mounts', refused('open_tree', '-100, b"/", 1')),
  way('changes the flags of mounts', refused('mount_setattr', "-100, b'/', 0, bytes(32), 32")),
  way('moves a mount', refused('move_mount', "-100, b'/usr', -100, b'/tmp', 0")),
  way('changes its root', refused('chroot', "b'/'"), 'root'),
  way('swaps its root', refused('pivot_root', "b'/tmp', b'/tmp'")),
];
