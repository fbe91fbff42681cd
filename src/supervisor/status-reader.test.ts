import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { snapshot, writeSnapshot } from "../../test/harness/status-snapshot.ts";
import { readStatusNow } from "./status-reader.ts";

const directory = scratchDirectory("status-reader");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("an engine is well as long as its snapshot is younger than two seconds, or ten periods if those are longer", () => {
  const file = join(directory, "status");
  const isWell = (ageMs: number, periodMs: number): boolean => {
    writeSnapshot(file, snapshot({ ageMs }));
    return readStatusNow(file, periodMs) !== null;
  };
  expect([isWell(1000, 20), isWell(2100, 20)]).toEqual([true, false]);
  expect([isWell(9000, 1000), isWell(10_100, 1000)]).toEqual([true, false]);
});
