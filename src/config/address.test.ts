import { describe, expect, test } from "bun:test";
import {
  type Address,
  addressKey,
  isLoopback,
  parseAddress,
  parseListen,
  parseVip,
  specialAddress,
  vipObjection,
} from "./address.ts";

const hex = (text: string): string | null => {
  const address = parseAddress(text);
  return address === null ? null : addressKey(address.bytes);
};

describe("parseAddress", () => {
  test.each([
    ["10.44.1.255", "0a2c01ff"],
    ["0.0.0.0", "00000000"],
    ["::", "00".repeat(16)],
    ["::1", `${"00".repeat(15)}01`],
    ["fd44::1:a", "fd44000000000000000000000001000a"],
    ["FD44:0:0::0:1:A", "fd44000000000000000000000001000a"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
    ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
    ["::ffff:10.0.0.1", "00000000000000000000ffff0a000001"],
    ["64:ff9b::192.0.2.33", "0064ff9b0000000000000000c0000221"],
  ])("%s", (text, expected) => {
    expect(hex(text)).toBe(expected);
  });

  test.each([
    "",
    "10.44.1",
    "10.44.1.256",
    "010.44.1.1",
    "10.44.1.1.1",
    "10.44.1.1 ",
    "1::2::3",
    ":::",
    "12345::",
    "fe80::1%eth0",
  ])("refuses %p", (text) => {
    expect(hex(text)).toBeNull();
  });
});

describe("parseVip", () => {
  test("splits address and prefix length", () => {
    expect(parseVip("10.44.1.7/16")).toEqual({
      text: "10.44.1.7/16",
      family: 4,
      address: Uint8Array.of(10, 44, 1, 7),
      prefixLength: 16,
    });
    expect(parseVip("fd44::1:7/64")).toMatchObject({ family: 6, prefixLength: 64 });
    expect(parseVip("10.0.0.1/32")?.prefixLength).toBe(32);
    expect(parseVip("fd44::1/128")?.prefixLength).toBe(128);
  });

  test.each([
    "10.44.1.1",
    "10.44.1.1/",
    "10.44.1.1/0",
    "10.44.1.1/33",
    "10.44.1.1/+8",
    "10.44.1.1/08",
    "fd44::1/129",
    "/16",
    "x/16",
  ])("refuses %p", (text) => {
    expect(parseVip(text)).toBeNull();
  });
});

describe("vipObjection", () => {
  const objection = (text: string): string | null => {
    const vip = parseVip(text);
    return vip === null ? "unparsed" : vipObjection(vip);
  };

  test.each([
    ["224.0.0.1/4", "a multicast address"],
    ["127.0.0.1/8", "a loopback address"],
    ["0.1.2.3/8", "an unspecified address"],
    ["255.255.255.255/32", "a reserved address"],
    ["10.44.0.0/16", "the address of the network itself"],
    ["10.44.255.255/16", "the broadcast address of its network"],
    ["10.44.1.130/31", null],
    ["10.44.1.128/31", null],
    ["10.44.1.0/16", null],
    ["ff02::1/64", "a multicast address"],
    ["::1/128", "the loopback address"],
    ["fe80::1/64", "a link-local address"],
    ["febf::1/64", "a link-local address"],
    ["::/64", "the unspecified address"],
    ["::ffff:10.0.0.1/128", "an IPv4-mapped address"],
    ["fd44::/64", "the address of the network itself"],
    ["fd44::/127", null],
    ["fd44::ffff:ffff:ffff:ffff/64", null],
    ["fd44::1:1/64", null],
  ])("%s: %p", (text, expected) => {
    expect(objection(text)).toBe(expected);
  });

  test("unicast addresses are not special", () => {
    expect(specialAddress({ family: 4, bytes: Uint8Array.of(10, 0, 0, 0) })).toBeNull();
  });
});

describe("parseListen", () => {
  test("takes an address of either family with a port", () => {
    expect(parseListen("127.0.0.1:8044")).toMatchObject({ host: "127.0.0.1", port: 8044 });
    expect(parseListen("[fd44::9]:1")).toMatchObject({ host: "fd44::9", port: 1 });
  });
  for (const text of [
    "",
    "8044",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:0",
    "127.0.0.1:01",
    "[127.0.0.1]:80",
    "::1:80",
  ]) {
    test(`refuses "${text}"`, () => expect(parseListen(text)).toBeNull());
  }
  for (const text of [
    "[::1",
    "[::1]",
    "[::1]80",
    "x[::1]:80",
    "localhost:80",
    "127.0.0.1:80 ",
    "[fe80::1%eth0]:80",
  ]) {
    test(`refuses "${text}"`, () => expect(parseListen(text)).toBeNull());
  }
});

test("loopback is 127.0.0.0/8 and ::1, and nothing else", () => {
  const isLocal = (text: string) => isLoopback(parseAddress(text) as Address);
  expect(["127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1"].map(isLocal)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(["0.0.0.0", "128.0.0.1", "::", "::ffff:127.0.0.1", "1::1"].map(isLocal)).not.toContain(
    true,
  );
});
