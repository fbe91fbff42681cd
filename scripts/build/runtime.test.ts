import { afterEach, beforeEach, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { run } from "../../test/harness/command.ts";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { runtimeOf } from "./runtime.ts";
import { ownTarget, TARGETS } from "./target.ts";

const FOREIGN = TARGETS.find(({ name }) => name !== ownTarget().name) as (typeof TARGETS)[number];

let root: string;
/** Written to by the stand-in for npm, a line each time. */
let calls: string;

beforeEach(() => {
  root = scratchDirectory("runtime");
  calls = join(root, "calls");
  writeFileSync(calls, "");
  mkdirSync(join(root, "package/bin"), { recursive: true });
  writeFileSync(join(root, "package/bin/bun"), "the runtime");
  run("tar", "-czf", join(root, "package.tgz"), "-C", root, "package");
  lock(Bun.version, integrityOf(join(root, "package.tgz")));
  npm(`cp ${root}/package.tgz "$4/package.tgz" && echo package.tgz`);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** In place of the registry: `pack NAME --pack-destination FOLDER …` does this. */
function npm(script: string): void {
  writeFileSync(standIn(), `#!/bin/sh\necho "$1 $2" >> ${calls}\n${script}\n`);
  chmodSync(standIn(), 0o755);
}

const standIn = (): string => join(root, "npm");
const foreignRuntime = (): Promise<string> => runtimeOf(FOREIGN, root, standIn());

function lock(version: string, integrity: string | undefined): void {
  const packages = {
    "node_modules/bun": { version, integrity: "sha512-x" },
    [`node_modules/${FOREIGN.package}`]: { version, integrity },
  };
  writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));
}

function integrityOf(file: string): string {
  return `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
}

const fetches = (): string[] => readFileSync(calls, "utf8").trim().split("\n");

test("of another machine is fetched once, in the version of the lock file", async () => {
  const runtime = await foreignRuntime();
  expect(readFileSync(runtime, "utf8")).toBe("the runtime");
  expect(statSync(runtime).mode & 0o111).not.toBe(0);
  expect(await foreignRuntime()).toBe(runtime);
  expect(fetches()).toEqual([`pack ${FOREIGN.package}@${Bun.version}`]);
});

test("that was changed or cut short in the cache is fetched again", async () => {
  const runtime = await foreignRuntime();
  for (const harm of [
    () => appendFileSync(runtime, "x"),
    () => rmSync(`${runtime}.sha256`),
    () => rmSync(runtime),
  ]) {
    harm();
    expect(readFileSync(await foreignRuntime(), "utf8")).toBe("the runtime");
  }
  expect(fetches()).toHaveLength(4);
});

test.each([
  ["is another file than the lock file says", () => lock(Bun.version, "sha512-other"), "integrity"],
  ["has no checksum there", () => lock(Bun.version, undefined), "no version with a sha512"],
  ["cannot be had", () => npm("echo offline >&2; exit 1"), "offline"],
])("that %s is refused, and nothing of it is kept", async (_, spoil, expected) => {
  spoil();
  await expect(foreignRuntime()).rejects.toThrow(expected);
  const cache = join(root, ".cache");
  expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([]);
});

test("of this machine is the one that builds, fetched from nowhere; another version is refused", async () => {
  expect(await runtimeOf(ownTarget(), root, standIn())).toBe(process.execPath);
  expect(readFileSync(calls, "utf8")).toBe("");
  lock("0.0.1", "sha512-x");
  await expect(runtimeOf(ownTarget(), root, standIn())).rejects.toThrow(
    `this script runs in Bun ${Bun.version}, expected 0.0.1`,
  );
});
