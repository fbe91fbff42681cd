import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { COMPILERS, collectionsOf } from "../harness/garbage.ts";

const CHILD = join(import.meta.dir, "../children/garbage-network.ts");

const QUIET = [
  "vip-switcher",
  "vip-switcher-refused",
  "vip-renewal",
  "keep-alives",
  "link-monitor",
  "link-monitor-resynchronise",
  "announcer",
  "packet-socket",
  "neighbour-watch",
  "source-address",
  "client-notice",
];

describe("moving VIPs makes no garbage", () => {
  for (const environment of COMPILERS) {
    const compilers = JSON.stringify(environment);
    test(`the canary is seen, ${compilers}`, async () => {
      expect(await collectionsOf(CHILD, ["canary"], environment)).toBeGreaterThan(0);
    }, 120_000);
    for (const name of QUIET) {
      test(`${name}, ${compilers}`, async () => {
        expect(await collectionsOf(CHILD, [name], environment)).toBe(0);
      }, 120_000);
    }
  }
});
