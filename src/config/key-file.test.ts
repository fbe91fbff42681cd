import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readKeyFile } from "./key-file.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "wingman-key-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function keyFile(name: string, content: string, mode = 0o600): string {
  writeFileSync(join(directory, name), content, { mode });
  return name;
}

function foundIn(name: string): string {
  const result = readKeyFile(name, directory);
  return result.ok ? "" : result.problem.found;
}

describe("the key file", () => {
  test("gives its bytes without the last newline, by a relative or an absolute name", () => {
    const name = keyFile("good", "0123456789abcdef\n");
    const expected = { ok: true as const, key: new Uint8Array(Buffer.from("0123456789abcdef")) };
    expect(readKeyFile(name, directory)).toEqual(expected);
    expect(readKeyFile(join(directory, name), "/elsewhere")).toEqual(expected);
  });

  test("is refused when others may read or write it", () => {
    for (const mode of [0o640, 0o604, 0o620, 0o666]) {
      const name = `open-${mode.toString(8)}`;
      keyFile(name, "0123456789abcdef", mode & ~process.umask());
      Bun.spawnSync(["chmod", mode.toString(8), join(directory, name)]);
      expect(foundIn(name)).toStartWith(`mode 0${mode.toString(8)} at `);
    }
  });

  test("is refused when it is too short, too long, missing or a directory", () => {
    expect(foundIn(keyFile("short", "0123456789abcde\n"))).toStartWith("a key of 15 bytes at ");
    expect(foundIn(keyFile("long", "x".repeat(1025)))).toStartWith("a key of 1025 bytes at ");
    expect(foundIn("missing")).toBe(`no such file at ${join(directory, "missing")}`);
    mkdirSync(join(directory, "folder"));
    expect(foundIn("folder")).toStartWith("a directory at ");
  });
});
