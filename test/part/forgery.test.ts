/**
 * Parts whose lists, header and checksums are all valid, rebuilt without a trusted key or assembled
 * from pieces that do not belong together.
 */
import { afterAll, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { manifestOf, type PartAbout } from "../../scripts/package/part-writer.ts";
import { signManifest } from "../../scripts/package/signing.ts";
import type { Layout } from "../../src/part/layout.ts";
import { type Manifest, manifestText } from "../../src/part/manifest.ts";
import {
  ABOUT,
  FILES,
  keyPair,
  type Medium,
  mediumWith,
  objectionTo,
  putMedium,
  smallPart,
} from "../harness/part.ts";
import { scratchDirectory } from "../harness/run-mark.ts";

const LAYOUTS: readonly Layout[] = ["665-2", "665-3"];
const OTHER: PartAbout = { ...ABOUT, partNumber: "WNG5D00010002", system: "other" };
const folder = scratchDirectory("part-forgery");
const trusted = keyPair();
const stranger = keyPair();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const judged = (medium: Medium, ...keys: (typeof trusted.publicKey)[]): string | null => {
  putMedium(folder, medium);
  return objectionTo(folder, ...(keys.length > 0 ? keys : [trusted.publicKey]))?.message ?? null;
};

/** The part with a manifest of other words, signed as it should be. */
const withManifest = (
  layout: Layout,
  change: (manifest: Manifest) => object,
  changes: Medium = new Map(),
): Medium => {
  const text = manifestText(change(manifestOf(ABOUT, FILES)) as Manifest);
  const manifest = Buffer.from(text);
  return mediumWith(
    smallPart(trusted.privateKey, layout),
    layout,
    new Map([
      ...changes,
      ["MANIFEST.JSN", manifest],
      ["MANIFEST.SIG", signManifest(manifest, trusted.privateKey)],
    ]),
  );
};

test.each(LAYOUTS)("%s: rebuilt without a change it is the same part", (layout) => {
  const medium = smallPart(trusted.privateKey, layout);
  expect(mediumWith(medium, layout, new Map())).toEqual(medium);
  expect(judged(withManifest(layout, (manifest) => manifest))).toBeNull();
});

test.each(LAYOUTS)("%s: the key of a stranger", (layout) => {
  const medium = smallPart(stranger.privateKey, layout);
  expect(judged(medium)).toBe(
    "MANIFEST.SIG: signature: found one of another key, or of another MANIFEST.JSN, expected one of this MANIFEST.JSN by the trusted key",
  );
  expect(judged(medium, trusted.publicKey, stranger.publicKey)).toBeNull();
  putMedium(folder, medium);
  expect(objectionTo(folder)?.message).toContain("one of the 0 trusted keys");
});

test.each(LAYOUTS)("%s: another content with all its checksums", (layout) => {
  for (const { installName, content } of FILES) {
    const name = installName.toUpperCase();
    const changed = Uint8Array.from(content);
    changed[changed.length - 1]! ^= 1;
    const medium = mediumWith(
      smallPart(trusted.privateKey, layout),
      layout,
      new Map([[name, changed]]),
    );
    expect(judged(medium)).toMatch(
      new RegExp(
        `^${name}: SHA-256: found [0-9a-f]{64}, expected [0-9a-f]{64}, as MANIFEST.JSN says$`,
      ),
    );
  }
});

test.each(LAYOUTS)("%s: another size with all its checksums", (layout) => {
  const longer = Buffer.concat([FILES[0]?.content ?? "", Buffer.alloc(3)]);
  const medium = mediumWith(
    smallPart(trusted.privateKey, layout),
    layout,
    new Map([["WINGMAN", longer]]),
  );
  expect(judged(medium)).toMatch(/^WINGMAN: size: found 500[45] bytes, expected 500[12], as MAN/);
});

test("665-2: a pad byte is zero", () => {
  const padded = Buffer.concat([FILES[0]?.content ?? "", Uint8Array.of(1)]);
  const medium = mediumWith(
    smallPart(trusted.privateKey, "665-2"),
    "665-2",
    new Map([["WINGMAN", padded]]),
  );
  expect(judged(medium)).toBe("WINGMAN: pad byte: found 0x01, expected 0x00");
});

test.each(LAYOUTS)("%s: the signed manifest of another part", (layout) => {
  const other = smallPart(trusted.privateKey, layout, OTHER);
  const medium = smallPart(trusted.privateKey, layout);
  const taken = ["MANIFEST.JSN", "MANIFEST.SIG"].map(
    (name) => [name, other.get(name) ?? new Uint8Array()] as const,
  );
  expect(judged(mediumWith(medium, layout, new Map(taken)))).toBe(
    'MANIFEST.JSN: partNumber: found "WNG5D00010002", expected "WNG5E00010001", as WNG5E00010001.LUH says',
  );
  expect(judged(mediumWith(medium, layout, new Map(taken.slice(0, 1))))).toContain(
    "MANIFEST.SIG: signature: found one of another key",
  );
});

test.each(LAYOUTS)("%s: a header for other hardware than the manifest", (layout) => {
  const about = { ...ABOUT, hardware: ["OTHERHES"] };
  const medium = mediumWith(smallPart(trusted.privateKey, layout), layout, new Map(), about);
  expect(judged(medium)).toBe(
    'MANIFEST.JSN: hardware: found "WINGHESA", expected "OTHERHES", as WNG5E00010001.LUH says',
  );
});

test.each(LAYOUTS)("%s: files that the manifest does not name, and names of no file", (layout) => {
  const medium = smallPart(trusted.privateKey, layout);
  expect(judged(mediumWith(medium, layout, new Map([["MORE.BIN", Buffer.from("ab")]])))).toBe(
    "MORE.BIN: name: found a file that MANIFEST.JSN does not name, expected no such file",
  );
  const without = new Map(medium);
  without.delete("WINGMAN");
  expect(judged(mediumWith(without, layout, new Map()))).toBe(
    "WINGMAN: file: found nothing in WNG5E00010001.LUH, expected a data file of the load",
  );
  without.delete("MANIFEST.SIG");
  expect(judged(mediumWith(without, layout, new Map()))).toBe(
    "MANIFEST.SIG: file: found nothing in WNG5E00010001.LUH, expected a data file of the load",
  );
});

test("a list of one layout beside a header of the other", () => {
  const [older, newer] = LAYOUTS.map((layout) => smallPart(trusted.privateKey, layout));
  const mixed = new Map(newer);
  mixed.set("LOADS.LUM", older?.get("LOADS.LUM") ?? new Uint8Array());
  expect(judged(mixed)).toBe('LOADS.LUM: layout: found "665-2", expected "665-3"');
});

test("a part number with wrong check characters", () => {
  const about = { ...ABOUT, partNumber: "WNG5F00010001" };
  expect(judged(smallPart(trusted.privateKey, "665-3", about))).toBe(
    'WNG5F00010001.LUH: part number: found "WNG5F00010001", expected 13 characters with the check characters that fit',
  );
});

/** The manifest is signed, but its content is impossible. */
test.each<[string, (manifest: Manifest) => object, string]>([
  ["a format to come", (manifest) => ({ ...manifest, format: 2 }), "format: found 2, expected 1, "],
  ["a key too many", (manifest) => ({ ...manifest, more: 1 }), "more: found an unknown key, "],
  ["a key missing", ({ build: _, ...rest }) => rest, "build: found nothing, expected "],
  [
    "a way out of the directory",
    (manifest) => withFile(manifest, { installName: "../wingman" }),
    'files[0].installName: found "../wingman", expected a name of ',
  ],
  [
    "a hidden file",
    (manifest) => withFile(manifest, { installName: ".profile" }),
    'files[0].installName: found ".profile", expected a name of ',
  ],
  [
    "a program that runs as its owner",
    (manifest) => withFile(manifest, { mode: "4755" }),
    'files[0].mode: found "4755", expected four octal digits',
  ],
  [
    "two files of one name",
    (manifest) => withFile(manifest, { installName: "AIRCRAFT.JSON" }),
    'files[1].installName: found "aircraft.json" again, expected a name of no other file',
  ],
  [
    "a size of less than nothing",
    (manifest) => withFile(manifest, { bytes: -1 }),
    "files[0].bytes: found -1, expected a whole number from 0",
  ],
])("a manifest with %s", (_, change, expected) => {
  for (const layout of LAYOUTS)
    expect(judged(withManifest(layout, change))).toStartWith(`MANIFEST.JSN: ${expected}`);
});

const withFile = (manifest: Manifest, change: object): object => ({
  ...manifest,
  files: manifest.files.map((file, index) => (index === 0 ? { ...file, ...change } : file)),
});

test("a manifest that is no JSON", () => {
  const manifest = Buffer.from("{]");
  const changes = new Map<string, Uint8Array>([
    ["MANIFEST.JSN", manifest],
    ["MANIFEST.SIG", signManifest(manifest, trusted.privateKey)],
  ]);
  const medium = mediumWith(smallPart(trusted.privateKey, "665-3"), "665-3", changes);
  expect(judged(medium)).toStartWith("MANIFEST.JSN: line 1, column 2: found ");
});
