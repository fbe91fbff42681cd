import { afterAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { COMPILERS, collectionsOf } from "../harness/garbage.ts";
import { scratchDirectory } from "../harness/run-mark.ts";

const CHILD = join(import.meta.dir, "../children/garbage-io.ts");
const directory = scratchDirectory("garbage");
afterAll(() => rmSync(directory, { recursive: true }));

const QUIET = [
  "now-us",
  "errno",
  "poller",
  "poller-time",
  "record-socket",
  "record-socket-reply",
  "multicast-socket",
  "multicast-rejoin",
  "life-signs",
];

describe("the calls of the flight loop make no garbage", () => {
  for (const environment of COMPILERS) {
    const compilers = JSON.stringify(environment);
    for (const name of ["canary-object", "canary-bigint"]) {
      test(`${name} is seen, ${compilers}`, async () => {
        expect(await collectionsOf(CHILD, [name], environment)).toBeGreaterThan(10);
      }, 60_000);
    }
    for (const name of QUIET) {
      test(`${name}, ${compilers}`, async () => {
        expect(await collectionsOf(CHILD, [name, directory], environment)).toBe(0);
      }, 60_000);
    }
  }

  test("a child that fails or never measures is no proof", async () => {
    await expect(collectionsOf(CHILD, ["no-such-case"])).rejects.toThrow("0 marks");
  });
});
