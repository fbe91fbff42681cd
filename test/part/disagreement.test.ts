/** Lists and headers that are well formed, but make false statements about a part. */
import { afterAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { writeFileList, writeLoadList } from "../../scripts/package/list-writers.ts";
import { writeLoadHeader } from "../../scripts/package/load-header-writer.ts";
import { crc16 } from "../../src/part/crc.ts";
import { type FileList, readFileList } from "../../src/part/file-list.ts";
import type { Layout } from "../../src/part/layout.ts";
import { type LoadHeader, readLoadHeader } from "../../src/part/load-header.ts";
import { type LoadList, readLoadList } from "../../src/part/load-list.ts";
import {
  keyPair,
  type Medium,
  objectionTo,
  putMedium,
  relisted,
  smallPart,
} from "../harness/part.ts";
import { scratchDirectory } from "../harness/run-mark.ts";

const LAYOUTS: readonly Layout[] = ["665-2", "665-3"];
const HEADER = "WNG5E00010001.LUH";
const folder = scratchDirectory("part-disagreement");
const { privateKey, publicKey } = keyPair();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const judged = (medium: Medium): string | null => {
  putMedium(folder, medium);
  return objectionTo(folder, publicKey)?.message ?? null;
};

const contentOf = (medium: Medium, name: string): Uint8Array =>
  medium.get(name) ?? new Uint8Array();

/** The part with another header, whose own checksums are those of `contents`. */
function withHeader(
  layout: Layout,
  change: (header: LoadHeader) => Partial<LoadHeader>,
  changeContents = (contents: Uint8Array[]) => contents,
  more: Medium = new Map(),
): Medium {
  const medium = new Map([...smallPart(privateKey, layout), ...more]);
  const header = readLoadHeader(contentOf(medium, HEADER), HEADER);
  const changed = { ...header, ...change(header) };
  const names = [...changed.dataFiles, ...changed.supportFiles].map(({ name }) => name);
  const contents = changeContents(names.map((name) => contentOf(medium, name)));
  medium.set(HEADER, writeLoadHeader(changed, contents));
  return relisted(medium, layout);
}

const withThird = (change: (file: LoadHeader["dataFiles"][number]) => object) => {
  return ({ dataFiles }: LoadHeader) => ({
    dataFiles: dataFiles.map((file, index) => (index === 2 ? { ...file, ...change(file) } : file)),
  });
};

describe.each(LAYOUTS)("%s", (layout) => {
  test("rebuilt without a change it is valid", () => {
    expect(judged(withHeader(layout, () => ({})))).toBeNull();
  });

  test("the header has another CRC of a file", () => {
    const medium = withHeader(
      layout,
      withThird(({ crc16: crc }) => ({ crc16: crc ^ 1 })),
    );
    expect(judged(medium)).toMatch(/^WINGMAN: CRC-16: found 0x.{4}, expected 0x.{4}, as WNG5E/);
  });

  test("the header has another size of a file", () => {
    const medium = withHeader(
      layout,
      withThird(() => ({ words: 2502, bytes: layout === "665-2" ? null : 5003 })),
    );
    expect(judged(medium)).toMatch(
      /^WINGMAN: size: found 500[12] bytes, expected 500[34], as WNG5E/,
    );
  });

  test("the checksums of the load are those of other files", () => {
    const medium = withHeader(
      layout,
      () => ({}),
      (contents) => contents.toReversed(),
    );
    const field = layout === "665-2" ? "load CRC-32" : "load check value";
    expect(judged(medium)).toStartWith(`${HEADER}: ${field}: found `);
  });

  test("the load has another CRC-32", () => {
    const medium = smallPart(privateKey, layout);
    const header = Uint8Array.from(contentOf(medium, HEADER));
    header[header.length - 1]! ^= 1;
    medium.set(HEADER, header);
    expect(judged(relisted(medium, layout))).toStartWith(`${HEADER}: load CRC-32: found 0x`);
  });

  test("the list has another CRC of a file", () => {
    const medium = smallPart(privateKey, layout);
    const other = new Map([...medium, ["WINGMAN", Buffer.from("other")]]);
    const list = contentOf(relisted(other, layout), "FILES.LUM");
    expect(judged(new Map([...medium, ["FILES.LUM", list]]))).toMatch(
      /^WINGMAN: CRC-16: found 0x.{4}, expected 0x.{4}, as FILES.LUM says$/,
    );
  });

  test("the header lists a file twice, or one of the index", () => {
    const again = withHeader(layout, ({ dataFiles }) => ({
      dataFiles: [...dataFiles, ...dataFiles.slice(2, 3)],
    }));
    expect(judged(again)).toBe(`${HEADER}: data files: found "WINGMAN", expected each file once`);
    const index = withHeader(
      layout,
      withThird(() => ({ name: "LOADS.LUM" })),
    );
    expect(judged(index)).toBe(`${HEADER}: data files: found "LOADS.LUM", expected each file once`);
  });

  test("the header names a file that the list does not, and the other way round", () => {
    const named = withHeader(
      layout,
      withThird(() => ({ name: "WINGMEN" })),
    );
    expect(judged(named)).toBe(
      `WINGMAN: name: found a file that ${HEADER} does not list, expected no such file`,
    );
    const medium = withHeader(layout, ({ dataFiles }) => ({
      dataFiles: [...dataFiles, { ...dataFiles[2]!, name: "MORE" }],
    }));
    expect(judged(medium)).toBe(
      `${HEADER}: data file: found "MORE" out of place, expected MORE in FILES.LUM`,
    );
  });

  test("a support file that is not signed", () => {
    const content = Buffer.from("help");
    const entry = { name: "HELP.TXT", partNumber: "", words: null, bytes: 4 };
    const digest = new Bun.CryptoHasher("sha256").update(content).digest();
    const checkValue = layout === "665-2" ? null : { type: 6, value: new Uint8Array(digest) };
    const medium = withHeader(
      layout,
      () => ({ supportFiles: [{ ...entry, crc16: crc16(content), checkValue }] }),
      undefined,
      new Map([["HELP.TXT", content]]),
    );
    expect(judged(medium)).toBe(
      "HELP.TXT: name: found a file that MANIFEST.JSN does not name, expected no such file",
    );
  });

  test.each<[string, (list: LoadList) => Partial<LoadList>, string]>([
    [
      "two loads",
      ({ loads }) => ({ loads: [...loads, ...loads] }),
      "number of loads: found 2, expected 1",
    ],
    ["no load", () => ({ loads: [] }), "number of loads: found 0, expected 1"],
    ["two media", () => ({ members: 2 }), "number of media: found 2, expected 1"],
    [
      "another set",
      () => ({ mediaSet: "WNG5D00010002" }),
      'media set part number: found "WNG5D00010002", expected "WNG5E00010001"',
    ],
    [
      "another medium",
      ({ loads }) => ({ loads: loads.map((load) => ({ ...load, member: 2 })) }),
      "load 1 of 1: medium: found 2, expected 1",
    ],
    [
      "another part number",
      ({ loads }) => ({ loads: loads.map((load) => ({ ...load, partNumber: "WNG5D00010002" })) }),
      'load 1 of 1: part number: found "WNG5D00010002", expected "WNG5E00010001"',
    ],
    [
      "other hardware",
      ({ loads }) => ({ loads: loads.map((load) => ({ ...load, hardware: ["OTHERHES"] })) }),
      'load 1 of 1: hardware ids: found "OTHERHES", expected "WINGHESA"',
    ],
    [
      "a header that is not there",
      ({ loads }) => ({ loads: loads.map((load) => ({ ...load, headerFile: "X.LUH" })) }),
      'header file: found "X.LUH" out of place, expected X.LUH in FILES.LUM',
    ],
  ])("the list of loads has %s", (_, change, expected) => {
    const medium = smallPart(privateKey, layout);
    const list = readLoadList(contentOf(medium, "LOADS.LUM"));
    medium.set("LOADS.LUM", writeLoadList({ ...list, ...change(list) }));
    expect(judged(relisted(medium, layout))).toBe(`LOADS.LUM: ${expected}`);
  });
});

describe.each(LAYOUTS)("%s: FILES.LUM has", (layout) => {
  test.each<[string, (files: FileList["files"]) => FileList["files"], string]>([
    [
      "a file in a folder",
      (files) => files.map((file, index) => (index === 2 ? { ...file, path: "\\A\\" } : file)),
      'file 3 of 7: path: found "\\\\A\\\\", expected "\\\\"',
    ],
    [
      "a file on another medium",
      (files) => files.map((file, index) => (index === 2 ? { ...file, member: 2 } : file)),
      "file 3 of 7: medium: found 2, expected 1",
    ],
    [
      "a name that leads out of the medium",
      (files) => files.map((file, index) => (index === 2 ? { ...file, name: "../X" } : file)),
      'file 3 of 7: name: found "../X" with "/" in it, expected a name of 1 to 255 printable',
    ],
    [
      "a file twice",
      (files) => [...files, ...files.slice(2, 3)],
      'file 8 of 8: name: found "MANIFEST.JSN", expected each other file once',
    ],
    [
      "itself",
      (files) => files.map((file, index) => (index === 2 ? { ...file, name: "FILES.LUM" } : file)),
      'file 3 of 7: name: found "FILES.LUM", expected each other file once',
    ],
  ])("%s", (_, change, expected) => {
    const medium = smallPart(privateKey, layout);
    const list = readFileList(contentOf(medium, "FILES.LUM"));
    medium.set("FILES.LUM", writeFileList({ ...list, files: change(list.files) }));
    expect(judged(medium)).toStartWith(`FILES.LUM: ${expected}`);
  });
});

test("665-3: the header has another check value of a file, or none", () => {
  const other = withHeader(
    "665-3",
    withThird(() => ({ checkValue: { type: 6, value: new Uint8Array(32) } })),
  );
  expect(judged(other)).toMatch(
    /^WINGMAN: check value, as WNG5E00010001.LUH says: found SHA-256 0{64}, expected SHA-256 /,
  );
  const weaker = withHeader(
    "665-3",
    withThird(({ crc16: crc }) => ({
      checkValue: { type: 2, value: Uint8Array.of(crc >> 8, crc & 0xff) },
    })),
  );
  expect(judged(weaker)).toMatch(/: found CRC-16 [0-9a-f]{4}, expected SHA-256 /);
  const none = withHeader(
    "665-3",
    withThird(() => ({ checkValue: null })),
  );
  expect(judged(none)).toMatch(/: found none, expected SHA-256 /);
});

test("665-3: a load for the target to send is none to take", () => {
  const download = withHeader("665-3", () => ({ isDownload: true }));
  expect(judged(download)).toBe(`${HEADER}: part flags: found 0x0001, a download, expected 0x0000`);
});
