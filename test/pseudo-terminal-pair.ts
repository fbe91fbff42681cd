import { errno, SystemError } from "../src/io/errno.ts";
import { libc, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDWR } from "../src/io/libc.ts";
import { NativeMemory, nativeString } from "../src/io/native-memory.ts";

// asm-generic/ioctls.h: unlocks the other end; tells its number in /dev/pts.
const TIOCSPTLCK = 0x4004_5431;
const TIOCGPTN = 0x8004_5430;

const multiplexer = nativeString("/dev/ptmx");
const number = new NativeMemory(4);

/** Opens a pseudo-terminal: our end, non-blocking, and the path of the other. */
export function openPseudoTerminal(): { fd: number; path: string } {
  const fd = libc.open(multiplexer.address, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0);
  if (fd < 0) throw new SystemError("open", errno(), "/dev/ptmx");
  number.view.setInt32(0, 0, true);
  if (libc.ioctl(fd, TIOCSPTLCK, number.address) < 0) throw new SystemError("TIOCSPTLCK", errno());
  if (libc.ioctl(fd, TIOCGPTN, number.address) < 0) throw new SystemError("TIOCGPTN", errno());
  return { fd, path: `/dev/pts/${number.view.getInt32(0, true)}` };
}
