import { expect, test } from "bun:test";
import { downloadName } from "./download-name.ts";

test("server, leg and date; without a clock the time since power-on", () => {
  const utcMs = Date.UTC(2026, 10, 28, 19, 46, 33, 120);
  expect(downloadName("a", 12, "log.bin", utcMs, 0)).toBe(
    "wingman-a-leg12-20261128T194633120Z-log.bin",
  );
  expect(downloadName("left", 0, "legs.csv", null, 61_900_000)).toBe(
    "wingman-left-leg0-up61900ms-legs.csv",
  );
});
