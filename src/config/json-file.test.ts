import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { JSON_FILE_BYTES_MAX, parseJson, readTextFile } from "./json-file.ts";

let directory = "";
beforeAll(() => {
  directory = scratchDirectory("json");
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const fileOf = (name: string, content: string | Uint8Array): string => {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
};

const found = (file: string): string[] => {
  const result = readTextFile(file);
  return result.ok
    ? ["read"]
    : result.problems.map((problem) => `${problem.path}${problem.path && ": "}${problem.found}`);
};

describe("readTextFile", () => {
  test("gives the text as it is", () => {
    expect(readTextFile(fileOf("good", "{ } \u00e9😀\n"))).toEqual({
      ok: true,
      text: "{ } \u00e9😀\n",
    });
    expect(readTextFile(fileOf("mark", "\ufeff{}"))).toEqual({ ok: true, text: "\ufeff{}" });
  });

  test("says in words why a file cannot be read", () => {
    const loop = join(directory, "loop");
    symlinkSync(loop, loop);
    expect(found(join(directory, "absent.json"))).toEqual(["no such file"]);
    expect(found(directory)).toEqual(["a directory"]);
    expect(found(join(fileOf("file", ""), "below"))).toEqual([
      "a path through something that is no directory",
    ]);
    expect(found(loop)).toEqual(["symbolic links that lead in a circle"]);
    expect(found(join(directory, "n".repeat(300)))).toEqual(["a name that is too long"]);
  });

  test("a file without permission, as a user who is not root", () => {
    const file = fileOf("secret", "{}");
    const script = `
      const { readTextFile } = await import(${JSON.stringify(new URL("./json-file.ts", import.meta.url).pathname)});
      const { chmodSync } = await import("node:fs");
      chmodSync(${JSON.stringify(file)}, 0);
      if (process.getuid() === 0) process.seteuid(65534);
      const result = readTextFile(${JSON.stringify(file)});
      console.log(result.ok ? "read" : result.problems[0].found);
    `;
    // In a process of its own: the user of this one must not change.
    const child = Bun.spawnSync([process.execPath, "-e", script]);
    expect(child.stdout.toString().trim()).toBe("a file that this user may not read");
  });

  test("a file beyond the limit is not read, whatever its size claims to be", () => {
    expect(found(fileOf("limit", " ".repeat(JSON_FILE_BYTES_MAX)))).toEqual(["read"]);
    expect(found(fileOf("beyond", " ".repeat(JSON_FILE_BYTES_MAX + 1)))).toEqual([
      "more than 4 MiB",
    ]);
    expect(found("/dev/zero")).toEqual(["more than 4 MiB"]);
  });

  test("bytes that are not UTF-8 are named with their line", () => {
    expect(found(fileOf("latin", Uint8Array.of(0x7b, 0x0a, 0x22, 0xe9, 0x22, 0x0a)))).toEqual([
      "line 2: bytes that are not UTF-8",
    ]);
    expect(found(fileOf("cut", Uint8Array.of(0x7b, 0x7d, 0xc3)))).toEqual([
      "line 1: bytes that are not UTF-8",
    ]);
  });
});

describe("parseJson", () => {
  test("gives value and problems", () => {
    expect(parseJson('{"a": 1}')).toEqual({ value: { a: 1 }, wellFormed: true, problems: [] });
    expect(parseJson('{"a": 1, "a": 2}')).toMatchObject({
      value: { a: 2 },
      wellFormed: true,
      problems: [{ path: "a" }],
    });
    expect(parseJson("{")).toMatchObject({ value: undefined, wellFormed: false, problems: [{}] });
  });
});
