import { expect, test } from "bun:test";
import type { DataLoadState } from "../../dataload/data-load.ts";
import type { FaultEntry } from "../maintenance.ts";
import { dataLoadLines, faultLines } from "./console-show.ts";

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

test("functions that one missing server leaves alone are one active fault with a list", () => {
  const fault = (label: string, id: string, second: number, isActive = true): FaultEntry => {
    const at = { bootUs: second * 1_000_000, utcMs: null };
    return {
      ...{ leg: 1, label, text: "TEXT", class: 3, ata: "", function: id, detail: "", count: 1 },
      ...{ first: at, last: at, isActive, nature: null, cause: "Cause.", action: "None." },
    };
  };
  const lines = faultLines(
    [
      fault("WNG-0223", "map", 1),
      fault("WNG-0203", "map", 2),
      fault("WNG-0203", "tv", 2),
      fault("WNG-0223", "tv", 3),
      fault("WNG-0223", "shop", 4, false),
    ],
    1,
  );
  expect(lines[0]).toBe("LEG 1: 5 FAULTS, 4 ACTIVE");
  expect(lines.filter((line) => line.startsWith("WNG")).join()).toBe(
    "WNG-0223 TEXT,WNG-0203 TEXT,WNG-0203 TEXT,WNG-0223 TEXT",
  );
  expect(lines.filter((line) => /^ {2}(map|tv|shop)/.test(line))).toEqual([
    ...["  map, tv", "  map", "  tv", "  shop"],
  ]);
});
