import { describe, expect, test } from "bun:test";
import { SERVERS_MAX } from "../limits.ts";
import {
  decodeKeepAlive,
  encodeKeepAlive,
  FLAG_DRAINING,
  FLAG_GOOD_BYE,
  KEEP_ALIVE_BYTES,
  KEEP_ALIVE_MAC_AT,
  KEEP_ALIVE_VERSION_BEFORE,
  KeepAliveMessage,
} from "./keep-alive.ts";

/** Every field with a value that occurs in no other. */
function full(): KeepAliveMessage {
  const message = new KeepAliveMessage();
  Object.assign(message, {
    sender: 9,
    flags: FLAG_DRAINING | FLAG_GOOD_BYE,
    phase: 3,
    systemId: 0xa0000001,
    incarnation: 0xa0000002,
    digestHigh: 0xa0000003,
    digestLow: 0xa0000004,
    sequence: 0xa0000005,
    assignmentDigest: 0xa0000006,
    nonce: 0xa0000007,
    heard: 0xa008,
    direct: 0xa009,
    successorIncarnation: 0xa000000c,
    successorSequence: 0xa000000d,
    successorServer: 14,
    clientMacHigh: 0xa00a,
    clientMacLow: 0xa000000b,
    moveFunction: 0x0200,
    moveServer: 13,
    withheld: 37,
    holds: 1,
    faultCount: 3,
    faultPlace: 2,
    faultCode: 0xa00d,
    faultFunction: 0x0201,
    faultAgeS: 0xa000000e,
  });
  const sets = [
    message.heardIncarnation,
    message.heardSequence,
    message.owns,
    message.claims,
    message.ready,
    message.cannotRun,
  ];
  sets.forEach((words, set) => {
    for (let word = 0; word < words.length; word++) words[word] = 0xb0000000 + (set << 16) + word;
  });
  return message;
}

function encoded(message: KeepAliveMessage): DataView {
  const view = new DataView(new ArrayBuffer(KEEP_ALIVE_BYTES));
  encodeKeepAlive(message, view);
  return view;
}

test("decoding gives the encoded message, whatever the object held before", () => {
  const received = full();
  // incarnation 0
  expect(decodeKeepAlive(encoded(new KeepAliveMessage()), KEEP_ALIVE_BYTES, received)).toBe(false);
  expect(decodeKeepAlive(encoded(full()), KEEP_ALIVE_BYTES, new KeepAliveMessage())).toBe(true);
  const fresh = new KeepAliveMessage();
  decodeKeepAlive(encoded(full()), KEEP_ALIVE_BYTES, fresh);
  expect(fresh).toEqual(full());
});

test("the layout is the documented one", () => {
  const view = encoded(full());
  const word = (at: number): string => view.getUint32(at).toString(16);
  expect(Buffer.from(view.buffer, 0, 4).toString()).toBe("WMKA");
  expect(Buffer.from(view.buffer, 4, 4).toString("hex")).toBe("06090303");
  expect([8, 12, 16, 20, 24, 28].map(word)).toEqual([
    "a0000001",
    "a0000002",
    "a0000003",
    "a0000004",
    "a0000005",
    "a0000006",
  ]);
  expect([32, 96, 160, 288, 416, 544].map(word)).toEqual([
    "b0000000",
    "b0010000",
    "b0020000",
    "b0030000",
    "b0040000",
    "b0050000",
  ]);
  expect([672, 676, 680, 684].map(word)).toEqual(["a0000007", "a008a009", "a00aa000", "b6a00"]);
  expect([688, 692, 696].map(word)).toEqual(["a000000c", "a000000d", "ea50302"]);
  expect([700, 704].map(word)).toEqual(["a00d0201", "a000000e"]);
  expect([92, 156, 284, 668].map(word)).toEqual(["b000000f", "b001000f", "b002001f", "b005001f"]);
  // the sealer's
  expect(Buffer.from(view.buffer, KEEP_ALIVE_MAC_AT).every((byte) => byte === 0)).toBe(true);
});

test("a message without a fault carries the build, except to the previous version", () => {
  const told = Object.assign(full(), { faultCode: 0, buildHigh: 0xb00d, buildLow: 0xb000000d });
  const decoded = (message: KeepAliveMessage): KeepAliveMessage => {
    const received = full();
    expect(decodeKeepAlive(encoded(message), KEEP_ALIVE_BYTES, received)).toBe(true);
    return received;
  };
  expect(decoded(told)).toMatchObject({ version: 6, faultFunction: 0, faultAgeS: 0 });
  expect(decoded(told)).toMatchObject({ buildHigh: 0xb00d, buildLow: 0xb000000d });
  told.version = KEEP_ALIVE_VERSION_BEFORE;
  told.faultFunction = 0;
  told.faultAgeS = 0;
  expect(decoded(told)).toMatchObject({ version: 5, buildHigh: 0, buildLow: 0 });
  expect(encoded(told).getUint16(702) + encoded(told).getUint32(704)).toBe(0);
});

test("withheld resource and holds are sent in both versions, also beside a successor", () => {
  const before = Object.assign(full(), { version: KEEP_ALIVE_VERSION_BEFORE });
  before.buildHigh = 0;
  before.buildLow = 0;
  before.heardIncarnation[before.sender] = 0;
  before.heardSequence[before.sender] = 0;
  expect(before).toMatchObject({ withheld: 37, holds: 1, understands: 6 });
  const received = new KeepAliveMessage();
  expect(decodeKeepAlive(encoded(before), KEEP_ALIVE_BYTES, received)).toBe(true);
  expect(received).toEqual(before);
  // Beside a box with the same id its echo is there.
  const twin = Object.assign(full(), { version: KEEP_ALIVE_VERSION_BEFORE });
  expect(decodeKeepAlive(encoded(twin), KEEP_ALIVE_BYTES, received)).toBe(true);
  expect(received).toMatchObject({ withheld: 0, holds: 0, heardSequence: twin.heardSequence });
  // A server of the version before has 0 there, and withholds nothing.
  const view = encoded(before);
  view.setUint32(96 + 4 * before.sender, 0);
  expect(decodeKeepAlive(view, KEEP_ALIVE_BYTES, received)).toBe(true);
  expect(received).toMatchObject({ withheld: 0, holds: 0, understands: 0 });
});

describe("refused", () => {
  const refuse = (change: (view: DataView) => void): boolean => {
    const view = encoded(full());
    change(view);
    return !decodeKeepAlive(view, KEEP_ALIVE_BYTES, new KeepAliveMessage());
  };

  test.each([
    ["another magic", 0, 0],
    ["another version", 4, 1],
    ["a sender beyond the limit", 5, SERVERS_MAX],
    ["an unknown phase", 7, 4],
    ["a function to be moved beyond the limit", 686, 0x6f],
    ["a move to a server beyond the limit", 686, SERVERS_MAX << 3],
    ["more withheld than there is", 697, 101],
    ["a fault beyond their number", 699, 3],
    ["a fault of a function beyond the limit", 702, 0x20],
    ["a successor beyond the limit", 696, SERVERS_MAX],
  ] as const)("%s", (_, at, value) => {
    expect(refuse((view) => view.setUint8(at, value))).toBe(true);
  });

  test("a server to move to without a function", () => {
    expect(refuse((view) => view.setUint16(686, 13 << 11))).toBe(true);
  });

  test("incarnation 0, which means not heard", () => {
    expect(refuse((view) => view.setUint32(12, 0))).toBe(true);
  });

  test("any other length, also where the view is longer", () => {
    const view = new DataView(new ArrayBuffer(2048));
    encodeKeepAlive(full(), view);
    for (const length of [-1, 0, 3, KEEP_ALIVE_BYTES - 1, KEEP_ALIVE_BYTES + 1, 2048, 65_507]) {
      expect(decodeKeepAlive(view, length, new KeepAliveMessage())).toBe(false);
    }
    expect(decodeKeepAlive(view, KEEP_ALIVE_BYTES, new KeepAliveMessage())).toBe(true);
  });
});
