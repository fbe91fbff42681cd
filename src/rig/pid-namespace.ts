/** The aircraft's PID namespace, seen from the machine: who is in it, or in one below it. */
import { closeSync, fstatSync, openSync } from "node:fs";
import { libc } from "../io/libc.ts";
import { processIds } from "../supervisor/process-stat.ts";

/** Opens the parent of a namespace, unless it is the caller's (ioctl_nsfs(2)). */
const NS_GET_PARENT = 0xb702;

/**
 * Held open, because the kernel gives the number of a namespace that is gone to the next one,
 * whosever that is.
 */
export class PidNamespace {
  readonly #number: number;

  private constructor(private readonly fd: number) {
    this.#number = fstatSync(fd).ino;
  }

  /** The namespace of process `pid`; null when that one is gone or another user's. */
  static of(pid: number): PidNamespace | null {
    const fd = openNamespace(pid);
    return fd === null ? null : new PidNamespace(fd);
  }

  /** Every process in this namespace and in those that were made in it. */
  processes(): number[] {
    return processIds().filter((pid) => this.#holds(openNamespace(pid)));
  }

  close(): void {
    closeSync(this.fd);
  }

  #holds(fd: number | null): boolean {
    for (let at = fd; at !== null; at = parentOf(at)) {
      if (fstatSync(at).ino !== this.#number) continue;
      closeSync(at);
      return true;
    }
    return false;
  }
}

function openNamespace(pid: number): number | null {
  try {
    return openSync(`/proc/${pid}/ns/pid`, "r");
  } catch {
    return null;
  }
}

/** Closes `fd`. */
function parentOf(fd: number): number | null {
  const parent = libc.ioctl(fd, NS_GET_PARENT, 0);
  closeSync(fd);
  return parent < 0 ? null : parent;
}
