import { expect, test } from "bun:test";
import * as control from "./control.ts";
import {
  CONTROL_LOG,
  CONTROL_RECORD_BYTES,
  controlArgument,
  controlFunction,
  controlKind,
  encodeControl,
  MOVE_REFUSALS,
  MOVE_REFUSED_HELD,
  NO_INDEX,
  REASON_NAMES,
  REASON_RESTART,
} from "./control.ts";

test("a record holds its kind, function and three signed arguments where the table says", () => {
  const record = new DataView(new ArrayBuffer(CONTROL_RECORD_BYTES));
  encodeControl(record, CONTROL_LOG, NO_INDEX, -1, 0x7fffffff, -0x80000000);
  expect(controlKind(record)).toBe(CONTROL_LOG);
  expect(controlFunction(record)).toBe(NO_INDEX);
  expect([0, 1, 2].map((number) => controlArgument(record, number))).toEqual([
    -1, 0x7fffffff, -0x80000000,
  ]);
  expect(Buffer.from(record.buffer).toString("hex")).toBe("0300ffffffffffffffffff7f00000080");
});

test("every kind has its own number", () => {
  const kinds = Object.entries(control).flatMap(([name, value]) =>
    name.startsWith("CONTROL_") && name !== "CONTROL_RECORD_BYTES" ? [value] : [],
  );
  expect(new Set(kinds).size).toBe(kinds.length);
});

test("every reason has a name", () => {
  expect(REASON_NAMES).toHaveLength(REASON_RESTART + 1);
  expect(MOVE_REFUSALS).toHaveLength(MOVE_REFUSED_HELD + 1);
});
