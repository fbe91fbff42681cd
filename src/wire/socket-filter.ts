/**
 * Programs for the kernel's socket filter (classic BPF; linux/filter.h, Documentation/networking/filter.rst): what they refuse is
 * dropped before it is queued, and wakes nobody.
 *
 * A program is an array of `struct sock_filter`: u16 code, u8 instructions to skip if true, u8 if false, u32 operand; native byte
 * order. It works on one accumulator. What it returns is the number of bytes to keep: 0 drops. On a UDP socket the data begin
 * with the UDP header of 8 bytes (RFC 768); loads are big-endian, and one beyond the end drops the datagram.
 */
import { KEEP_ALIVE_BYTES, KEEP_ALIVE_MAGIC, KEEP_ALIVE_VERSION } from "./keep-alive.ts";

export const FILTER_INSTRUCTION_BYTES = 8;

const UDP_HEADER_BYTES = 8;

// Codes: class, size or operation, and mode of each instruction (linux/bpf_common.h).
/** BPF_LD | BPF_W | BPF_LEN: the length of the data, header included. */
const LOAD_LENGTH = 0x80;
/** BPF_LD | BPF_W | BPF_ABS: 4 bytes at the operand. */
const LOAD_WORD = 0x20;
/** BPF_LD | BPF_B | BPF_ABS: 1 byte at the operand. */
const LOAD_BYTE = 0x30;
/** BPF_JMP | BPF_JEQ | BPF_K: is the accumulator the operand? */
const JUMP_IF_EQUAL = 0x15;
/** BPF_RET | BPF_K. */
const RETURN = 0x06;

const KEEP_ALL = 0xffff_ffff;
const DROP = 0;

type Instruction = readonly [code: number, skipIfTrue: number, skipIfFalse: number, operand: number];

/**
 * Lets pass what is as long as a keep-alive and begins as one. System and sender are left to the receiver, which counts each of
 * these mistakes for itself; the filter would hide them and stop nobody who wants to forge.
 */
export function keepAliveFilter(): Uint8Array<ArrayBuffer> {
  return encode([
    [LOAD_LENGTH, 0, 0, 0],
    [JUMP_IF_EQUAL, 0, 5, UDP_HEADER_BYTES + KEEP_ALIVE_BYTES],
    [LOAD_WORD, 0, 0, UDP_HEADER_BYTES],
    [JUMP_IF_EQUAL, 0, 3, KEEP_ALIVE_MAGIC],
    [LOAD_BYTE, 0, 0, UDP_HEADER_BYTES + 4],
    [JUMP_IF_EQUAL, 0, 1, KEEP_ALIVE_VERSION],
    [RETURN, 0, 0, KEEP_ALL],
    [RETURN, 0, 0, DROP],
  ]);
}

/** Lets nothing pass: for a socket that only sends. */
export function nothingFilter(): Uint8Array<ArrayBuffer> {
  return encode([[RETURN, 0, 0, DROP]]);
}

function encode(program: readonly Instruction[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(program.length * FILTER_INSTRUCTION_BYTES));
  program.forEach(([code, skipIfTrue, skipIfFalse, operand], place) => {
    const at = place * FILTER_INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, skipIfTrue);
    view.setUint8(at + 3, skipIfFalse);
    view.setUint32(at + 4, operand, true);
  });
  return new Uint8Array(view.buffer);
}
