import { describe, expect, test } from "bun:test";
import { crc32c } from "./crc32c.ts";
import {
  decodeLogHeader,
  encodeLogHeader,
  LOG_PAGE_BYTES,
  LOG_RECORDS_AT,
  type LogHeader,
  newestLogHeader,
} from "./log-header.ts";
import {
  decodeLogRecord,
  encodeLogRecord,
  isEmptyRecord,
  LOG_RECORD_BYTES,
  type LogRecord,
} from "./log-record.ts";

/** Every field with a value that occurs in no other. */
const RECORD: LogRecord = {
  ...{
    sequence: 0xa0000001,
    kind: 3,
    class: 2,
    nature: 1,
    isLast: true,
    code: 0xa002,
    powerOn: 0xa0000003,
  },
  ...{
    leg: 0xa0000004,
    count: 0xa0000005,
    bootUs: 0x1f_a000_0000_0006,
    utcMs: 0x0f_a000_0000_0007,
  },
  ...{ first: -8, second: 0x70000009, session: 0xa000000a, delivery: 0xa000000b },
  ...{ firstBootUs: 0x1f_a000_0000_000c, firstUtcMs: 0x0f_a000_0000_000d },
  ...{
    lastBootUs: 0x1f_a000_0000_000e,
    lastUtcMs: 0x0f_a000_0000_000f,
    legBytes: 0xa0000010,
    legSyncs: 0xa0000011,
  },
  ...{
    server: "s".repeat(32),
    function: "f".repeat(32),
    ata: "a".repeat(16),
    detail: "d".repeat(76),
  },
};

function encoded(record: LogRecord): Uint8Array {
  const bytes = new Uint8Array(LOG_RECORD_BYTES);
  encodeLogRecord(record, bytes, 0);
  return bytes;
}

describe("a record", () => {
  test("comes back as it was, with the longest texts and without any", () => {
    expect(decodeLogRecord(encoded(RECORD), 0)).toEqual(RECORD);
    const bare = {
      ...RECORD,
      utcMs: null,
      firstUtcMs: null,
      lastUtcMs: null,
      server: "",
      function: "",
      ata: "",
      detail: "",
    };
    expect(decodeLogRecord(encoded(bare), 0)).toEqual(bare);
  });

  test("is at the place of the layout", () => {
    const view = new DataView(encoded(RECORD).buffer);
    expect([
      view.getUint32(0),
      view.getUint8(4),
      view.getUint8(5),
      view.getUint8(6),
      view.getUint8(7),
    ]).toEqual([0xa0000001, 3, 2, 1, 1]);
    expect([view.getUint16(8), view.getUint16(10), view.getUint32(12), view.getUint32(16)]).toEqual(
      [0xa002, 0, 0xa0000003, 0xa0000004],
    );
    expect([view.getUint32(20), view.getUint32(28), view.getUint32(36), view.getInt32(40)]).toEqual(
      [0xa0000005, 6, 7, -8],
    );
    expect([
      view.getUint32(44),
      view.getUint32(48),
      view.getUint32(52),
      view.getUint32(60),
    ]).toEqual([0x70000009, 0xa000000a, 0xa000000b, 0x0c]);
    expect([68, 76, 84, 88, 92].map((at) => view.getUint32(at))).toEqual([
      0x0d, 0x0e, 0x0f, 0xa0000010, 0xa0000011,
    ]);
    expect([96, 128, 160, 176].map((at) => String.fromCharCode(view.getUint8(at)))).toEqual([
      "s",
      "f",
      "a",
      "d",
    ]);
    expect(view.getUint32(252)).toBe(crc32c(encoded(RECORD), 0, 252));
  });

  test("is none any more with any one bit turned", () => {
    const whole = encoded(RECORD);
    for (let bit = 0; bit < 8 * LOG_RECORD_BYTES; bit++) {
      const bytes = whole.slice();
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(decodeLogRecord(bytes, 0)).toBeNull();
    }
  });

  test("is none when it is cut off, empty, or of a layout of later days", () => {
    const whole = encoded(RECORD);
    for (let length = 0; length < LOG_RECORD_BYTES; length++)
      expect(decodeLogRecord(whole.slice(0, length), 0)).toBeNull();
    expect(decodeLogRecord(new Uint8Array(LOG_RECORD_BYTES), 0)).toBeNull();
    for (const change of [{ kind: 4 }, { class: 4 as 3 }, { nature: 3 }, { sequence: 0 }]) {
      expect(decodeLogRecord(encoded({ ...RECORD, ...change }), 0)).toBeNull();
    }
  });

  test("holds printable ASCII only, cut to its place", () => {
    const detail = `line\nbreak \u001b[31m é ${"x".repeat(100)}`;
    const decoded = decodeLogRecord(encoded({ ...RECORD, detail }), 0);
    expect(decoded?.detail).toBe(`line?break ?[31m ? ${"x".repeat(100)}`.slice(0, 76));
  });

  test("an empty place is all zeros", () => {
    expect(isEmptyRecord(new Uint8Array(LOG_RECORD_BYTES), 0)).toBe(true);
    const bytes = new Uint8Array(LOG_RECORD_BYTES);
    bytes[255] = 1;
    expect(isEmptyRecord(bytes, 0)).toBe(false);
  });
});

const HEADER: LogHeader = {
  ...{
    legPlaces: 144,
    otherPlaces: 16_208,
    generation: 3,
    powerOn: 4,
    identity: "0123456789abcdef".repeat(2),
  },
  ...{
    bootId: "b".repeat(36),
    partNumber: "WNG5E00010001",
    system: "s".repeat(64),
    server: "v".repeat(32),
  },
  ...{
    begunUtcMs: 1_800_000_000_000,
    sequenceBefore: 5,
    damaged: 6,
    lost: 7,
    newestSequence: 8,
    newestLeg: 9,
  },
};

describe("the header", () => {
  test("comes back as it was, and not with any one bit turned", () => {
    const bytes = new Uint8Array(256);
    encodeLogHeader(HEADER, bytes, 0);
    expect(decodeLogHeader(bytes, 0)).toEqual(HEADER);
    for (let bit = 0; bit < 8 * 256; bit++) {
      const turned = bytes.slice();
      turned[bit >> 3] = (turned[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(decodeLogHeader(turned, 0)).toBeNull();
    }
  });

  test("of two copies the newer counts, and the other when it is torn", () => {
    const bytes = new Uint8Array(LOG_RECORDS_AT);
    expect(newestLogHeader(bytes)).toBeNull();
    encodeLogHeader(HEADER, bytes, 0);
    encodeLogHeader({ ...HEADER, generation: 4 }, bytes, LOG_PAGE_BYTES);
    expect(newestLogHeader(bytes)?.generation).toBe(4);
    bytes[LOG_PAGE_BYTES + 20] = 0xff;
    expect(newestLogHeader(bytes)?.generation).toBe(3);
    bytes[20] = 0xff;
    expect(newestLogHeader(bytes)).toBeNull();
  });

  test("an impossible size is refused", () => {
    const bytes = new Uint8Array(256);
    for (const change of [{ legPlaces: 0 }, { otherPlaces: 0 }, { otherPlaces: 0xffff_0000 }]) {
      encodeLogHeader({ ...HEADER, ...change }, bytes, 0);
      expect(decodeLogHeader(bytes, 0)).toBeNull();
    }
  });
});
