import { expect, test } from "bun:test";
import {
  CLSACT_EGRESS,
  CONTROL_MESSAGE_BYTES,
  encodeClsact,
  encodeFilter,
  encodeFilterDump,
  encodeFilterRemoval,
  filterProgramId,
  isFilter,
  isOurFilter,
  RTM_NEWQDISC,
} from "./traffic-control.ts";

const view = new DataView(new ArrayBuffer(CONTROL_MESSAGE_BYTES));
const hexOf = (length: number): string => Buffer.from(view.buffer, 0, length).toString("hex");

test("the queueing discipline of an interface", () => {
  expect(hexOf(encodeClsact(view, RTM_NEWQDISC, 77))).toBe(
    `3000000024000000${"00".repeat(12)}4d0000000000fffff1ffffff000000000b000100636c736163740000`,
  );
});

test("our filter is the first, of every Ethernet type, and known again", () => {
  const length = encodeFilter(view, 77, CLSACT_EGRESS, 9, "wingman_out");
  const hex = hexOf(length);
  expect(view.getUint32(0, true)).toBe(length);
  expect(hex).toContain("f3ffffff00030100"); // parent, then type and priority 1
  expect(hex).toContain(Buffer.from("wingman_out\0").toString("hex"));
  expect(hex).toContain("080006000900000010000700"); // the descriptor, then the name
  expect(hex.endsWith("0800080001000000")).toBe(true); // direct action
  expect([isFilter(view, 0), isOurFilter(view, 0)]).toEqual([true, true]);
});

test("one that is removed has no options; a dump asks for all of one way", () => {
  const length = encodeFilterRemoval(view, 77, CLSACT_EGRESS);
  expect([isOurFilter(view, 0), filterProgramId(view, 0, length)]).toEqual([true, 0]);
  encodeFilterDump(view, 77, CLSACT_EGRESS);
  expect([isFilter(view, 0), isOurFilter(view, 0)]).toEqual([false, false]);
});

test("the id of a filter's program is found among its options, whatever they hold", () => {
  const length = encodeFilter(view, 77, CLSACT_EGRESS, 9, "x");
  expect(filterProgramId(view, 0, length)).toBe(0);
  const place = hexOf(length).indexOf("0800080001000000") / 2;
  view.setUint16(place + 2, 11, true); // in place of the flags
  view.setUint32(place + 4, 105, true);
  expect(filterProgramId(view, 0, length)).toBe(105);
});
