import type { SyscallName } from "./syscalls-x64.ts";

/**
 * What an agent never needs and an attacker does: other processes' memory, the kernel's newest and
 * most often broken interfaces, every way to mount or to enter a namespace, and the kernel itself.
 * ptrace is here because attaching to the sandbox's own pid 1 hangs the whole sandbox.
 */
export const DENIED: readonly SyscallName[] = [
  "ptrace",
  "process_vm_readv",
  "process_vm_writev",
  "kcmp",
  "pidfd_getfd",
  "process_madvise",
  "process_mrelease",
  // Keyrings are per uid, not per namespace.
  "keyctl",
  "add_key",
  "request_key",
  "bpf",
  "perf_event_open",
  "userfaultfd",
  "io_uring_setup",
  "io_uring_enter",
  "io_uring_register",
  "mount",
  "umount2",
  "pivot_root",
  "chroot",
  "move_mount",
  "open_tree",
  "open_tree_attr",
  "fsopen",
  "fsconfig",
  "fsmount",
  "fspick",
  "mount_setattr",
  "unshare",
  "setns",
  "open_by_handle_at",
  "fanotify_init",
  "quotactl",
  "quotactl_fd",
  "swapon",
  "swapoff",
  "acct",
  "reboot",
  "kexec_load",
  "kexec_file_load",
  "init_module",
  "finit_module",
  "delete_module",
  "iopl",
  "ioperm",
  "settimeofday",
  "clock_settime",
  "sethostname",
  "setdomainname",
  "syslog",
  "vhangup",
  "move_pages",
  "migrate_pages",
  "lookup_dcookie",
  "nfsservctl",
  "modify_ldt",
  "create_module",
  "get_kernel_syms",
  "query_module",
  "uselib",
  "ustat",
  "sysfs",
  "_sysctl",
];

/**
 * The last call this policy was written against (file_setattr, Linux 6.17; numbers above 424 are the
 * same on every architecture). Whatever a newer kernel adds answers "not there" until someone read it.
 */
export const LAST_KNOWN_SYSCALL = 469;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
export const CLONE_NAMESPACES =
  0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x1000_0000 | 0x2000_0000 | 0x4000_0000;

/** Both type into the terminal of whoever started us. */
export const DENIED_IOCTLS = { TIOCSTI: 0x5412, TIOCLINUX: 0x541c } as const;

/** A network namespace does not close AF_VSOCK, and the rest (packet, alg, xdp, ...) is attack surface. */
export const ALLOWED_FAMILIES = { AF_UNIX: 1, AF_INET: 2, AF_INET6: 10 } as const;
export const AF_NETLINK = 16;
export const NETLINK_ROUTE = 0;

/** PER_LINUX, PER_LINUX32, UNAME26 of both, and "only ask". */
export const ALLOWED_PERSONALITIES: readonly number[] = [0, 0x0008, 0x0002_0000, 0x0002_0008, 0xffff_ffff];
