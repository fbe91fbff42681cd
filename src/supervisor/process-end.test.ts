import { expect, test } from "bun:test";
import { endNumber, endText, type ProcessEnd } from "./process-end.ts";

test.each<[ProcessEnd, string, number]>([
  [{ exitCode: 3, signal: null }, "exit code 3", 3],
  [{ exitCode: null, signal: "SIGKILL" }, "SIGKILL", -9],
  [{ exitCode: null, signal: "SIGUNHEARDOF" }, "SIGUNHEARDOF", -999],
  [{ exitCode: null, signal: null }, "not started", -1000],
])("%j is reported as %s and logged as %d", (end, text, number) => {
  expect([endText(end), endNumber(end)]).toEqual([text, number]);
});
