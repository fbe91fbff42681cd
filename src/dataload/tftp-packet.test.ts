import { expect, test } from "bun:test";
import { SeededRandom } from "../../test/harness/seeded-random.ts";
import {
  decodeTftp,
  encodeAck,
  encodeData,
  encodeError,
  encodeOptions,
  encodeRequest,
} from "./tftp-packet.ts";

const options = new Map([
  ["blksize", "1428"],
  ["tsize", "0"],
]);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test("each packet, by hand (RFC 1350, 2347)", () => {
  expect(hex(encodeRequest("read", "A", new Map()))).toBe("00014100" + "6f6374657400");
  expect(hex(encodeRequest("write", "A", new Map([["tsize", "9"]])))).toBe(
    "00024100" + "6f6374657400" + "7473697a6500" + "3900",
  );
  expect(hex(encodeData(0xfffe, Uint8Array.of(1)))).toBe("0003fffe01");
  expect(hex(encodeAck(258))).toBe("00040102");
  expect(hex(encodeError(4, "no"))).toBe("000500046e6f00");
  expect(hex(encodeOptions(new Map([["tsize", "9"]])))).toBe("00067473697a65003900");
});

test("decoded, each is the same", () => {
  expect(decodeTftp(encodeRequest("read", "A.LCI", options))).toEqual({
    ...{ kind: "read", file: "A.LCI", mode: "octet", options },
  });
  expect(decodeTftp(encodeData(1, Uint8Array.of(7)))).toMatchObject({ kind: "data", block: 1 });
  expect(decodeTftp(encodeAck(1))).toEqual({ kind: "ack", block: 1 });
  expect(decodeTftp(encodeError(0, "WAIT:5"))).toEqual({
    kind: "error",
    code: 0,
    message: "WAIT:5",
  });
  expect(decodeTftp(encodeOptions(options))).toEqual({ kind: "options", options });
});

test("names of options and modes in any case", () => {
  const packet = Buffer.from("\0\x01A\0OCTET\0BLKSIZE\x008\0", "latin1");
  expect(decodeTftp(packet)).toMatchObject({ mode: "octet", options: new Map([["blksize", "8"]]) });
});

test.each([
  ["nothing", ""],
  ["three bytes", "\0\x03\0"],
  ["an unknown opcode", "\0\x07\0\0"],
  ["no NUL at the end", "\0\x01A\0octet"],
  ["no mode", "\0\x01A\0"],
  ["no file", "\0\x01\0octet\0"],
  ["a name without a value", "\0\x01A\0octet\0tsize\0"],
  ["an option twice", "\0\x01A\0octet\0tsize\x001\0TSIZE\x001\0"],
  ["a control character", "\0\x01A\n\0octet\0"],
])("none: %s", (_, text) => {
  expect(decodeTftp(Buffer.from(text, "latin1"))).toBeNull();
});

test("any bytes are a packet or none", () => {
  const random = new SeededRandom(1350);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from({ length: random.below(60) }, () => random.below(256));
    if (bytes.length > 1) {
      bytes[0] = 0;
      bytes[1] = random.below(8);
    }
    expect(() => decodeTftp(bytes)).not.toThrow();
  }
});
