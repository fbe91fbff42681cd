import { describe, expect, test } from "bun:test";
import {
  decodeNotice,
  NOTICE_BYTES,
  NOTICE_KIND_NAMES,
  NOTICE_MOVED,
  NOTICE_PREEMPTED,
  NOTICE_REASON_NAMES,
  NOTICE_STOPPING,
  type NoticeIdentity,
  type NoticeResult,
  prepareNotice,
  sealNotice,
} from "./client-notice.ts";
import { crc32c } from "./crc32c.ts";

const IDENTITY: NoticeIdentity = {
  systemId: 0xdeadbeef,
  tableDigest: Uint8Array.from({ length: 32 }, (_, i) => 0xa0 + i),
  server: 3,
  incarnation: 0x80000001,
  functionIndex: 515,
  functionId: "moving-map",
  priority: 7,
};

function notice(identity: NoticeIdentity = IDENTITY): Uint8Array {
  const bytes = new Uint8Array(NOTICE_BYTES).fill(0x55);
  prepareNotice(bytes, identity);
  sealNotice(bytes, new DataView(bytes.buffer), NOTICE_STOPPING, NOTICE_PREEMPTED, 9, 123456);
  return bytes;
}

const decode = (bytes: Uint8Array): NoticeResult => decodeNotice(bytes, bytes.length);

function decodedId(id: string): string {
  const result = decode(notice({ ...IDENTITY, functionId: id }));
  if (!result.ok) throw new Error(result.fault);
  return result.notice.functionId;
}

/** With a checksum that fits, so that only the field can be what is wrong. */
function resealed(change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = notice();
  change(bytes);
  new DataView(bytes.buffer).setUint32(68, crc32c(bytes, 0, 68));
  return bytes;
}

test("every byte", () => {
  const checksum = crc32c(notice(), 0, 68).toString(16).padStart(8, "0");
  expect(Buffer.from(notice()).toString("hex")).toBe(
    [
      "574d434e", // WMCN
      "01", // version
      "01", // stopping
      "01", // preempted
      "07", // priority
      "deadbeef",
      "a0a1a2a3a4a5a6a7",
      "80000001", // incarnation
      "00000009", // sequence
      "0003", // server
      "0203", // function
      Buffer.from("moving-map").toString("hex").padEnd(64, "0"),
      "0001e240", // 123,456 ms
      checksum,
    ].join(""),
  );
});

test("a seat decodes the sent notice", () => {
  expect(decode(notice())).toEqual({
    ok: true,
    notice: {
      kind: NOTICE_STOPPING,
      reason: NOTICE_PREEMPTED,
      priority: 7,
      systemId: 0xdeadbeef,
      tableDigest: Uint8Array.of(0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7),
      incarnation: 0x80000001,
      sequence: 9,
      server: 3,
      functionIndex: 515,
      functionId: "moving-map",
      timeMs: 123456,
    },
  });
});

test("a prepared notice is sealed again for the next time", () => {
  const bytes = notice();
  sealNotice(bytes, new DataView(bytes.buffer), NOTICE_MOVED, NOTICE_PREEMPTED, 10, 2 ** 32 + 5);
  const result = decode(bytes);
  expect(result.ok && [result.notice.kind, result.notice.sequence, result.notice.timeMs]).toEqual([
    NOTICE_MOVED,
    10,
    5,
  ]);
});

test("ids: 32 bytes whole, longer ones cut at a whole character, none of the earlier content left", () => {
  expect(decodedId("f".repeat(32))).toBe("f".repeat(32));
  expect(decodedId("f".repeat(33))).toBe("f".repeat(32));
  expect(decodedId(`${"f".repeat(31)}é`)).toBe("f".repeat(31));
  expect(decodedId("")).toBe("");
});

test("every kind and reason has a name", () => {
  expect(NOTICE_KIND_NAMES[NOTICE_STOPPING]).toBe("stopping");
  expect(NOTICE_REASON_NAMES).toHaveLength(8);
});

describe("refused", () => {
  test("every wrong length", () => {
    const long = new Uint8Array(2048);
    long.set(notice());
    for (let length = 0; length < 2048; length++) {
      if (length !== NOTICE_BYTES)
        expect(decodeNotice(long, length)).toEqual({ ok: false, fault: "length" });
    }
    expect(decodeNotice(notice().slice(0, 71), NOTICE_BYTES)).toEqual({
      ok: false,
      fault: "length",
    });
    expect(decodeNotice(long, NOTICE_BYTES).ok).toBe(true);
  });

  test("another magic or version", () => {
    expect(decode(resealed((bytes) => (bytes[3] = 0x4f)))).toEqual({ ok: false, fault: "magic" });
    expect(decode(resealed((bytes) => (bytes[4] = 2)))).toEqual({ ok: false, fault: "version" });
    expect(decode(resealed((bytes) => (bytes[4] = 0)))).toEqual({ ok: false, fault: "version" });
  });

  test("any single bit that differs", () => {
    for (let bit = 0; bit < NOTICE_BYTES * 8; bit++) {
      const bytes = notice();
      bytes[bit >> 3] ^= 1 << (bit & 7);
      expect(decode(bytes).ok).toBe(false);
    }
  });

  test("values out of range under a right checksum", () => {
    for (const [at, value] of [
      [5, 0],
      [5, 4],
      [6, 0],
      [6, 8],
      [7, 0],
      [7, 11],
    ] as const) {
      expect(decode(resealed((bytes) => (bytes[at] = value)))).toEqual({
        ok: false,
        fault: "field",
      });
    }
  });
});
