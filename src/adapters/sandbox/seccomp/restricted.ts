/** System calls that are allowed with some arguments only. The numbers are those of the kernel's headers. */
import { choose, type Decision, type Verdict, word } from './decision.ts';

export const errno = {
  EPERM: 1,
  ENOSYS: 38,
  EAFNOSUPPORT: 97,
} as const;

const answer = (code: number): Verdict => ({ errno: code });
export const denied = answer(errno.EPERM);
export const missing = answer(errno.ENOSYS);

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. (NEWTIME cannot be said to clone.) */
const newNamespaces = 0x7e02_0000;

/** S_IFCHR, whose bit S_IFBLK has too: a device. FIFOs, sockets and files have it not. */
const device = 0o020_000;

/** PER_LINUX, PER_LINUX32, each with UNAME26 too, and the question which it is. None weakens address layout. */
const personalities = [0, 0x0008, 0x0002_0000, 0x0002_0008, 0xffff_ffff];

/** TIOCSTI types into another's terminal, TIOCLINUX into a console; TIOCSETD loads kernel modules for a line. */
const terminalTricks = [0x5412, 0x541c, 0x5423];

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const socketTypeBits = 0xf;
const streamAndDatagram = [1, 2];
/** By default, TCP, UDP. Each further number can load a kernel module: SCTP, DCCP, MPTCP and more. */
const protocols = [0, 6, 17];
/** Interfaces and routes, which libc asks for. The other families speak to the firewall, audit, crypto and drivers. */
const NETLINK_ROUTE = 0;

const only = (argument: number, values: readonly number[], then: Decision = 'allow'): Decision =>
  choose(word(argument), [[values, then]], denied);
const internet = choose(word(1, socketTypeBits), [[streamAndDatagram, only(2, protocols)]], denied);

/**
 * The limit of core files is 1 byte, the one value at which the kernel does not start the host's program for crashes
 * (`|` in core_pattern), which runs as the host's root; at 0 it does. Who lowers it, as key agents do, is told that it
 * is done: a core file is never written.
 */
const RLIMIT_CORE = 4;
/** RLIM_NLIMITS is 16. */
const otherLimits = Array.from({ length: 16 }, (_, limit) => limit).filter((limit) => limit !== RLIMIT_CORE);
const unchanged = answer(0);
const limit = (argument: number, ofCore: Decision): Decision =>
  choose(
    word(argument),
    [
      [[RLIMIT_CORE], ofCore],
      [otherLimits, 'allow'],
    ],
    denied,
  );

export const restricted: Readonly<Record<string, Decision>> = {
  clone: choose(word(0, newNamespaces), [[[0], 'allow']], denied),
  // Its flags lie in memory, where no filter can read. Libc takes this answer for an old kernel, and uses clone.
  clone3: missing,
  mknod: choose(word(1, device), [[[0], 'allow']], denied),
  mknodat: choose(word(2, device), [[[0], 'allow']], denied),
  personality: only(0, personalities),
  ioctl: choose(word(1), [[terminalTricks, denied]], 'allow'),
  socket: choose(
    word(0),
    [
      [[AF_UNIX], 'allow'],
      [[AF_INET, AF_INET6], internet],
      [[AF_NETLINK], only(2, [NETLINK_ROUTE])],
    ],
    // Programs try one family after another.
    answer(errno.EAFNOSUPPORT),
  ),
  socketpair: only(0, [AF_UNIX]),
  setrlimit: limit(0, unchanged),
  // Its third argument is a pointer to the new limit; null asks only.
  prlimit64: limit(1, { pointer: 2, whenNull: 'allow', otherwise: unchanged }),
};
