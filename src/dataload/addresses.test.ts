import { expect, test } from "bun:test";
import type { NetworkInterfaceInfo } from "node:os";
import {
  decodeFindAnswer,
  encodeFindAnswer,
  encodeFindRequest,
  isFindRequest,
} from "./find-packet.ts";
import { listenAddress } from "./listen-address.ts";
import {
  endingOf,
  fileNameObjection,
  positionOf,
  protocolFile,
  targetId,
} from "./target-identity.ts";

const TARGET = {
  ...{ hardware: "WINGHESA", type: "HEADEND", position: "L" },
  ...{ literal: "WINGMAN HEAD-END", manufacturer: "WNG" },
};

test("FIND: its bytes", () => {
  expect([...encodeFindRequest()]).toEqual([0, 1, 0, 0x10]);
  expect(Buffer.from(encodeFindAnswer(TARGET)).toString("latin1")).toBe(
    "\0\x02WINGHESA\0HEADEND\0L\0WINGMAN HEAD-END\0WNG\0\x10",
  );
  expect(decodeFindAnswer(encodeFindAnswer(TARGET))).toEqual(TARGET);
});

test("FIND: only a request gets an answer; an answer gets none", () => {
  expect(isFindRequest(encodeFindRequest())).toBe(true);
  for (const bytes of [[], [0, 1], [0, 1, 0], [0, 2, 0, 0x10], [0, 1, 0, 0x11], [0, 1, 1, 0x10]])
    expect(isFindRequest(Uint8Array.from(bytes))).toBe(false);
  expect(isFindRequest(encodeFindAnswer(TARGET))).toBe(false);
  expect(isFindRequest(new Uint8Array(513))).toBe(false);
});

test("names of targets and of their files", () => {
  const identity = { hardware: "WINGHESA", position: "", manufacturer: "WNG" };
  expect(targetId(identity)).toBe("WINGHESA_");
  expect(protocolFile(identity, "LUS")).toBe("WINGHESA_.LUS");
  expect(endingOf(identity, "WINGHESA_.LUS")).toBe("LUS");
  for (const other of ["WINGHESA_L.LUS", "winghesa_.LUS", "WINGHESA.LUS"])
    expect(endingOf(identity, other)).toBeNull();
  expect(positionOf("head-end-1")).toBe("HEADEND1");
});

test("names that a file of a load may not have", () => {
  for (const good of ["A.BIN", "wingman-1.0", "a..b"]) expect(fileNameObjection(good)).toBeNull();
  for (const bad of [
    "",
    ".",
    "..",
    "../x",
    "a/b",
    "a\\b",
    "a b",
    "a\0",
    "C:x",
    "~",
    "x".repeat(256),
  ])
    expect([bad, fileNameObjection(bad)]).not.toEqual([bad, null]);
});

const INTERFACES = {
  lo: [entry("127.0.0.1", "255.0.0.0")],
  eth0: [entry("10.44.1.1", "255.255.0.0"), entry("10.44.0.1", "255.255.0.0")],
  eth1: [{ ...entry("fe80::1", "ffff::"), family: "IPv6", scopeid: 0 } as NetworkInterfaceInfo],
  ppp0: [entry("10.9.0.1", "255.255.255.255")],
};

function entry(address: string, netmask: string): NetworkInterfaceInfo {
  return { address, netmask, family: "IPv4", mac: "", internal: false, cidr: null };
}

test("an address as it is configured, or the one of an interface that is no VIP", () => {
  const found = listenAddress("eth0", ["10.44.1.1"], INTERFACES);
  expect([found.address, found.broadcast]).toEqual(["10.44.0.1", "10.44.255.255"]);
  expect(["10.44.9.9", "10.45.0.1", "fe80::1"].map((one) => found.includes(one))).toEqual([
    ...[true, false, false],
  ]);
  expect(listenAddress("10.44.0.1", [], INTERFACES).address).toBe("10.44.0.1");
  expect(listenAddress("ppp0", [], INTERFACES).broadcast).toBeNull();
});

test("missing files are reported", () => {
  const listen = (text: string) => () => listenAddress(text, [], INTERFACES);
  expect(listen("10.44.0.2")).toThrow("found no address 10.44.0.2 on this machine");
  expect(listen("eth1")).toThrow("found no IPv4 address on eth1");
  expect(listen("eth7")).toThrow("found no IPv4 address on eth7");
});
