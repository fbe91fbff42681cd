import { expect, test } from "bun:test";
import { isKnownNeighbour, probeWitness } from "./witness-probe.ts";

test("a host that refuses is there", async () => {
  expect(await probeWitness("127.0.0.1")).toBe("there");
});

test("an address to which the kernel has no way is not", async () => {
  expect(await probeWitness("255.255.255.255", 50)).toBe("no answer");
});

test("the kernel's table of neighbours: only a MAC that is known counts", () => {
  const table = [
    "IP address       HW type     Flags       HW address            Mask     Device",
    "10.44.0.1        0x1         0x2         5e:8f:01:02:03:04     *        eth0",
    "10.44.0.2        0x1         0x0         00:00:00:00:00:00     *        eth0",
    "",
  ].join("\n");
  expect(
    ["10.44.0.1", "10.44.0.2", "10.44.0.3", "10.44.0."].map((address) =>
      isKnownNeighbour(address, table),
    ),
  ).toEqual([...[true, false, false, false]]);
});
