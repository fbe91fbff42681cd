import { expect, test } from "bun:test";
import { descriptors, opened } from "../../test/harness/descriptors.ts";
import { CarrierCounts, UNKNOWN_COUNT } from "./carrier-count.ts";

test("an interface that is recreated repeatedly takes one descriptor, and none in the end", () => {
  const before = descriptors();
  const counts = new CarrierCounts(["lo", "wm-missing"]);
  const held = descriptors();
  for (let round = 0; round < 3; round++) {
    counts.reopen(0);
    counts.reopen(1);
    expect(counts.read(0)).not.toBe(UNKNOWN_COUNT);
    expect(counts.read(1)).toBe(UNKNOWN_COUNT);
  }
  expect(opened(held)).toEqual([]);
  counts.close();
  expect(opened(before)).toEqual([]);
});
