import { CString, type Pointer, read } from "bun:ffi";
import { constants } from "node:os";
import { assert } from "../assert.ts";
import { libc } from "./libc.ts";

// Numbers as on every Linux of x86-64 and arm64.
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const ENXIO = 6;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EEXIST = 17;
export const ENODEV = 19;
export const EINVAL = 22;
export const EPIPE = 32;
export const ENAMETOOLONG = 36;
export const ENOSYS = 38;
export const ETIME = 62;
export const EMSGSIZE = 90;
export const EPROTONOSUPPORT = 93;
export const EOPNOTSUPP = 95;
export const EAFNOSUPPORT = 97;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ENETDOWN = 100;
export const ENETUNREACH = 101;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;

/**
 * libc keeps one errno per thread at a fixed address; the JavaScript of one realm never changes its
 * thread.
 */
const location = errnoLocation();

function errnoLocation(): Pointer {
  const address = libc.__errno_location();
  assert(typeof address === "number", "libc has an errno");
  return address;
}

/**
 * Reason why the last libc call failed. Only valid in the statement after the call: any file-system
 * call or `await` in between overwrites it.
 */
export function errno(): number {
  return read.i32(location, 0);
}

/** Symbolic name, such as `EADDRINUSE`; `errno 1234` for a number that Linux does not know. */
export function errnoName(number: number): string {
  for (const [name, value] of Object.entries(constants.errno)) {
    // These two have the same numbers as EAGAIN and EOPNOTSUPP.
    if (value === number && name !== "EWOULDBLOCK" && name !== "ENOTSUP") return name;
  }
  return `errno ${number}`;
}

/**
 * A failed system call that cannot be handled locally: `bind: Address already in use (EADDRINUSE):
 * DETAIL`.
 */
export class SystemError extends Error {
  override readonly name = "SystemError";

  constructor(
    readonly call: string,
    readonly errno: number,
    readonly detail?: string,
  ) {
    const text = libc.strerror(errno);
    const reason = typeof text === "number" ? new CString(text).toString() : "unknown error";
    super(`${call}: ${reason} (${errnoName(errno)})${detail === undefined ? "" : `: ${detail}`}`);
  }
}
