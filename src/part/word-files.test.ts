/** The load header and the two lists: written and read again, and with one thing wrong. */
import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { writeFileList, writeLoadList } from "../../scripts/package/list-writers.ts";
import { writeLoadHeader } from "../../scripts/package/load-header-writer.ts";
import { sha256CheckValue } from "./check-value.ts";
import { crc16, crc32 } from "./crc.ts";
import { type FileList, readFileList } from "./file-list.ts";
import type { Layout } from "./layout.ts";
import { type LoadHeader, readLoadHeader } from "./load-header.ts";
import { type LoadList, readLoadList } from "./load-list.ts";
import { PartError } from "./part-error.ts";

const CONTENTS = [Buffer.from("data of odd size!"), Buffer.from("even"), Buffer.from("support")];

const checkValue = (layout: Layout, content: Uint8Array) =>
  layout === "665-2" ? null : sha256CheckValue(createHash("sha256").update(content).digest());

/** Everything that the layout can say. */
const header = (layout: Layout): LoadHeader => {
  const isNew = layout === "665-3";
  const [first = Buffer.alloc(0), second = first, third = first] = CONTENTS;
  const file = (name: string, content: Uint8Array) => ({
    ...{ name, partNumber: "WNG5E00010001", crc16: crc16(content) },
    checkValue: checkValue(layout, content),
  });
  const data = (name: string, content: Uint8Array) => ({
    ...file(name, content),
    words: Math.ceil(content.length / 2),
    bytes: isNew ? content.length : null,
  });
  return {
    layout,
    isDownload: false,
    partNumber: "WNG5E00010001",
    loadType: isNew ? { description: "HEAD-END", id: 0x1234 } : null,
    hardware: ["WINGHESA", "WINGHESB1"],
    hardwarePositions: isNew ? [{ id: "WINGHESA", positions: ["L", "R2"] }] : [],
    dataFiles: [data("DATA.BIN", first), data("MORE", second)],
    supportFiles: [{ ...file("HELP.TXT", third), words: null, bytes: third.length }],
    userData: Uint8Array.of(1, 2, 3, 4),
  };
};

const info = { mediaSet: "WNG5E00010001", sequence: 1, members: 2 };
const fileList = (layout: Layout): FileList => ({
  ...{ layout, ...info },
  files: ["LOADS.LUM", "A", "BC"].map((name, index) => ({
    ...{ name, path: "\\", member: 1, crc16: index },
    checkValue: checkValue(layout, Buffer.from(name)),
  })),
});
const loadList = (layout: Layout): LoadList => ({
  ...{ layout, ...info },
  loads: ["WNG5E00010001", "WNG5D00010002"].map((partNumber) => ({
    ...{ partNumber, headerFile: `${partNumber}.LUH`, member: 1, hardware: ["WINGHESA"] },
  })),
});

/** Each kind of file: how it is written and read, and how many bytes its trailer has. */
const KINDS = [
  {
    name: "X.LUH",
    trailer: 6,
    write: (layout: Layout) => writeLoadHeader(header(layout), CONTENTS),
    read: (bytes: Uint8Array) => readLoadHeader(bytes, "X.LUH"),
    expected: (layout: Layout): object => header(layout),
  },
  {
    name: "FILES.LUM",
    trailer: 2,
    write: (layout: Layout) => writeFileList(fileList(layout)),
    read: readFileList,
    expected: fileList,
  },
  {
    name: "LOADS.LUM",
    trailer: 2,
    write: (layout: Layout) => writeLoadList(loadList(layout)),
    read: readLoadList,
    expected: loadList,
  },
] as const;

const LAYOUTS: readonly Layout[] = ["665-2", "665-3"];

/** With the CRC-16 that the changed bytes have, so that what is behind it is looked at. */
const sealed = (bytes: Uint8Array, trailer: number): Uint8Array => {
  const at = bytes.length - trailer;
  new DataView(bytes.buffer, bytes.byteOffset).setUint16(at, crc16(bytes.subarray(0, at)));
  return bytes;
};

const outcome = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof PartError) return error.message;
    throw error;
  }
  return "accepted";
};

describe.each(KINDS)("$name", ({ name, trailer, write, read, expected }) => {
  test.each(LAYOUTS)("%s: what is written is read again", (layout) => {
    expect(read(write(layout))).toMatchObject(expected(layout));
    expect(write(layout)).toEqual(write(layout));
  });

  test.each(LAYOUTS)("%s: length, version and CRC are checked", (layout) => {
    const bytes = write(layout);
    expect(outcome(() => read(bytes.subarray(0, -2)))).toContain(`${name}: length: found `);
    expect(outcome(() => read(Buffer.concat([bytes, Buffer.alloc(1)])))).toContain("length: found");
    expect(outcome(() => read(bytes.subarray(0, 3)))).toBe(
      `${name}: length: found 3 bytes to the end, expected 4`,
    );
    const short = sealed(Uint8Array.from(bytes.subarray(0, 16)), trailer);
    new DataView(short.buffer).setUint32(0, 8);
    expect(outcome(() => read(short))).toContain("length: found 16 bytes, expected at least ");
    const other = write(layout);
    other[5] = 0x99;
    expect(outcome(() => read(other))).toContain(`${name}: format version: found 0x`);
    const damaged = write(layout);
    damaged[bytes.length - trailer - 1]! ^= 1;
    expect(outcome(() => read(damaged))).toContain(`${name}: CRC-16 of the file: found 0x`);
  });

  test.each(LAYOUTS)("%s: pointers lead into the file, and to sections of their own", (layout) => {
    const pointTo = (word: number, index: number): string => {
      const bytes = write(layout);
      new DataView(bytes.buffer).setUint32(8 + 4 * index, word);
      return outcome(() => read(sealed(bytes, trailer)));
    };
    for (const word of [1, 3, 0xffff_ffff, write(layout).length / 2])
      expect(pointTo(word, 1)).toMatch(/: pointer to .*: found word \d+, expected 0 \(none\) or/);
    expect(pointTo(0, 0)).toMatch(/: pointer to .*: found 0, expected where it is/);
    const first = new DataView(write(layout).buffer).getUint32(8);
    expect(pointTo(first, 1)).not.toBe("accepted");
  });

  test.each(LAYOUTS)("%s: no word makes it read anywhere else or fail otherwise", (layout) => {
    const { length } = write(layout);
    for (let at = 0; at < length; at += 2) {
      for (const word of [0, 1, 2, 3, 0x7fff, 0x8000, 0xffff]) {
        const bytes = write(layout);
        new DataView(bytes.buffer).setUint16(at, word);
        if (at < length - trailer) sealed(bytes, trailer);
        expect(outcome(() => read(bytes))).toMatch(new RegExp(`^(accepted$|${name}: )`));
      }
    }
  });
});

test("a section that lies in another is refused", () => {
  // user-defined data that begins where the data files do
  const bytes = writeLoadHeader(header("665-2"), CONTENTS);
  const view = new DataView(bytes.buffer);
  view.setUint32(24, view.getUint32(16));
  expect(outcome(() => readLoadHeader(sealed(bytes, 6), "X.LUH"))).toMatch(
    /^X\.LUH: pointer to user-defined data: found bytes \d+ to \d+, in which data files lies/,
  );
});

test("what a later supplement puts between is passed over", () => {
  const bytes = writeLoadList(loadList("665-3"));
  const at = new DataView(bytes.buffer).getUint32(12) * 2;
  const longer = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(6, 9), bytes.subarray(at)]);
  const view = new DataView(longer.buffer, longer.byteOffset);
  view.setUint32(0, longer.length / 2);
  view.setUint32(12, at / 2 + 3);
  expect(readLoadList(sealed(longer, 2))).toEqual(loadList("665-3"));
});

describe("load header", () => {
  test.each(LAYOUTS)("%s: the checksums of the load cover header and files", (layout) => {
    const read = readLoadHeader(writeLoadHeader(header(layout), CONTENTS), "X.LUH");
    expect(read.loadCrc).toBe(crc32(Buffer.concat([read.loadCrcCovers, ...CONTENTS])));
    const covered = Buffer.concat([read.loadCheckValueCovers, ...CONTENTS]);
    expect(read.loadCheckValue).toEqual(checkValue(layout, covered));
  });

  test("a word count that is not that of the bytes is refused", () => {
    const wrong = header("665-3");
    wrong.dataFiles[0]!.words = 10;
    expect(outcome(() => readLoadHeader(writeLoadHeader(wrong, CONTENTS), "X.LUH"))).toBe(
      "X.LUH: data file 1 of 2: words: found 10, expected 9 for 17 bytes",
    );
  });

  test("flags are known, and a spare word is 0", () => {
    for (const layout of LAYOUTS) {
      const bytes = writeLoadHeader(header(layout), CONTENTS);
      bytes[7] = 2;
      expect(outcome(() => readLoadHeader(sealed(bytes, 6), "X.LUH"))).toMatch(
        /^X\.LUH: (part flags|spare): found 0x0002, expected 0/,
      );
    }
    const download = writeLoadHeader({ ...header("665-3"), isDownload: true }, CONTENTS);
    expect(readLoadHeader(download, "X.LUH").isDownload).toBe(true);
  });
});

test("the check value of FILES.LUM is that of the bytes before it", () => {
  const bytes = writeFileList(fileList("665-3"));
  bytes[bytes.length - 3]! ^= 1;
  expect(outcome(() => readFileList(sealed(bytes, 2)))).toMatch(
    /^FILES\.LUM: check value of the file: found SHA-256 [0-9a-f]{64}, expected SHA-256 /,
  );
});

test("a medium that is none of its set is refused", () => {
  const bytes = writeLoadList({ ...loadList("665-3"), sequence: 3, members: 2 });
  expect(outcome(() => readLoadList(bytes))).toBe(
    "LOADS.LUM: medium: found 3 of 2, expected 1 to the number of media",
  );
});
