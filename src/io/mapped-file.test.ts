import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { ENOENT } from "./errno.ts";
import { MappedFile } from "./mapped-file.ts";

const directory = scratchDirectory("mapped");
afterAll(() => rmSync(directory, { recursive: true }));

describe("MappedFile", () => {
  test("written data is in the file, in hot code too", () => {
    const path = join(directory, "status");
    const view = new DataView(new MappedFile(path, 3000).buffer);
    expect(statSync(path).size).toBe(3000);
    expect(statSync(path).mode & 0o777).toBe(0o644);
    for (let round = 0; round < 100_000; round++) {
      view.setUint32(8, round, true);
      view.setFloat64(2992, round + 0.5, true);
      if (round % 997 !== 0) continue;
      const written = readFileSync(path);
      expect(written.readUInt32LE(8)).toBe(round);
      expect(written.readDoubleLE(2992)).toBe(round + 0.5);
    }
  });

  test("takes an existing file, with its content, in the new length", () => {
    const path = join(directory, "old");
    writeFileSync(path, "wingman and more");
    const buffer = new MappedFile(path, 7).buffer;
    expect(new TextDecoder().decode(buffer)).toBe("wingman");
    expect(statSync(path).size).toBe(7);
    expect(new MappedFile(path, 9000).buffer.byteLength).toBe(9000);
    expect(new Uint8Array(buffer)[0]).toBe("w".charCodeAt(0));
  });

  test("two mappings of one file are one memory", () => {
    const path = join(directory, "shared");
    const one = new Int32Array(new MappedFile(path, 64).buffer);
    const two = new Int32Array(new MappedFile(path, 64).buffer);
    Atomics.store(one, 3, 44);
    expect(Atomics.load(two, 3)).toBe(44);
  });

  test("reports why it cannot", () => {
    expect(() => new MappedFile(join(directory, "missing/status"), 64)).toThrow(
      expect.objectContaining({ call: "open", errno: ENOENT }),
    );
    expect(() => new MappedFile("/dev/null", 64)).toThrow("ftruncate: ");
    expect(() => new MappedFile(join(directory, "empty"), 0)).toThrow("length");
  });
});
