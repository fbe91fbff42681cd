import { INSTRUCTION_BYTES } from "../wire/packet-program.ts";
import { errno } from "./errno.ts";
import { libc, SO_ATTACH_FILTER, SOL_SOCKET } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

/** struct sock_fprog: u16 number of instructions, then the pointer to them at 8. */
const FPROG_BYTES = 16;
const PROGRAM_AT = 8;

/**
 * Start-up: the socket receives only what `program` accepts (wire/packet-program). Call before
 * bind: then everything passes the program. Returns 0 or errno; the kernel copies the program.
 */
export function attachFilter(fd: number, program: Uint8Array): number {
  const memory = new NativeMemory(FPROG_BYTES + program.length);
  memory.view.setUint16(0, program.length / INSTRUCTION_BYTES, true);
  memory.setPointer(PROGRAM_AT, FPROG_BYTES);
  memory.bytes.set(program, FPROG_BYTES);
  return libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, memory.address, FPROG_BYTES) === 0
    ? 0
    : errno();
}
