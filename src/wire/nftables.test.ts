import { describe, expect, test } from "bun:test";
import { fillBytes } from "./bytes.ts";
import {
  HOOK_EGRESS,
  KEY_INTERFACE,
  KEY_IPV4,
  META_ETHER_TYPE,
  NETWORK_HEADER,
  NftablesBatch,
  SET_EXPIRES,
  TABLE_OWNED,
  TABLE_PERSISTS,
  VERDICT_DROP,
} from "./nftables.ts";
import { elementExpirationMs } from "./nftables-answers.ts";

const FIRST = 0x0102;
const SEQUENCE = "02010000";

/** The bytes that `write` makes, in a buffer full of rubbish: padding must be written, too. */
function written(write: (batch: NftablesBatch) => void, byteLength = 1024): string {
  const bytes = new Uint8Array(byteLength);
  fillBytes(bytes, 0, byteLength, 0xa5);
  const batch = new NftablesBatch(new DataView(bytes.buffer), bytes, FIRST);
  write(batch);
  return Buffer.from(bytes.subarray(0, batch.length)).toString("hex");
}

const text = (characters: string): string => Buffer.from(characters).toString("hex");
/**
 * Native-order length, type and flags, the sequence number, no port; family netdev, version 0,
 * resource 0.
 */
const header = (lengthTypeFlags: string): string =>
  `${lengthTypeFlags}${SEQUENCE}00000000${"05000000"}`;
const TABLE_T = `06000100${text("t")}000000`;

describe("messages, every byte", () => {
  test("begin and end of a batch: for nf_tables, number 10; sequence numbers count up", () => {
    const bytes = written((batch) => {
      batch.begin();
      batch.end();
    });
    expect(bytes).toBe(
      `14000000 1000 0100 ${SEQUENCE} 00000000 00 00 000a 14000000 1100 0100 03010000 00000000 00 00 000a`.replaceAll(
        " ",
        "",
      ),
    );
  });

  test("a table: of whatever flags, with flags and a comment, and its deletion", () => {
    expect(written((batch) => batch.newTable("t", -1, ""))).toBe(
      `${header("1c000000000a0104")}${TABLE_T}`,
    );
    expect(written((batch) => batch.newTable("t", TABLE_OWNED | TABLE_PERSISTS, "hi"))).toBe(
      `${header("30000000000a0104")}${TABLE_T}0800020000000006${"09000600"}0003${text("hi")}00000000`,
    );
    expect(written((batch) => batch.deleteTable("t"))).toBe(
      `${header("1c000000020a0100")}${TABLE_T}`,
    );
  });

  test("a chain on a hook of a device: priority 0, policy accept, type filter; it must not be there yet", () => {
    expect(written((batch) => batch.newChain("t", "out", HOOK_EGRESS, "eth0"))).toBe(
      header("58000000030a0106") +
        TABLE_T +
        `08000300${text("out")}00` +
        `20000480${"0800010000000001"}${"0800020000000000"}09000300${text("eth0")}00000000` +
        "0800050000000001" +
        `0b000700${text("filter")}0000`,
    );
  });

  test("sets: of addresses; of interfaces that expire, in the machine's own byte order for listings", () => {
    expect(written((batch) => batch.newSet("t", "vip4", KEY_IPV4, 4, 0))).toBe(
      header("48000000090a0106") +
        TABLE_T +
        `09000200${text("vip4")}00000000` +
        "0800030000000000" +
        "0800040000000007" +
        "0800050000000004" +
        "08000a0000000000",
    );
    expect(written((batch) => batch.newSet("t", "l", KEY_INTERFACE, 16, SET_EXPIRES))).toBe(
      header("50000000090a0106") +
        TABLE_T +
        `06000200${text("l")}000000` +
        "0800030000000010" +
        "0800040000000029" +
        "0800050000000010" +
        "08000a0000000000" +
        "0a000d000004010000000000",
    );
  });

  test("elements of a set", () => {
    const keys = Uint8Array.of(10, 44, 1, 1, 10, 44, 1, 2);
    expect(written((batch) => batch.newElements("t", "s", keys, 4))).toBe(
      header("480000000c0a0104") +
        TABLE_T +
        `06000200${text("s")}000000` +
        "24000380" +
        "100001800c000180080001000a2c0101" +
        "100001800c000180080001000a2c0102",
    );
    expect(written((batch) => batch.newElements("t", "s", new Uint8Array(0), 4))).toBe("");
  });

  test("an element with its time-out and expiration in ms, in network order", () => {
    const key = Uint8Array.of(1, 2, 3, 4);
    expect(written((batch) => batch.newExpiringElement("t", "s", key, 0x01020304, 50))).toBe(
      header("500000000c0a0104") +
        TABLE_T +
        `06000200${text("s")}000000` +
        "2c000380" +
        "280001800c0001800800010001020304" +
        "0c0004000000000001020304" +
        "0c0005000000000000000032",
    );
  });

  test("deletion of one element, of all, and the request for a dump", () => {
    const key = Uint8Array.of(1, 2, 3, 4);
    const set = `06000200${text("s")}000000`;
    expect(written((batch) => batch.deleteElement("t", "s", key))).toBe(
      `${header("380000000e0a0100")}${TABLE_T}${set}14000380100001800c0001800800010001020304`,
    );
    expect(written((batch) => batch.flushSet("t", "s"))).toBe(
      `${header("240000000e0a0100")}${TABLE_T}${set}`,
    );
    expect(written((batch) => batch.dumpElements("t", "s"))).toBe(
      `${header("240000000d0a0100")}${TABLE_T}${set}`,
    );
  });

  test("a rule: conditions and a verdict, each an expression with its parameters", () => {
    const bytes = written((batch) => {
      batch.beginRule("t", "c");
      batch.loadMeta(META_ETHER_TYPE);
      batch.requireValue(Uint8Array.of(0x08, 0x06));
      batch.loadPayload(NETWORK_HEADER, 14, 4);
      batch.requireInSet("a");
      batch.requireNotInSet("b");
      batch.verdict(VERDICT_DROP);
      batch.endRule();
    });
    const register = "0800010000000001";
    const expressions = [
      `24000180${"09000100"}${text("meta")}00000000${"14000280"}${register}${"0800020000000001"}`,
      `2c000180${"08000100"}${text("cmp")}00${"20000280"}${register}${"0800020000000000"}${"0c00038006000100"}08060000`,
      `34000180${"0c000100"}${text("payload")}00${"24000280"}${register}${"0800020000000001"}${"080003000000000e"}${"0800040000000004"}`,
      `24000180${"0b000100"}${text("lookup")}0000${"14000280"}${`06000100${text("a")}000000`}${"0800020000000001"}`,
      `2c000180${"0b000100"}${text("lookup")}0000${"1c000280"}${`06000100${text("b")}000000`}${"0800020000000001"}${"0800050000000001"}`,
      `30000180${"0e000100"}${text("immediate")}000000${"1c000280"}${"0800010000000000"}${"10000280"}${"0c000280"}${"0800010000000000"}`,
    ].join("");
    const listBytes = (4 + expressions.length / 2).toString(16).padStart(2, "0");
    const list = `${listBytes.slice(-2)}0${listBytes.slice(0, -2)}0480${expressions}`;
    const chain = `06000200${text("c")}000000`;
    const length = 20 + 8 + 8 + list.length / 2;
    const lengthBytes = `${(length & 255).toString(16).padStart(2, "0")}0${length >> 8}0000`;
    expect(bytes).toBe(`${header(`${lengthBytes}060a010c`)}${TABLE_T}${chain}${list}`);
  });
});

test("more elements than one attribute can hold travel in several messages, none lost and none twice", () => {
  const count = 9000;
  const keys = new Uint8Array(16 * count);
  const view = new DataView(keys.buffer);
  for (let i = 0; i < count; i++) view.setUint32(16 * i + 12, i);
  const bytes = Buffer.from(
    written((batch) => batch.newElements("t", "s", keys, 16), 400_000),
    "hex",
  );
  const seen: number[] = [];
  let messages = 0;
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at), messages++) {
    expect(bytes.readUInt32LE(at + 8)).toBe(FIRST + messages);
    // the list is the rest of the message
    expect(bytes.readUInt16LE(at + 36)).toBe(bytes.readUInt32LE(at) - 36);
    for (let key = at + 40; key < at + bytes.readUInt32LE(at); key += 28)
      seen.push(bytes.readUInt32BE(key + 24));
  }
  expect(messages).toBeGreaterThan(1);
  expect(seen).toEqual(Array.from({ length: count }, (_, i) => i));
});

test("a buffer that is too small is a programmer's error, at any byte", () => {
  const whole = written((batch) => batch.newElements("t", "s", new Uint8Array(8), 4)).length / 2;
  for (let room = 0; room < whole; room++) {
    expect(() =>
      written((batch) => batch.newElements("t", "s", new Uint8Array(8), 4), room),
    ).toThrow();
  }
});

describe("expiration of an element in the answer to a dump", () => {
  // Received from Linux 6.18 for an element with a time-out of 600 s that expires in 60 s.
  const answer =
    "680000000c0a0200010000000f07000005001f6b0c00010077696e676d616e000d000200756e62726f6b656e00000000" +
    "38000300340001001800010014000100650000000000000000000000000000000c00040000000000000927c0" +
    "0c000500000000000000ea60";
  const read = (hex: string): number => {
    const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
    return elementExpirationMs(new DataView(bytes.buffer), 0, bytes.length);
  };

  test("is read, in ms", () => {
    expect(read(answer)).toBe(60_000);
  });

  test("another message, an empty list, or any end that is cut off: −1", () => {
    expect(read(answer.replace("0c0a", "090a"))).toBe(-1);
    expect(read(`${answer.slice(0, 96)}04000300`)).toBe(-1);
    for (let length = 40; length < answer.length; length += 2)
      expect(read(answer.slice(0, length))).toBe(-1);
  });
});
