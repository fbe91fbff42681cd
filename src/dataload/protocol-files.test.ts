import { describe, expect, test } from "bun:test";
import { SeededRandom } from "../../test/harness/seeded-random.ts";
import {
  decodeDownloadStatus,
  decodeFileChoice,
  decodeFileList,
  decodeFileRequest,
  encodeDownloadStatus,
  encodeFileChoice,
  encodeFileList,
  encodeFileRequest,
} from "./download-files.ts";
import {
  decodeConfigurationList,
  decodeInformationStatus,
  encodeConfigurationList,
  encodeInformationStatus,
} from "./information-files.ts";
import { decodeInitialization, encodeInitialization } from "./initialization-file.ts";
import { ProtocolFileError } from "./protocol-file.ts";
import {
  decodeUploadRequest,
  decodeUploadStatus,
  encodeUploadRequest,
  encodeUploadStatus,
} from "./upload-files.ts";

const STATUS = {
  ...{ status: 2, description: "ab" },
  ...{ counter: 258, exceptionTimerS: 20, estimatedTimeS: -1 },
};
const LOADS = [{ headerFile: "A.LUH", partNumber: "P1", percent: 5, status: 2, description: "" }];
const HARDWARE = [
  {
    ...{ literal: "BOX", serialNumber: "" },
    parts: [{ partNumber: "P", amendment: "A", designation: "D" }],
  },
];

/** Each file: what it says, and all of its bytes by hand. */
const FILES: [
  name: string,
  value: unknown,
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
  hex: string,
][] = [
  [
    "LCI, LUI, LNO, LND",
    { status: 0x1000, description: "no" },
    encodeInitialization({ status: 0x1000, description: "no" }),
    decodeInitialization,
    "0000000c 4134 1000 03 6e6f00",
  ],
  [
    "LCS",
    STATUS,
    encodeInformationStatus(STATUS),
    decodeInformationStatus,
    "00000012 4134 0102 0002 0014 ffff 03 616200",
  ],
  [
    "LCL",
    HARDWARE,
    encodeConfigurationList(HARDWARE),
    decodeConfigurationList,
    "00000019 4134 0001 04 424f5800 00 0001 02 5000 02 4100 02 4400",
  ],
  [
    "LUS",
    { ...STATUS, percent: 100, loads: LOADS },
    encodeUploadStatus({ ...STATUS, percent: 100, loads: LOADS }),
    decodeUploadStatus,
    "00000028 4134 0002 03 616200 0102 0014 ffff 313030 0001 06 412e4c554800 03 503100 202035 0002 00",
  ],
  [
    "LUR",
    [{ headerFile: "A.LUH", partNumber: "P1" }],
    encodeUploadRequest([{ headerFile: "A.LUH", partNumber: "P1" }]),
    decodeUploadRequest,
    "00000013 4134 0001 06 412e4c554800 03 503100",
  ],
  [
    "LNL",
    [{ name: "a", description: "" }],
    encodeFileList([{ name: "a", description: "" }]),
    decodeFileList,
    "0000000c 4134 0001 02 6100 00",
  ],
  [
    "LNA",
    ["a", "b"],
    encodeFileChoice(["a", "b"]),
    decodeFileChoice,
    "0000000e 4134 0002 02 6100 02 6200",
  ],
  [
    "LNR",
    { names: ["a"], userData: Uint8Array.of(1, 2) },
    encodeFileRequest({ names: ["a"], userData: Uint8Array.of(1, 2) }),
    decodeFileRequest,
    "0000000e 4134 0001 02 6100 02 0102",
  ],
  [
    "LNS",
    { ...STATUS, percent: 7, files: [{ name: "a", status: 3, description: "x" }] },
    encodeDownloadStatus({
      ...STATUS,
      percent: 7,
      files: [{ name: "a", status: 3, description: "x" }],
    }),
    decodeDownloadStatus,
    "0000001f 4134 0002 03 616200 0102 0014 ffff 202037 0001 02 6100 0003 02 7800",
  ],
];

describe.each(FILES)("%s", (_, value, bytes, decode, hex) => {
  test("its bytes", () => {
    expect(Buffer.from(bytes).toString("hex")).toBe(hex.replaceAll(" ", ""));
  });

  test("decoded, it is the same", () => {
    expect(decode(bytes)).toEqual(value);
  });

  test("cut anywhere, or with an extra byte: an error with the place", () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decode(bytes.subarray(0, length))).toThrow(/byte \d+: found .+, expected/);
      // likewise where the length says that it is whole
      if (length < 6) continue;
      const cut = Buffer.from(bytes.subarray(0, length));
      cut.writeUInt32BE(length, 0);
      expect(() => decode(cut)).toThrow(ProtocolFileError);
    }
    const more = Buffer.concat([bytes, Uint8Array.of(0)]);
    more.writeUInt32BE(more.length, 0);
    expect(() => decode(more)).toThrow("found 1 more bytes, expected the end of the file");
  });

  test("any bytes: read, or refused by the same error", () => {
    const random = new SeededRandom(615);
    for (let round = 0; round < 3000; round++) {
      const file = Buffer.from(bytes);
      const changes = 1 + random.below(4);
      for (let change = 0; change < changes; change++)
        file[4 + random.below(file.length - 4)] = random.below(256);
      try {
        decode(file);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolFileError);
      }
    }
  });
});

test("a description of anything is sent as what can be; a name that cannot is refused", () => {
  const description = `zu groß ${"x".repeat(300)}`;
  const sent = decodeInitialization(encodeInitialization({ status: 1, description })).description;
  expect(sent).toBe(`zu gro? ${"x".repeat(246)}`);
  expect(() => encodeFileChoice(["größe"])).toThrow(ProtocolFileError);
  expect(() => encodeFileChoice(["x".repeat(255)])).toThrow("expected at most 254");
});

test("a text without its NUL, a ratio, a version, and a length that is none", () => {
  const from = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(" ", ""), "hex");
  expect(() => decodeFileChoice(from("0000000b 4134 0001 02 6161"))).toThrow(
    "LNA, byte 9: found file name, expected printable ASCII characters with a NUL at their end",
  );
  expect(() => decodeFileChoice(from("00000009 4134 0000"))).toThrow(
    "LNA, byte 0: found length 9 in a file of 8 bytes, expected the length of the file",
  );
  expect(() => decodeFileChoice(from("00000008 4234 0000"))).toThrow('found version "B4"');
  const status = from("00000014 4134 0002 00 0102 0014 ffff 303037 0000");
  expect(() => decodeUploadStatus(status)).toThrow('found ratio "007"');
});
