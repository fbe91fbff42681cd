import { describe, expect, test } from "bun:test";
import { Random } from "../../../test/harness/seeded-random.ts";
import { hexHeader, ZRINIT, ZRPOS } from "./zmodem-frame.ts";
import {
  READ_CANCEL,
  READ_HEADER,
  READ_NOTHING,
  ZmodemHeaderReader,
} from "./zmodem-header-reader.ts";

/** Everything that the bytes have brought: headers as `type:position`, "cancel". */
function found(reader: ZmodemHeaderReader, bytes: Iterable<number>): string[] {
  const all: string[] = [];
  for (const byte of bytes) {
    const result = reader.read(byte);
    if (result === READ_HEADER) all.push(`${reader.type}:${reader.position}`);
    else if (result === READ_CANCEL) all.push("cancel");
    else expect(result).toBe(READ_NOTHING);
  }
  return all;
}

const POSITION = hexHeader(ZRPOS, 0xfedcba98);
const text = (line: string): Uint8Array => new TextEncoder().encode(line);

describe("the reader of headers", () => {
  test("reads a header as rz sends it, and its flags", () => {
    const reader = new ZmodemHeaderReader();
    expect(found(reader, text("rz waiting to receive.**\x18B0100000023be50\r\n\x11"))).toEqual([
      `${ZRINIT}:${0x23000000}`,
    ]);
    expect(reader.flags).toBe(0x23);
    expect(reader.shortPosition).toBe(0);
  });

  test("reads one after the other, with one pad or many, with flow control and parity in between, in capitals", () => {
    const again = `${ZRPOS}:${0xfedcba98}`;
    const withControls = [...POSITION].flatMap((byte) => [0x11, byte, 0x93]);
    const lines = [
      POSITION,
      POSITION.subarray(1),
      [0x2a, 0x2a, ...POSITION],
      withControls,
      POSITION.map((b) => b | 0x80),
    ];
    const capitals = text(new TextDecoder().decode(POSITION).toUpperCase());
    for (const line of [...lines, capitals]) {
      expect(found(new ZmodemHeaderReader(), [...line, ...POSITION])).toEqual([again, again]);
    }
  });

  test("passes over every header in which one bit of one digit differs, and finds the next", () => {
    for (let at = 4; at < 18; at++) {
      for (let bit = 0; bit < 7; bit++) {
        const damaged = POSITION.slice();
        damaged[at] ^= 1 << bit;
        // A capital letter is the same digit.
        if (bit === 5 && damaged[at] >= 0x41 && damaged[at] <= 0x46) continue;
        const results = found(new ZmodemHeaderReader(), [...damaged, ...POSITION]);
        expect(results).toEqual([`${ZRPOS}:${0xfedcba98}`]);
      }
    }
  });

  test("five CANs in a row cancel, four do not, also where a header was begun", () => {
    const cancel = new Array(5).fill(0x18);
    expect(found(new ZmodemHeaderReader(), cancel)).toEqual(["cancel"]);
    expect(found(new ZmodemHeaderReader(), [...cancel.slice(1), 0x20, 0x18])).toEqual([]);
    for (let length = 1; length < 18; length++) {
      const begun = POSITION.subarray(0, length);
      expect(found(new ZmodemHeaderReader(), [...begun, ...cancel])).toEqual(["cancel"]);
    }
  });

  test("a million random bytes bring nothing but what they may, and the next header is found", () => {
    const random = new Random(7);
    const reader = new ZmodemHeaderReader();
    const bytes = Uint8Array.from({ length: 1_000_000 }, () => random.below(256));
    expect(found(reader, bytes).length).toBeLessThan(3);
    expect(found(reader, [0x20, ...POSITION])).toEqual([`${ZRPOS}:${0xfedcba98}`]);
  });
});
