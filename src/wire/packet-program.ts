/**
 * Programs of the kernel's classic packet filter (linux/filter.h,
 * Documentation/networking/filter.rst): what they refuse is dropped before it is queued, and wakes
 * nobody. A program works on one accumulator; what it returns is the number of bytes to keep, 0
 * drops. Loads are big-endian, and one beyond the end of the data drops the packet.
 *
 * An instruction is struct sock_filter: u16 code, u8 instructions to skip if true, u8 if false, u32
 * operand; native byte order.
 */
export const INSTRUCTION_BYTES = 8;

// Codes: class, size or operation, and mode of each instruction (linux/bpf_common.h).
/** BPF_LD | BPF_W | BPF_ABS: loads 4 bytes at the operand; the others 2 bytes and 1. */
export const LOAD_WORD = 0x20;
export const LOAD_HALF = 0x28;
export const LOAD_BYTE = 0x30;
/**
 * BPF_JMP | BPF_JEQ | BPF_K: jumps if the accumulator equals the operand; the others if it is
 * greater, or greater or equal.
 */
export const JUMP_IF_EQUAL = 0x15;
export const JUMP_IF_GREATER = 0x25;
export const JUMP_IF_GREATER_OR_EQUAL = 0x35;
/** BPF_JMP | BPF_JSET | BPF_K: jumps if the accumulator and the operand have a bit in common. */
export const JUMP_IF_ANY_BIT = 0x45;
/** BPF_RET | BPF_K. */
export const RETURN = 0x06;

export const KEEP_ALL = 0xffff_ffff;
export const DROP = 0;

/** Base of the kernel's ancillary data (SKF_AD_OFF). */
export const ANCILLARY = 0x1_0000_0000 - 4096;

export type Instruction = readonly [
  code: number,
  skipIfTrue: number,
  skipIfFalse: number,
  operand: number,
];

export function encodeProgram(program: readonly Instruction[]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(program.length * INSTRUCTION_BYTES));
  program.forEach(([code, skipIfTrue, skipIfFalse, operand], place) => {
    const at = place * INSTRUCTION_BYTES;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, skipIfTrue);
    view.setUint8(at + 3, skipIfFalse);
    view.setUint32(at + 4, operand, true);
  });
  return new Uint8Array(view.buffer);
}

/** Accepts nothing: for a socket that only sends, or counts. */
export function nothingFilter(): Uint8Array<ArrayBuffer> {
  return encodeProgram([[RETURN, 0, 0, DROP]]);
}
