import { toArrayBuffer } from "bun:ffi";
import { assert } from "../assert.ts";
import { errno, SystemError } from "./errno.ts";
import { libc, O_CLOEXEC, O_CREAT, O_RDWR } from "./libc.ts";
import { nativeString } from "./native-memory.ts";

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;

/**
 * A file as memory: every write to the buffer is visible to all processes at once, without a system
 * call. Mapped until the process ends. A reader must cope with a half-written state (see
 * wire/status-snapshot).
 */
export class MappedFile {
  readonly buffer: ArrayBuffer;

  /**
   * Creates the file (mode 0644), or takes an existing one with its content, and sets its size to
   * `byteLength`. Its blocks are reserved: a full file system makes this call fail, instead of a
   * later write with SIGBUS. Throws SystemError.
   */
  constructor(path: string, byteLength: number) {
    assert(Number.isInteger(byteLength) && byteLength > 0, "a mapped file has a length");
    const fd = libc.open(nativeString(path).address, O_RDWR | O_CREAT | O_CLOEXEC, 0o644);
    if (fd < 0) throw new SystemError("open", errno(), path);
    try {
      if (libc.ftruncate(fd, byteLength) < 0) throw new SystemError("ftruncate", errno(), path);
      const refused = libc.posix_fallocate(fd, 0, byteLength);
      if (refused !== 0) throw new SystemError("posix_fallocate", refused, path);
      const address = Number(libc.mmap(0, byteLength, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
      if (address === -1) throw new SystemError("mmap", errno(), path);
      this.buffer = toArrayBuffer(address as Parameters<typeof toArrayBuffer>[0], 0, byteLength);
    } finally {
      libc.close(fd);
    }
  }
}
