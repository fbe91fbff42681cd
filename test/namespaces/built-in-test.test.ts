/** The built-in test with real interfaces and hosts. Needs root and `ip`. */
import { afterAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { linkState } from "../../src/io/network-interface.ts";
import { until } from "../harness/until.ts";
import { VirtualNetwork } from "../harness/virtual-network.ts";

const network = new VirtualNetwork();
afterAll(() => network.close());

const here = network.addHost("10.44.0.1/16");
const witness = network.addHost("10.44.0.2/16");
const PROBE = `${import.meta.dir}/../children/witness-probe-child.ts`;

/** Probes in a process that has this host's network for all its sockets and files. */
function probe(address: string): string {
  return here.run(process.execPath, PROBE, address).trim();
}

test("the state of a link", async () => {
  const seen = (): string => here.inside(() => linkState("eth0"));
  const becomes = (state: string) => until(state, () => seen() === state); // within a second
  expect(seen()).toBe("up");
  here.plug(false);
  await becomes("no carrier");
  here.ip("link", "set", "eth0", "down");
  expect(seen()).toBe("down");
  here.ip("link", "set", "eth0", "up");
  here.plug(true);
  await becomes("up");
  expect(here.inside(() => linkState("eth7"))).toBe("missing");
});

test("a look at a link costs no descriptor", () => {
  const descriptors = (): number => readdirSync("/proc/self/fd").length;
  const looks = 20; // the runtime opens and closes some for itself meanwhile
  const before = descriptors();
  for (let look = 0; look < looks; look++) here.inside(() => linkState("eth0"));
  expect(descriptors()).toBeLessThan(before + looks / 2);
});

test("a witness that is there refuses; one that never was does not answer", async () => {
  await until("the switch forwards again", () => probe("10.44.0.2") === "there");
  expect(probe("10.44.0.3")).toBe("no answer");
});

test("a witness that has gone is silent while its MAC is remembered, and does not answer then", () => {
  expect(probe("10.44.0.2")).toBe("there");
  witness.attach(false);
  expect(probe("10.44.0.2")).toBe("silent");
  here.ip("neigh", "flush", "dev", "eth0");
  expect(probe("10.44.0.2")).toBe("no answer");
  witness.attach(true);
  expect(probe("10.44.0.2")).toBe("there");
});
