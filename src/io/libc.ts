import { dlopen, FFIType } from "bun:ffi";

// C types for the declarations below. None of them makes garbage: a 64-bit integer is passed as a
// number.
const INT = FFIType.i32;
const UINT = FFIType.u32;
/** `long`, `off_t`. Returned as a number below 2^53. */
const LONG = FFIType.i64_fast;
/** `size_t`. */
const SIZE = FFIType.u64_fast;
/**
 * Any pointer: the address of a NativeMemory, plus an offset, or 0 for NULL. Not declared "ptr",
 * which would also accept a small typed array: its storage moves once the caller is optimised, and
 * the old address goes stale. Like this the compiler refuses it.
 */
const ADDRESS = FFIType.u64_fast;
/** `ssize_t` of calls whose results fit 31 bits. */
const COUNT = FFIType.i32;

/**
 * The only `dlopen` of the product: libc's functions as they are. They return −1 for a failure;
 * `errno()` gives the reason in the very next statement. TypeScript checks the number of arguments:
 * at run time a missing one would silently be 0.
 *
 * One name serves both C libraries: glibc's is libc.so.6, and musl's loader maps every name that
 * begins with `libc.` to itself. Functions that musl only stubs go through `syscall`.
 */
export const libc = dlopen("libc.so.6", {
  __errno_location: { args: [], returns: FFIType.ptr },
  strerror: { args: [INT], returns: FFIType.ptr },

  // sockets
  socket: { args: [INT, INT, INT], returns: INT },
  socketpair: { args: [INT, INT, INT, ADDRESS], returns: INT },
  bind: { args: [INT, ADDRESS, UINT], returns: INT },
  connect: { args: [INT, ADDRESS, UINT], returns: INT },
  getsockname: { args: [INT, ADDRESS, ADDRESS], returns: INT },
  setsockopt: { args: [INT, INT, INT, ADDRESS, UINT], returns: INT },
  getsockopt: { args: [INT, INT, INT, ADDRESS, ADDRESS], returns: INT },
  send: { args: [INT, ADDRESS, SIZE, INT], returns: COUNT },
  sendto: { args: [INT, ADDRESS, SIZE, INT, ADDRESS, UINT], returns: COUNT },
  sendmsg: { args: [INT, ADDRESS, INT], returns: COUNT },
  sendmmsg: { args: [INT, ADDRESS, UINT, INT], returns: INT },
  recv: { args: [INT, ADDRESS, SIZE, INT], returns: COUNT },
  recvfrom: { args: [INT, ADDRESS, SIZE, INT, ADDRESS, ADDRESS], returns: COUNT },
  recvmsg: { args: [INT, ADDRESS, INT], returns: COUNT },
  shutdown: { args: [INT, INT], returns: INT },
  if_nametoindex: { args: [ADDRESS], returns: UINT },

  // descriptors
  open: { args: [ADDRESS, INT, UINT], returns: INT },
  close: { args: [INT], returns: INT },
  read: { args: [INT, ADDRESS, SIZE], returns: COUNT },
  pread: { args: [INT, ADDRESS, SIZE, LONG], returns: COUNT },
  write: { args: [INT, ADDRESS, SIZE], returns: COUNT },
  fcntl: { args: [INT, INT, LONG], returns: INT },
  ioctl: { args: [INT, SIZE, ADDRESS], returns: INT },
  flock: { args: [INT, INT], returns: INT },
  /** Returns the errno itself. */
  posix_fallocate: { args: [INT, LONG, LONG], returns: INT },
  ftruncate: { args: [INT, LONG], returns: INT },
  unlink: { args: [ADDRESS], returns: INT },
  chmod: { args: [ADDRESS, UINT], returns: INT },
  fchmod: { args: [INT, UINT], returns: INT },
  ppoll: { args: [ADDRESS, SIZE, ADDRESS, ADDRESS], returns: INT },

  // memory and time
  mmap: { args: [ADDRESS, SIZE, INT, INT, INT, LONG], returns: LONG },
  munmap: { args: [ADDRESS, SIZE], returns: INT },
  mlockall: { args: [INT], returns: INT },
  clock_gettime: { args: [INT, ADDRESS], returns: INT },
  clock_getres: { args: [INT, ADDRESS], returns: INT },

  // processes
  getpid: { args: [], returns: INT },
  getppid: { args: [], returns: INT },
  getsid: { args: [INT], returns: INT },
  setsid: { args: [], returns: INT },
  getrlimit: { args: [INT, ADDRESS], returns: INT },
  setrlimit: { args: [INT, ADDRESS], returns: INT },
  setpriority: { args: [INT, UINT, INT], returns: INT },
  setgroups: { args: [SIZE, ADDRESS], returns: INT },
  setgid: { args: [UINT], returns: INT },
  setuid: { args: [UINT], returns: INT },
  umask: { args: [UINT], returns: UINT },
  chdir: { args: [ADDRESS], returns: INT },
  waitid: { args: [INT, UINT, ADDRESS, INT], returns: INT },
  capset: { args: [ADDRESS, ADDRESS], returns: INT },
  prctl: { args: [INT, LONG, LONG, LONG, LONG], returns: INT },
  execve: { args: [ADDRESS, ADDRESS, ADDRESS], returns: INT },
  waitpid: { args: [INT, ADDRESS, INT], returns: INT },
  kill: { args: [INT, INT], returns: INT },
  getrusage: { args: [INT, ADDRESS], returns: INT },
  sigaction: { args: [INT, ADDRESS, ADDRESS], returns: INT },
  sigprocmask: { args: [INT, ADDRESS, ADDRESS], returns: INT },
  /**
   * For system calls that a C library does not wrap (close_range, fsopen), or wraps differently.
   */
  syscall: { args: [LONG, LONG, LONG, LONG, LONG, LONG], returns: INT },
}).symbols;

// Constants of the kernel's interface that several files need; the same on x86-64 and arm64.
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;

export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_SEQPACKET = 5;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_TYPE = 3;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const SO_PRIORITY = 12;
export const SO_RCVTIMEO = 20;
export const SO_BINDTODEVICE = 25;
export const SO_ATTACH_FILTER = 26;
export const SO_SNDBUFFORCE = 32;
export const SO_RCVBUFFORCE = 33;
export const SO_MEMINFO = 55;

export const SIOCGIFINDEX = 0x8933;

export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;

export const F_GETFD = 1;
export const F_SETFD = 2;
export const F_DUPFD_CLOEXEC = 1030;
export const FD_CLOEXEC = 1;

export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_NOCTTY = 0o400;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;
