/** System calls that are allowed with some arguments only. The numbers are those of the kernel's headers. */
import { allow, answer, anyBit, choose, equals, high, low, masked, oneOf, type Program } from './bpf.ts';

export const errno = {
  EPERM: 1,
  ENOSYS: 38,
  EPROTONOSUPPORT: 93,
  ESOCKTNOSUPPORT: 94,
  EAFNOSUPPORT: 97,
} as const;

export const denied = answer(errno.EPERM);

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

const internet = low(
  1,
  masked(
    socketTypeBits,
    oneOf(
      streamAndDatagram,
      low(2, oneOf(protocols, allow, answer(errno.EPROTONOSUPPORT))),
      answer(errno.ESOCKTNOSUPPORT),
    ),
  ),
);
const netlink = low(2, choose(equals(NETLINK_ROUTE), allow, answer(errno.EPROTONOSUPPORT)));
const otherFamily = answer(errno.EAFNOSUPPORT);

/**
 * The limit of core files is 1 byte, the one value at which the kernel does not start the host's program for crashes
 * (`|` in core_pattern), which runs as the host's root; at 0 it does. Who lowers it, as key agents do, is told that it
 * is done: a core file is never written.
 */
const RLIMIT_CORE = 4;
const unchanged = answer(0);

export const restricted: Readonly<Record<string, Program>> = {
  clone: low(0, choose(anyBit(newNamespaces), denied, allow)),
  // Its flags lie in memory, where no filter can read. Libc takes this answer for an old kernel, and uses clone.
  clone3: answer(errno.ENOSYS),
  mknod: low(1, choose(anyBit(device), denied, allow)),
  mknodat: low(2, choose(anyBit(device), denied, allow)),
  personality: low(0, oneOf(personalities, allow, denied)),
  ioctl: low(1, oneOf(terminalTricks, denied, allow)),
  socket: low(
    0,
    choose(
      equals(AF_UNIX),
      allow,
      oneOf([AF_INET, AF_INET6], internet, choose(equals(AF_NETLINK), netlink, otherFamily)),
    ),
  ),
  socketpair: low(0, choose(equals(AF_UNIX), allow, otherFamily)),
  setrlimit: low(0, choose(equals(RLIMIT_CORE), unchanged, allow)),
  // Its third argument is a pointer to the new limit; null asks only.
  prlimit64: low(
    1,
    choose(
      equals(RLIMIT_CORE),
      low(2, choose(equals(0), high(2, choose(equals(0), allow, unchanged)), unchanged)),
      allow,
    ),
  ),
};
