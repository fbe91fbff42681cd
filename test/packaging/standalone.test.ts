/** The two executables stand alone: nothing in the folder they start in changes what they do. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../harness/run-mark.ts";

const DIST = join(import.meta.dir, "../../dist");
const folder = scratchDirectory("packaging");
const mark = join(folder, "was-here");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(cwd: string, executable: string, ...args: string[]) {
  const { exitCode, stdout, stderr } = Bun.spawnSync([join(DIST, executable), ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? "" },
  });
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** A folder full of files that Bun itself would honour, each of which would leave a trace. */
function folderWithStrayFiles(): string {
  const code = `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "x");\n`;
  const stray = join(folder, "stray");
  mkdirSync(join(stray, "node_modules/valibot"), { recursive: true });
  writeFileSync(join(stray, "preload.ts"), code);
  writeFileSync(join(stray, "bunfig.toml"), 'preload = ["./preload.ts"]\n[run]\nbun = true\n');
  for (const name of [".env", ".env.local", ".env.production", ".env.development"]) {
    writeFileSync(
      join(stray, name),
      `NODE_OPTIONS=--require=${stray}/preload.ts\nWINGMAN_RUN_DIR=/nowhere\nTZ=Nowhere/Else\n`,
    );
  }
  writeFileSync(
    join(stray, "tsconfig.json"),
    '{ "compilerOptions": { "paths": { "valibot": ["./preload.ts"] } } }',
  );
  writeFileSync(
    join(stray, "package.json"),
    '{ "name": "other", "version": "9.9.9", "imports": { "#x": "./preload.ts" } }',
  );
  writeFileSync(
    join(stray, "node_modules/valibot/package.json"),
    '{ "name": "valibot", "main": "index.js" }',
  );
  writeFileSync(join(stray, "node_modules/valibot/index.js"), code);
  writeFileSync(join(stray, "single-aisle-180.json"), "{}");
  return stray;
}

describe("the flight executable", () => {
  test("does the same in a folder full of stray files as in an empty one", () => {
    const stray = folderWithStrayFiles();
    const empty = join(folder, "empty");
    mkdirSync(empty);
    for (const args of [
      ["version", "--json"],
      ["check", "--json"],
      ["plan", "--down", "a", "--json"],
      ["help"],
    ]) {
      const expected = start(empty, "wingman", ...args);
      expect(expected.exitCode).toBe(0);
      expect(start(stray, "wingman", ...args)).toEqual(expected);
    }
    expect(existsSync(mark)).toBe(false);
  });

  test("knows its default aircraft, part number and build by heart", () => {
    const version = JSON.parse(start(folder, "wingman", "version", "--json").stdout);
    const aircraft = JSON.parse(
      readFileSync(join(import.meta.dir, "../../firmware-config/single-aisle-180.json"), "utf8"),
    );
    expect(version.partNumber).toBe(aircraft.partNumber);
    expect(version.system).toBe(aircraft.system);
    expect(version.buildDigest).toMatch(/^[0-9a-f]{16}$/);
    expect(version.commit).toMatch(/^(?:[0-9a-f]{40,64}(?:-dirty)?|unknown)$/);
  });
});

test("the ground rig is another executable and the flight executable does not contain it", () => {
  expect(statSync(join(DIST, "wingman-rig")).mode & 0o111).not.toBe(0);
  const flight = readFileSync(join(DIST, "wingman"));
  const rig = readFileSync(join(DIST, "wingman-rig"));
  // The name of the rig's own seat process; a file of the source names every module in it.
  expect(rig.includes("src/rig/")).toBe(true);
  expect(flight.includes("src/rig/")).toBe(false);
  expect(flight.includes("toJsonSchema")).toBe(false); // a development tool
});
