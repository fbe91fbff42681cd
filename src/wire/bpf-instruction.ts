/**
 * An assembler for eBPF, as far as wire/vip-program needs it (RFC 9669). A program is a list of
 * lines: instructions, and labels to jump to. Each instruction has its text: {@link
 * listingOf} shows what {@link assemble} encodes.
 *
 * An instruction is struct bpf_insn, 8 bytes in native byte order, little-endian on every target:
 *
 * | offset | type | field                                                        |
 * |--------|------|--------------------------------------------------------------|
 * | 0      | u8   | code: class, operation, whether the operand is a register    |
 * | 1      | u8   | destination register, source register in the upper four bits |
 * | 2      | i16  | offset: of memory, or of a jump from the next instruction    |
 * | 4      | i32  | the operand where it is a number, or the helper called       |
 *
 * Only the address of a map takes two of them. Registers hold 64 bits: r0 is the result of a call
 * and of the program, r1 to r5 are the arguments of a call, which overwrites them, r6 to r9 survive
 * calls, r10 is the end of the stack.
 */
import { assert } from "../assert.ts";

export const BPF_INSTRUCTION_BYTES = 8;

export const R0 = 0;
export const R1 = 1;
export const R2 = 2;
export const R3 = 3;
export const R4 = 4;
export const R6 = 6;
export const R7 = 7;
export const R8 = 8;
/** Read only: the program's memory is below it. */
export const STACK = 10;

/** Helper functions of the kernel (enum bpf_func_id), by their names in the listing. */
export const HELPERS = {
  map_lookup_elem: 1,
  ktime_get_ns: 5,
  skb_load_bytes: 26,
} as const;

/** BPF_PSEUDO_MAP_FD: the operand is the descriptor of a map. */
const MAP_DESCRIPTOR = 1;

/** Codes of loads and stores, by bytes. */
const LOAD_CODES = { 1: 0x71, 2: 0x69, 4: 0x61, 8: 0x79 } as const;
const STORE_CODES = { 4: 0x62, 8: 0x7a } as const;
const STORE_REGISTER = 0x63;

interface Instruction {
  readonly code: number;
  readonly destination: number;
  readonly source: number;
  readonly offset: number;
  readonly operand: number;
  /** Label of the jump target; "" for no jump. */
  readonly target: string;
  /** Text without the target. */
  readonly text: string;
  /** 2 for the address of a map. */
  readonly slots: number;
}

interface Label {
  readonly label: string;
}

export type Line = Instruction | Label;

function line(
  code: number,
  text: string,
  fields: Partial<Omit<Instruction, "code" | "text">>,
): Instruction {
  return {
    ...{ code, text, destination: 0, source: 0, offset: 0, operand: 0, target: "", slots: 1 },
    ...fields,
  };
}

const signed = (offset: number): string =>
  offset < 0 ? `- ${-offset}` : offset > 0 ? `+ ${offset}` : "+ 0";

export const label = (name: string): Label => ({ label: name });

/** to = from, registers. */
export const move = (destination: number, source: number): Line =>
  line(0xbf, `r${destination} = r${source}`, { destination, source });

/** to = number, 32 bits with sign. */
export const set = (destination: number, operand: number): Line =>
  line(0xb7, `r${destination} = ${operand}`, { destination, operand });

export const add = (destination: number, operand: number): Line =>
  line(0x07, `r${destination} += ${operand}`, { destination, operand });

export const subtract = (destination: number, source: number): Line =>
  line(0x1f, `r${destination} -= r${source}`, { destination, source });

/** Unsigned. */
export const divide = (destination: number, operand: number): Line =>
  line(0x37, `r${destination} /= ${operand}`, { destination, operand });

export const shiftLeft = (destination: number, operand: number): Line =>
  line(0x67, `r${destination} <<= ${operand}`, { destination, operand });

/** Shifts in zeros. */
export const shiftRight = (destination: number, operand: number): Line =>
  line(0x77, `r${destination} >>= ${operand}`, { destination, operand });

/** Converts the lower 16 bits from network order to a number; clears the upper ones. */
export const fromNetwork16 = (destination: number): Line =>
  line(0xdc, `r${destination} = be16 r${destination}`, { destination, operand: 16 });

/** to = memory at base + offset. */
export const load = (
  bytes: keyof typeof LOAD_CODES,
  destination: number,
  source: number,
  offset: number,
): Line =>
  line(LOAD_CODES[bytes], `r${destination} = *(u${bytes * 8} *)(r${source} ${signed(offset)})`, {
    ...{ destination, source, offset },
  });

/** Memory at base + offset = number, 32 bits with sign. */
export const store = (
  bytes: keyof typeof STORE_CODES,
  destination: number,
  offset: number,
  operand: number,
): Line =>
  line(STORE_CODES[bytes], `*(u${bytes * 8} *)(r${destination} ${signed(offset)}) = ${operand}`, {
    ...{ destination, offset, operand },
  });

/** The same with the lower half of a register. */
export const storeRegister = (destination: number, offset: number, source: number): Line =>
  line(STORE_REGISTER, `*(u32 *)(r${destination} ${signed(offset)}) = r${source}`, {
    ...{ destination, offset, source },
  });

/** to = the map of this descriptor; two instructions long. */
export const mapAddress = (destination: number, fd: number, name: string): Line =>
  line(0x18, `r${destination} = map ${name}`, {
    ...{ destination, source: MAP_DESCRIPTOR, operand: fd, slots: 2 },
  });

export const jump = (target: string): Line => line(0x05, "", { target });

export const jumpIfEqual = (destination: number, operand: number, target: string): Line =>
  line(0x15, `if r${destination} == ${operand}`, { destination, operand, target });

export const jumpIfOther = (destination: number, operand: number, target: string): Line =>
  line(0x55, `if r${destination} != ${operand}`, { destination, operand, target });

/** Unsigned. */
export const jumpIfNotBelow = (destination: number, operand: number, target: string): Line =>
  line(0x35, `if r${destination} >= ${operand}`, { destination, operand, target });

export const call = (name: keyof typeof HELPERS): Line =>
  line(0x85, `call ${name}`, { operand: HELPERS[name] });

export const exit = (): Line => line(0x95, "exit", {});

const isLabel = (one: Line): one is Label => "label" in one;

/** Number of the instruction that follows each label. */
function placesOf(program: readonly Line[]): Map<string, number> {
  const places = new Map<string, number>();
  let place = 0;
  for (const one of program) {
    if (!isLabel(one)) place += one.slots;
    else {
      assert(!places.has(one.label), `label ${one.label} stands once`);
      places.set(one.label, place);
    }
  }
  return places;
}

/** The program in the form of bpf(2). */
export function assemble(program: readonly Line[]): Uint8Array<ArrayBuffer> {
  const places = placesOf(program);
  const instructions = program.filter((one): one is Instruction => !isLabel(one));
  const count = instructions.reduce((sum, { slots }) => sum + slots, 0);
  const view = new DataView(new ArrayBuffer(count * BPF_INSTRUCTION_BYTES));
  let place = 0;
  for (const { code, destination, source, offset, operand, target, slots } of instructions) {
    const at = place * BPF_INSTRUCTION_BYTES;
    place += slots;
    view.setUint8(at, code);
    view.setUint8(at + 1, destination | (source << 4));
    view.setInt16(at + 2, target === "" ? offset : placeOf(places, target) - place, true);
    view.setInt32(at + 4, operand, true);
  }
  return new Uint8Array(view.buffer);
}

function placeOf(places: Map<string, number>, target: string): number {
  const place = places.get(target);
  assert(place !== undefined, `label ${target} stands somewhere`);
  return place;
}

/** The program for people: instruction numbers, with labels in the margin. */
export function listingOf(program: readonly Line[]): string {
  let place = 0;
  const lines = program.map((one) => {
    if (isLabel(one)) return `${one.label}:`;
    const goes = one.target === "" ? "" : one.text === "" ? "goto" : " goto";
    const text = `${String(place).padStart(4)}  ${one.text}${goes} ${one.target}`.trimEnd();
    place += one.slots;
    return text;
  });
  return `${lines.join("\n")}\n`;
}
