import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { readKeyFile, readKeys } from "./key-file.ts";

let directory: string;
beforeAll(() => {
  directory = scratchDirectory("key");
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function keyFile(name: string, content: string, mode = 0o600): string {
  writeFileSync(join(directory, name), content, { mode });
  return name;
}

function foundIn(name: string): string {
  const result = readKeyFile(name, directory, "keepAlive.keyFile");
  return result.ok ? "" : result.problem.found;
}

describe("the key file", () => {
  test("gives its bytes without the last newline, by a relative or an absolute name", () => {
    const name = keyFile("good", "0123456789abcdef\n");
    const expected = { ok: true as const, key: new Uint8Array(Buffer.from("0123456789abcdef")) };
    expect(readKeyFile(name, directory, "keepAlive.keyFile")).toEqual(expected);
    expect(readKeyFile(join(directory, name), "/elsewhere", "keepAlive.keyFile")).toEqual(expected);
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

describe("two keys", () => {
  test("are read each for its purpose, or not at all", () => {
    const [old, fresh] = [keyFile("old", "0123456789abcdef"), keyFile("fresh", "fedcba9876543210")];
    expect(readKeys({ keyFile: old, acceptKeyFile: fresh }, directory)).toEqual({
      ok: true,
      key: new Uint8Array(Buffer.from("0123456789abcdef")),
      acceptKey: new Uint8Array(Buffer.from("fedcba9876543210")),
    });
    expect(readKeys({ keyFile: old, acceptKeyFile: null }, directory)).toMatchObject({
      ok: true,
      acceptKey: null,
    });
    expect(readKeys({ keyFile: null, acceptKeyFile: null }, directory)).toEqual({
      ok: true,
      key: null,
      acceptKey: null,
    });
  });

  test("are both judged, each under its own name", () => {
    const short = keyFile("too-short", "0123");
    expect(readKeys({ keyFile: "nowhere", acceptKeyFile: short }, directory)).toMatchObject({
      ok: false,
      problems: [
        { path: "keepAlive.keyFile", found: `no such file at ${join(directory, "nowhere")}` },
        { path: "keepAlive.acceptKeyFile", found: `a key of 4 bytes at ${join(directory, short)}` },
      ],
    });
  });

  test("must differ: a link or a copy would not accept the key before", () => {
    const one = keyFile("one", "0123456789abcdef");
    const copy = keyFile("copy", "0123456789abcdef\n");
    symlinkSync(join(directory, one), join(directory, "link"));
    for (const other of [copy, "link", join(directory, one)]) {
      const found = `the key of keepAlive.keyFile at ${other.startsWith("/") ? other : join(directory, other)}`;
      const problem = { path: "keepAlive.acceptKeyFile", found, expected: "another key" };
      expect(readKeys({ keyFile: one, acceptKeyFile: other }, directory)).toEqual({
        ok: false,
        problems: [problem],
      });
    }
  });
});
