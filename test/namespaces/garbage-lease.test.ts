import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { COMPILERS, collectionsOf } from "../harness/garbage.ts";

const CHILD = join(import.meta.dir, "../children/garbage-lease.ts");

describe("renewing makes no garbage", () => {
  for (const environment of COMPILERS) {
    test(`by eBPF a million times, ${JSON.stringify(environment)}`, async () => {
      expect(await collectionsOf(CHILD, ["programs", "this"], environment)).toBe(0);
    }, 120_000);
    for (const kernel of ["this", "older"]) {
      const where = `${kernel} kernel, ${JSON.stringify(environment)}`;
      test(`the canary is seen, ${where}`, async () => {
        expect(await collectionsOf(CHILD, ["canary", kernel], environment)).toBeGreaterThan(0);
      }, 120_000);
      for (const name of ["renew", "begin-and-lapse"]) {
        test(`${name}, ${where}`, async () => {
          expect(await collectionsOf(CHILD, [name, kernel], environment)).toBe(0);
        }, 120_000);
      }
    }
  }
});
