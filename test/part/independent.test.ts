/** Another implementation, in another language with other libraries, reads the same in a part. */
import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkCharacters } from "../../src/config/part-number.ts";
import { crc16, crc32 } from "../../src/part/crc.ts";
import type { Layout } from "../../src/part/layout.ts";
import {
  ABOUT,
  keyPair,
  type Medium,
  noise,
  objectionTo,
  putMedium,
  smallPart,
} from "../harness/part.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { Random } from "../harness/seeded-random.ts";

const LAYOUTS: readonly Layout[] = ["665-2", "665-3"];
// Debian's: python3-crcmod is installed for that one.
const PYTHON = "/usr/bin/python3";
const READER = join(import.meta.dir, "read_part.py");
const folder = scratchDirectory("part-independent");
const { privateKey, publicKey } = keyPair();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function python(args: string[], stdin: Uint8Array = new Uint8Array()) {
  const child = Bun.spawnSync([PYTHON, "-B", READER, ...args], { stdin, stderr: "pipe" });
  return { code: child.exitCode, out: child.stdout.toString(), err: child.stderr.toString() };
}

function read(medium: Medium) {
  putMedium(folder, medium);
  return python([folder]);
}

test("CRCs are the same of data of every length", () => {
  const random = new Random(3);
  for (const length of [0, 1, 2, 3, 255, 256, 257, 4096, 65_537, random.below(1_000_000)]) {
    const data = noise(length, length);
    const { out } = python(["--crc"], data);
    expect({ length, ...JSON.parse(out) }).toEqual({
      length,
      crc16: crc16(data),
      crc32: crc32(data),
    });
  }
});

test.each(LAYOUTS)("%s: it reads a part as it is meant", (layout) => {
  const { out, err } = read(smallPart(privateKey, layout));
  expect(err).toBe("");
  const files = ["MANIFEST.JSN", "MANIFEST.SIG", "WINGMAN", "AIRCRAFT.JSON", "WINGMAN@.SERVICE"];
  expect(JSON.parse(out)).toEqual({
    ...{ layout, partNumber: ABOUT.partNumber, hardware: ABOUT.hardware, files },
    listed: ["LOADS.LUM", "WNG5E00010001.LUH", ...files],
  });
});

/** So that agreement is meaningful. */
test.each(LAYOUTS)("%s: it finds a flipped byte as well", (layout) => {
  const medium = smallPart(privateKey, layout);
  for (const [name, content] of medium) {
    const changed = Uint8Array.from(content);
    changed[Math.floor(changed.length / 2)]! ^= 0x10;
    const { code } = read(new Map([...medium, [name, changed]]));
    expect({ name, code }).toEqual({ name, code: 1 });
    expect(objectionTo(folder, publicKey)?.file).toBe(name);
  }
});

test("check characters are the same", () => {
  const random = new Random(5);
  const letters = "ABCDEFGHJKLMNPRSTUVWXY0123456789";
  const text = (length: number) =>
    Array.from({ length }, () => letters[random.below(letters.length)]).join("");
  for (let count = 0; count < 5; count++) {
    const [supplier, product] = [text(3), text(8)];
    const partNumber = `${supplier}${checkCharacters(supplier + product)}${product}`;
    const { code, err } = read(smallPart(privateKey, "665-3", { ...ABOUT, partNumber }));
    expect({ partNumber, code, err }).toEqual({ partNumber, code: 0, err: "" });
  }
  const wrong = { ...ABOUT, partNumber: "WNG5F00010001" };
  expect(read(smallPart(privateKey, "665-3", wrong)).err).toContain("check characters of WNG5F");
});

test("OpenSSL finds the signature right, and that of a changed manifest wrong", () => {
  putMedium(folder, smallPart(privateKey, "665-3"));
  const keyFile = join(folder, "key.pem");
  writeFileSync(keyFile, publicKey.export({ type: "spki", format: "pem" }));
  const verdict = (manifest: string) =>
    Bun.spawnSync([
      ...["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", keyFile, "-rawin"],
      ...["-in", join(folder, manifest), "-sigfile", join(folder, "MANIFEST.SIG")],
    ]).exitCode;
  expect(verdict("MANIFEST.JSN")).toBe(0);
  expect(verdict("AIRCRAFT.JSON")).toBe(1);
});
