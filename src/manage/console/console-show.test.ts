import { expect, test } from "bun:test";
import type { DataLoadState } from "../../dataload/data-load.ts";
import { dataLoadLines } from "./console-show.ts";

const STATE: DataLoadState = {
  ...{ target: "WINGHESA_L", address: "10.44.0.11", last: null },
  operation: {
    ...{ kind: "upload", from: "10.44.9.1", file: "A.BIN", percent: 41 },
    ...{ status: "in progress", description: "" },
  },
};

test("a data load: none, under way, and how the last one ended", () => {
  expect(dataLoadLines(null)).toEqual(["NO DATA LOAD: maintenance.dataLoad IS NOT CONFIGURED"]);
  expect(dataLoadLines(STATE)).toEqual([
    "TARGET     WINGHESA_L",
    "ADDRESS    10.44.0.11",
    "OPERATION  upload, in progress",
    "LOADER     10.44.9.1",
    "DONE       41 %",
    "FILE       A.BIN",
  ]);
  const last = {
    kind: "upload",
    from: "10.44.9.1",
    completed: false,
    why: "the signature is wrong",
  } as const;
  expect(dataLoadLines({ ...STATE, address: null, operation: null, last })).toEqual([
    "TARGET     WINGHESA_L",
    "ADDRESS    not open; see show faults",
    "OPERATION  none",
    "LAST: upload 10.44.9.1, aborted: the signature is wrong",
  ]);
});
