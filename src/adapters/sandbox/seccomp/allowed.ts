/**
 * The system calls that a sandbox may make: what a shell, coreutils, compilers, curl, git, Python, Node, Java and the
 * clients of databases and clouds need. Where it starts from is the default profile of container engines
 * (moby/profiles, seccomp/default_linux.go); what that allows and this does not:
 *
 * - ptrace, process_vm_*, kcmp, name_to_handle_at, adjtimex, fanotify_mark: look into or outlive the fence, and no tool
 *   above needs them;
 * - SysV IPC and POSIX message queues: kernel memory that stays when its processes are gone;
 * - io_* (AIO), vmsplice, remap_file_pages, memfd_secret, modify_ldt: rarely needed, often the way into a kernel.
 *
 * A call that stands in neither processor's table is of no effect; a test finds it.
 */
const files = `
  open openat openat2 creat close close_range read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2
  lseek stat fstat lstat newfstatat statx access faccessat faccessat2 statfs fstatfs getdents getdents64 getcwd chdir
  fchdir rename renameat renameat2 mkdir mkdirat rmdir link linkat unlink unlinkat symlink symlinkat readlink readlinkat
  chmod fchmod fchmodat chown fchown lchown fchownat umask utime utimes utimensat futimesat truncate ftruncate fallocate
  fadvise64 readahead fsync fdatasync sync syncfs sync_file_range copy_file_range sendfile splice tee flock fcntl dup
  dup2 dup3 setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr removexattr
  lremovexattr fremovexattr`;

const waiting = `
  pipe pipe2 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd
  eventfd2 signalfd signalfd4 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch timerfd_create
  timerfd_settime timerfd_gettime`;

const memory = `
  brk mmap munmap mremap mprotect msync madvise mincore mlock mlock2 munlock mlockall munlockall membarrier memfd_create
  pkey_alloc pkey_free pkey_mprotect`;

const processes = `
  fork vfork execve execveat exit exit_group wait4 waitid getpid getppid gettid getpgid getpgrp setpgid getsid setsid
  kill tkill tgkill pidfd_open pidfd_send_signal pause restart_syscall rt_sigaction rt_sigprocmask rt_sigpending
  rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait sigaltstack set_tid_address
  set_robust_list get_robust_list futex futex_waitv rseq arch_prctl prctl seccomp landlock_create_ruleset
  landlock_add_rule landlock_restrict_self capget capset getrlimit getrusage times getpriority setpriority ioprio_get
  ioprio_set getcpu sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam
  sched_setparam sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min
  sched_rr_get_interval`;

/** Without capabilities and with one user in the namespace they change nothing. */
const identities = `
  getuid geteuid getgid getegid getresuid getresgid getgroups setuid setgid setreuid setregid setresuid setresgid
  setfsuid setfsgid setgroups`;

const time = `
  time gettimeofday clock_gettime clock_getres clock_nanosleep nanosleep alarm getitimer setitimer timer_create
  timer_settime timer_gettime timer_getoverrun timer_delete`;

const network = `
  bind listen accept accept4 connect getsockname getpeername getsockopt setsockopt sendto recvfrom sendmsg recvmsg
  sendmmsg recvmmsg shutdown`;

const machine = 'uname sysinfo getrandom';

/** Whatever their arguments; those that are allowed with some arguments only stand in restricted.ts. */
export const allowed: ReadonlySet<string> = new Set(
  [files, waiting, memory, processes, identities, time, network, machine].flatMap((names) =>
    names.trim().split(/\s+/),
  ),
);
