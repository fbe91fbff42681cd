import { describe, expect, test } from "bun:test";
import {
  addressFamily,
  encodeAddress,
  encodeAddressDump,
  encodeLinkDump,
  encodeRouteDump,
  encodeSubnetRoute,
  findAddress,
  findAttribute,
  hasOurMark,
  linkHasCarrier,
  linkInterface,
  MESSAGE_BYTES_MAX,
  messageErrno,
  messageLength,
  messageSequence,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_EXCL,
  nextMessage,
  ourRouteDestination,
  RTM_DELADDR,
  RTM_NEWADDR,
  RTM_NEWROUTE,
  routeInterface,
  setRequest,
} from "./rtnetlink.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const VIP4 = Uint8Array.of(10, 44, 1, 7);
const VIP6 = Uint8Array.of(0xfd, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 7);

interface Message {
  view: DataView;
  bytes: Uint8Array;
  length: number;
}

/** Runs an encoder at offset 4 of a buffer full of garbage, and cuts out what it wrote. */
function made(encode: (view: DataView, bytes: Uint8Array, at: number) => number): Message {
  const bytes = new Uint8Array(256).fill(0xee);
  const length = encode(new DataView(bytes.buffer), bytes, 4);
  expect(length).toBeLessThanOrEqual(MESSAGE_BYTES_MAX);
  expect(bytes.slice(0, 4)).toEqual(new Uint8Array(4).fill(0xee));
  expect(bytes.slice(4 + length)).toEqual(new Uint8Array(256 - 4 - length).fill(0xee));
  const cut = bytes.slice(4, 4 + length);
  return { view: new DataView(cut.buffer), bytes: cut, length };
}

const hex = (message: Message): string => Buffer.from(message.bytes).toString("hex");

describe("messages, byte by byte", () => {
  test("an IPv4 VIP: /32, scope host, preferred lifetime 0, our mark", () => {
    const message = made((view, bytes, at) =>
      encodeAddress(view, bytes, at, RTM_NEWADDR, AF_INET, 32, 5, VIP4, 0),
    );
    setRequest(message.view, 0, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, 0x01020304);
    expect(hex(message)).toBe(
      [
        // 76 bytes, RTM_NEWADDR, REQUEST|ACK|EXCL|CREATE, sequence
        "4c000000140005060403020100000000",
        "0220" + "00" + "fe" + "05000000",
        "08000200" + "0a2c0107", // IFA_LOCAL
        "08000100" + "0a2c0107", // IFA_ADDRESS
        "08000800" + "00000000", // IFA_FLAGS
        "14000600" + "00000000" + "ffffffff" + "0000000000000000", // IFA_CACHEINFO
        "05000b00" + "57000000", // IFA_PROTO
      ].join(""),
    );
  });

  test("an IPv6 VIP: its prefix length, NODAD", () => {
    const message = made((view, bytes, at) =>
      encodeAddress(view, bytes, at, RTM_NEWADDR, AF_INET6, 64, 5, VIP6, 0),
    );
    const address = "fd440000000000000000000000010007";
    expect(hex(message).slice(32)).toBe(
      [
        "0a40" + "00" + "00" + "05000000",
        `14000200${address}`,
        `14000100${address}`,
        "08000800" + "02000000",
        "14000600" + "00000000" + "ffffffff" + "0000000000000000",
        "05000b00" + "57000000",
      ].join(""),
    );
  });

  test("deleting names the address and nothing else", () => {
    const message = made((view, bytes, at) =>
      encodeAddress(view, bytes, at, RTM_DELADDR, AF_INET, 32, 5, VIP4, 0),
    );
    expect(hex(message).slice(32)).toBe(
      "022000fe05000000" + "080002000a2c0107" + "080001000a2c0107",
    );
  });

  test("a subnet route: main table, our protocol, scope link, the last metric", () => {
    const network = Uint8Array.of(10, 44, 0, 0);
    const message = made((view, bytes, at) =>
      encodeSubnetRoute(view, bytes, at, RTM_NEWROUTE, 16, 5, network, 0),
    );
    expect(hex(message)).toBe(
      "34000000180000000000000000000000" + // 52 bytes, RTM_NEWROUTE
        "02100000fe57fd0100000000" +
        "080001000a2c0000" +
        "0800040005000000" +
        "0800060040420f00",
    );
  });

  test("dump requests are zero where strict checking wants it", () => {
    expect(hex(made((view, _, at) => encodeLinkDump(view, at)))).toBe(
      `2000000012000000${"0".repeat(48)}`,
    );
    expect(hex(made((view, _, at) => encodeAddressDump(view, at)))).toBe(
      `1800000016000000${"0".repeat(32)}`,
    );
    expect(hex(made((view, _, at) => encodeRouteDump(view, at)))).toBe(
      `1c0000001a000000${"0".repeat(16)}02000000fe00000000000000`,
    );
  });
});

describe("reading", () => {
  const address = made((view, bytes, at) =>
    encodeAddress(view, bytes, at, RTM_NEWADDR, AF_INET6, 64, 5, VIP6, 0),
  );

  test("an address message decodes to its input", () => {
    const { view, bytes, length } = address;
    expect(addressFamily(view, 0)).toBe(AF_INET6);
    const at = findAddress(view, 0, length);
    expect(bytes.slice(at, at + 16)).toEqual(VIP6);
    expect(hasOurMark(view, 0, length)).toBe(true);
    const other = address.bytes.slice();
    other[length - 4] = 2; // IFAPROT_KERNEL_RA
    expect(hasOurMark(new DataView(other.buffer), 0, length)).toBe(false);
    expect(hasOurMark(view, 0, length - 8)).toBe(false);
  });

  test("IFA_LOCAL takes precedence over IFA_ADDRESS, which suffices alone", () => {
    const bytes = new Uint8Array(40);
    const view = new DataView(bytes.buffer);
    bytes[16] = AF_INET;
    bytes.set([8, 0, 1, 0, 10, 0, 0, 1, 8, 0, 2, 0, 10, 0, 0, 2], 24);
    expect(bytes[findAddress(view, 0, 40) + 3]).toBe(2);
    expect(bytes[findAddress(view, 0, 32) + 3]).toBe(1);
    expect(findAddress(view, 0, 24)).toBe(-1);
    bytes[16] = 7; // neither IPv4 nor IPv6
    expect(findAddress(view, 0, 40)).toBe(-1);
  });

  test("messages that are cut short or lie about their length end the walk", () => {
    const bytes = new Uint8Array(64);
    const view = new DataView(bytes.buffer);
    for (const [claimed, end, expected] of [
      [16, 16, 16],
      [20, 64, 20],
      [64, 64, 64],
      [16, 15, 0],
      [15, 64, 0],
      [0, 64, 0],
      [65, 64, 0],
      [0xffffffff, 64, 0],
    ] as const) {
      view.setUint32(0, claimed, true);
      expect(messageLength(view, 0, end)).toBe(expected);
    }
    expect(nextMessage(0, 17)).toBe(20);
    expect(messageErrno(view, 0, 19)).toBe(0);
    view.setInt32(16, -17, true);
    expect(messageErrno(view, 0, 20)).toBe(17);
    view.setUint32(8, 0xfffffffe, true);
    expect(messageSequence(view, 0)).toBe(0xfffffffe);
  });

  test("attributes of any length claimed: the search ends, within the message", () => {
    const bytes = new Uint8Array(64);
    const view = new DataView(bytes.buffer);
    for (let claimed = 0; claimed < 70; claimed++) {
      bytes.fill(0);
      view.setUint16(24, claimed, true);
      view.setUint16(26, 3, true);
      const found = findAttribute(view, 0, 40, 8, 3, 1);
      expect(found).toBe(claimed >= 5 && claimed <= 16 ? 28 : -1);
      expect(findAttribute(view, 0, 40, 8, 4, 0)).toBe(-1);
    }
  });

  test("random bytes: no reader leaves its buffer or hangs", () => {
    let state = 99;
    const random = (): number => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return state >> 8;
    };
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from({ length: 16 + (random() % 100) }, () =>
        random() % 3 === 0 ? random() % 20 : random(),
      );
      const view = new DataView(bytes.buffer);
      const length = bytes.length;
      findAddress(view, 0, length);
      hasOurMark(view, 0, length);
      linkInterface(view, 0, length);
      ourRouteDestination(view, 0, length);
      routeInterface(view, 0, length);
      messageErrno(view, 0, length);
    }
  });

  test("a link has carrier when it is up, running and plugged in; a bridge's own messages are no links", () => {
    const bytes = new Uint8Array(32);
    const view = new DataView(bytes.buffer);
    view.setInt32(20, 7, true);
    expect(linkInterface(view, 0, 32)).toBe(7);
    expect(linkInterface(view, 0, 31)).toBe(0);
    for (const [flags, expected] of [
      [0x10041, true],
      [0x10040, false],
      [0x10001, false],
      [0x41, false],
    ] as const) {
      view.setUint32(24, flags, true);
      expect(linkHasCarrier(view, 0)).toBe(expected);
    }
    bytes[16] = 7; // AF_BRIDGE
    expect(linkInterface(view, 0, 32)).toBe(0);
  });

  test("only IPv4 routes with our mark are ours", () => {
    const network = Uint8Array.of(10, 44, 0, 0);
    const { view, bytes, length } = made((v, b, at) =>
      encodeSubnetRoute(v, b, at, RTM_NEWROUTE, 16, 5, network, 0),
    );
    const at = ourRouteDestination(view, 0, length);
    expect(bytes.slice(at, at + 4)).toEqual(network);
    expect(routeInterface(view, 0, length)).toBe(5);
    bytes[21] = 2; // RTPROT_KERNEL
    expect(ourRouteDestination(view, 0, length)).toBe(-1);
  });
});
