import { errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

// prctl(2), capabilities(7); numbers of linux/prctl.h and linux/capability.h.
const PR_CAPBSET_DROP = 24;
const PR_SET_NO_NEW_PRIVS = 38;
const CAPABILITIES_MAX = 64;
const CAPABILITY_VERSION_3 = 0x2008_0522;

/** struct __user_cap_header_struct: u32 version, i32 pid (0: the calling thread). */
const HEADER_BYTES = 8;
/** Two struct __user_cap_data_struct: u32 effective, permitted, inheritable. */
const DATA_BYTES = 24;

/**
 * The calling thread gives up every capability, and so do all programs that it executes from now
 * on: with no_new_privs an execve gives root no more than it had (linux/security/commoncap.c).
 * Capabilities belong to threads, and the JavaScript runtime has others already: only after an
 * execve, which ends them, is the whole process without.
 *
 * Throws SystemError.
 */
export function giveUpCapabilities(): void {
  if (libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    throw new SystemError("prctl", errno(), "PR_SET_NO_NEW_PRIVS");
  // Needs CAP_SETPCAP, which a service may not have: then the bounding set stays, and no_new_privs
  // makes it harmless.
  for (let capability = 0; capability < CAPABILITIES_MAX; capability++) {
    libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  const header = new NativeMemory(HEADER_BYTES);
  header.view.setUint32(0, CAPABILITY_VERSION_3, true);
  const none = new NativeMemory(DATA_BYTES);
  // What is not permitted is not ambient either.
  if (libc.capset(header.address, none.address) < 0) throw new SystemError("capset", errno());
}
