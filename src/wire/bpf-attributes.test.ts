import { expect, test } from "bun:test";
import {
  ATTACH_AFTER,
  ATTACH_BY_ID,
  BPF_ATTRIBUTES_BYTES,
  encodeAttach,
  encodeMapCreate,
  encodeMapUpdateBatch,
  encodeProgramLoad,
  encodeTestRun,
  PROGRAM_INFO_BYTES,
  programId,
  programName,
} from "./bpf-attributes.ts";

const view = new DataView(new ArrayBuffer(BPF_ATTRIBUTES_BYTES));

/** What `write` makes of a structure that held something else, without the zeros at its end. */
function hexOf(write: () => void): string {
  new Uint8Array(view.buffer).fill(0xee);
  write();
  return Buffer.from(view.buffer)
    .toString("hex")
    .replace(/(00)+$/, "");
}

const ADDRESS = 0x7f12_3456_7890;

test("a map: type, sizes, entries, flags, and its name cut to 15 letters", () => {
  expect(hexOf(() => encodeMapCreate(view, 2, 4, 8, 300, 1024, "a_name_of_many_letters"))).toBe(
    `0200000004000000080000002c010000000400000000000000000000${Buffer.from("a_name_of_many_").toString("hex")}`,
  );
});

test("addresses are 64 bits wide", () => {
  expect(hexOf(() => encodeMapUpdateBatch(view, 7, ADDRESS, ADDRESS + 16, 3))).toBe(
    `${"00".repeat(16)}90785634127f0000a0785634127f00000300000007`,
  );
});

test("a program: sched_cls, its instructions, licence, log and name", () => {
  expect(hexOf(() => encodeProgramLoad(view, "p", ADDRESS, 5, ADDRESS, 0, 0))).toBe(
    `030000000500000090785634127f000090785634127f0000${"00".repeat(24)}70`,
  );
  encodeProgramLoad(view, "p", ADDRESS, 5, ADDRESS, ADDRESS, 64);
  expect([view.getUint32(24, true), view.getUint32(28, true)]).toEqual([1, 64]);
});

test("a run on a frame, and a place among programs", () => {
  expect(hexOf(() => encodeTestRun(view, 9, ADDRESS, 42))).toBe(
    `09000000000000002a0000000000000090785634127f0000${"00".repeat(8)}01`,
  );
  expect(hexOf(() => encodeAttach(view, 77, 46, 0, ATTACH_AFTER | ATTACH_BY_ID, 105, 6))).toBe(
    "4d000000000000002e00000030000000000000006900000006",
  );
});

test("of a program: id and name", () => {
  const info = new DataView(new ArrayBuffer(PROGRAM_INFO_BYTES));
  info.setUint32(4, 105, true);
  Buffer.from("wingman_in").copy(new Uint8Array(info.buffer), 64);
  expect([programId(info), programName(info)]).toEqual([105, "wingman_in"]);
});
