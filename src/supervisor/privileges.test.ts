import { expect, test } from "bun:test";
import {
  hangUpIsIgnored,
  hasCapabilities,
  missingCapabilities,
  NET_BIND_SERVICE,
} from "./privileges.ts";

const status = (effective: string, ignored = "0000000000000000"): string =>
  `Name:\tbun\nSigIgn:\t${ignored}\nCapPrm:\t0000000000000000\nCapEff:\t${effective}\nCapBnd:\t000001ffffffffff\n`;

test("effective capabilities", () => {
  expect(missingCapabilities(status("000001ffffffffff"))).toEqual([]);
  expect(missingCapabilities(status("0000000000003000"))).toEqual([]);
  expect(missingCapabilities(status("0000000000001000"))).toEqual(["CAP_NET_RAW"]);
  expect(missingCapabilities(status("0000000000002000"))).toEqual(["CAP_NET_ADMIN"]);
  expect(missingCapabilities(status("0000000000000000"))).toEqual(["CAP_NET_ADMIN", "CAP_NET_RAW"]);
  expect(missingCapabilities("")).toEqual(["CAP_NET_ADMIN", "CAP_NET_RAW"]);
});

test("a hang-up that was ignored at the start", () => {
  expect(hangUpIsIgnored(status("0", "0000000000001001"))).toBe(true);
  expect(hangUpIsIgnored(status("0", "0000000000001000"))).toBe(false);
});

test("without capabilities, and without a way to them", () => {
  const none = "0".repeat(16);
  const of = (
    inheritable: string,
    permitted: string,
    ambient: string,
    noNewPrivileges: number,
  ): string =>
    `CapInh:\t${inheritable}\nCapPrm:\t${permitted}\nCapEff:\t${none}\nCapBnd:\t000001ffffffffff\nCapAmb:\t${ambient}\nNoNewPrivs:\t${noNewPrivileges}\n`;
  expect(hasCapabilities(of(none, none, none, 1))).toBe(false);
  expect(hasCapabilities(of(none, none, none, 0))).toBe(true);
  expect(hasCapabilities(of(none, "0000000000001000", none, 1))).toBe(true);
  expect(hasCapabilities(of("0000000000000001", none, none, 1))).toBe(true);
  expect(hasCapabilities(of(none, none, "0000000000003000", 1))).toBe(true);
  expect(hasCapabilities("")).toBe(true);
  const bind = "0000000000000400";
  expect(hasCapabilities(of(bind, bind, bind, 1), NET_BIND_SERVICE)).toBe(false);
  expect(hasCapabilities(of(bind, bind, bind, 1))).toBe(true);
  expect(hasCapabilities(of(none, "0000000000000c00", none, 1), NET_BIND_SERVICE)).toBe(true);
  expect(hasCapabilities(of(bind, bind, bind, 0), NET_BIND_SERVICE)).toBe(true);
});
