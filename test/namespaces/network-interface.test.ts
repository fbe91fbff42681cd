/** Requirements of a server on its interfaces before it flies. Needs root and `ip`. */
import { afterAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { EADDRINUSE, ENODEV, SystemError } from "../../src/io/errno.ts";
import {
  claimInterface,
  interfaceNames,
  requireInterface,
} from "../../src/io/network-interface.ts";
import { type Host, VirtualNetwork } from "../harness/virtual-network.ts";

const network = new VirtualNetwork();
afterAll(() => network.close());

/** Many: the runtime opens and closes some descriptors for itself meanwhile. */
const ATTEMPTS = 20;
const descriptors = (): number => readdirSync("/proc/self/fd").length;

/** Why it is refused on this host: 0 when it is not, and the message. */
function refusal(host: Host, act: () => void): [errno: number, message: string] {
  try {
    host.inside(act);
    return [0, ""];
  } catch (error) {
    if (error instanceof SystemError) return [error.errno, error.message];
    throw error;
  }
}

test("an interface that is not there is refused with the names of those that are", () => {
  const host = network.addHost();
  const of = (name: string) => refusal(host, () => requireInterface(name));
  expect(of("eth7")).toEqual([ENODEV, expect.stringMatching(/"eth7"; there are: .*eth0/)]);
  expect(of("eth0")).toEqual([0, ""]);
});

test("an interface has one server, and is another one on another host", () => {
  const [host, other] = [network.addHost(), network.addHost()];
  const claim = (): void => claimInterface("eth0");
  expect([refusal(host, claim), refusal(other, claim)]).toEqual([
    [0, ""],
    [0, ""],
  ]);
  const before = descriptors(); // those that were claimed are kept
  for (let attempt = 0; attempt < ATTEMPTS; attempt++)
    expect(refusal(host, claim)).toEqual([
      EADDRINUSE,
      expect.stringMatching(/: eth0 is in use by another wingman$/),
    ]);
  expect(refusal(host, () => claimInterface("eth0.7"))).toEqual([0, ""]);
  expect(descriptors()).toBeLessThan(before + ATTEMPTS / 2);
});

test("the names of this network's interfaces, and of no other's", () => {
  const host = network.addHost();
  host.ip("link", "add", "cabin0", "type", "veth", "peer", "name", "cabin0-peer");
  const names = host.inside(interfaceNames);
  expect(names.filter((name) => /^(lo|eth0|cabin0.*)$/.test(name)).sort()).toEqual([
    ...["cabin0", "cabin0-peer"],
    ...["eth0", "lo"],
  ]);
  expect(network.addHost().inside(interfaceNames)).not.toContain("cabin0");
});
