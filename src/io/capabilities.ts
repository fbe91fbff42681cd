import { errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

// prctl(2), capabilities(7); numbers of linux/prctl.h and linux/capability.h.
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_RAISE = 2;
const CAPABILITIES_MAX = 64;
const CAPABILITY_VERSION_3 = 0x2008_0522;

/** struct __user_cap_header_struct: u32 version, i32 pid (0: the calling thread). */
const HEADER_BYTES = 8;
/** Two struct __user_cap_data_struct: u32 effective, permitted, inheritable each. */
const DATA_BYTES = 24;

/**
 * Drops every capability but `kept` for the calling thread and all programs that it executes from
 * now on: with no_new_privs an execve gives root no more than it had (linux/security/commoncap.c).
 * Capabilities belong to threads, and the JavaScript runtime already has other threads. Only an
 * execve ends those, so only after it is the whole process without.
 *
 * @param kept numbers of held capabilities to keep across executions
 * Throws SystemError.
 */
export function dropCapabilities(kept: readonly number[] = []): void {
  if (libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    throw new SystemError("prctl", errno(), "PR_SET_NO_NEW_PRIVS");
  // Needs CAP_SETPCAP, which a service may lack: then the bounding set stays, and no_new_privs
  // makes it harmless.
  for (let capability = 0; capability < CAPABILITIES_MAX; capability++) {
    if (!kept.includes(capability)) libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  const header = new NativeMemory(HEADER_BYTES);
  header.view.setUint32(0, CAPABILITY_VERSION_3, true);
  const data = new NativeMemory(DATA_BYTES);
  for (const capability of kept) {
    const half = 12 * (capability >> 5);
    for (const set of [half, half + 4, half + 8]) {
      const bits = data.view.getUint32(set, true) | (1 << (capability & 31));
      data.view.setUint32(set, bits >>> 0, true);
    }
  }
  // What is not permitted cannot be ambient either.
  if (libc.capset(header.address, data.address) < 0) throw new SystemError("capset", errno());
  for (const capability of kept) {
    if (libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0)
      throw new SystemError("prctl", errno(), "PR_CAP_AMBIENT");
  }
}
