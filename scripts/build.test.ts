import { expect, test } from "bun:test";
import { cpSync, readdirSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../test/harness/run-mark.ts";
import { buildInputs, RECIPE } from "./build.ts";

const ROOT = join(import.meta.dir, "..");
const COMMIT = "0123456789abcdef0123456789abcdef01234567";

test("the build consists of the product and its one dependency: changes of tests and scripts do not change it", async () => {
  const inputs = await buildInputs();
  for (const wanted of ["src/main.ts", "src/rig/main.ts", "src/manage/web/page/page.css"])
    expect(inputs).toContain(wanted);
  const isProduct =
    /^src\/(?!.*\.test\.ts$)|^firmware-config\/|^package\.json$|^node_modules\/valibot\//;
  expect(inputs.filter((input) => !isProduct.test(input))).toEqual([]);
});

test("src/ holds only sources of the build, tests and types", async () => {
  const inputs = new Set(await buildInputs());
  const others = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .map((name) => `src/${name}`)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !inputs.has(name));
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const withCode = others.filter(
    (name) => transpiler.transformSync(readFileSync(join(ROOT, name), "utf8")).trim() !== "",
  );
  expect(withCode).toEqual([]);
});

/** Copies all that is built from, each file last changed at that time. */
async function copySources(folder: string, changed: Date): Promise<void> {
  const paths = [...(await buildInputs()), ...RECIPE, "node_modules/valibot/package.json"];
  for (const path of paths) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true });
    utimesSync(join(folder, path), changed, changed);
  }
}

function build(folder: string, environment: Record<string, string>) {
  const { exitCode, stderr } = Bun.spawnSync([process.execPath, "scripts/build.ts"], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", ...environment },
  });
  return { exitCode, stderr: stderr.toString() };
}

test("one commit gives the same bytes: in another folder, at another time, in another environment", async () => {
  const scratch = scratchDirectory("build");
  try {
    const [one, other] = [join(scratch, "one"), join(scratch, "further/down and longer")];
    await copySources(one, new Date("2020-02-29T12:00:00Z"));
    await copySources(other, new Date());
    const environments = [
      { SOURCE_COMMIT: COMMIT },
      {
        ...{ SOURCE_COMMIT: COMMIT, TZ: "Asia/Tokyo", NODE_ENV: "production", HOME: other },
        ...{ BUN_OPTIONS: "--minify-whitespace", TMPDIR: scratch },
      },
    ];
    const built = { exitCode: 0, stderr: "" };
    expect([one, other].map((folder, place) => build(folder, environments[place] ?? {}))).toEqual([
      built,
      built,
    ]);
    for (const name of ["wingman", "wingman-rig"]) {
      const [bytes, others] = [one, other].map((folder) =>
        readFileSync(join(folder, "dist", name)),
      );
      expect(bytes?.equals(others as Buffer)).toBe(true);
      for (const path of [scratch, ROOT]) expect(bytes?.includes(path)).toBe(false);
    }
    const version = Bun.spawnSync([join(one, "dist/wingman"), "version", "--json"]);
    expect(JSON.parse(version.stdout.toString()).commit).toBe(COMMIT);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}, 120_000);

test.each([
  [["--target", "linux-riscv"], {}, '--target: found "linux-riscv", expected linux-x64, '],
  [["--outdri", "x"], {}, "Unknown option '--outdri'"],
  [[], { SOURCE_COMMIT: "v1.2" }, 'SOURCE_COMMIT: found "v1.2", expected 40 or 64 hexadecimal'],
])("a wrong command line builds nothing and says so: %p %p", (args, environment, expected) => {
  const scratch = scratchDirectory("build");
  try {
    const command = [process.execPath, "scripts/build.ts", ...args];
    if (args.length === 0) command.push("--outdir", scratch);
    const { exitCode, stderr } = Bun.spawnSync(command, {
      cwd: ROOT,
      env: { ...process.env, ...environment },
    });
    expect(exitCode).toBe(2);
    expect(stderr.toString()).toStartWith(`build: ${expected}`);
    expect(readdirSync(scratch)).toEqual([]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
