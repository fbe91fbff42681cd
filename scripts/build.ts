/**
 * Builds the two standalone executables:
 *   bun scripts/build.ts [--target T] [--outdir DIR]
 *     → DIR/wingman (flight) and DIR/wingman-rig (ground). Without --target: for this machine, in
 *       dist/. Targets: linux-x64, linux-arm64, linux-x64-musl, linux-arm64-musl, in dist/T/.
 *
 * One commit gives the same bytes in every folder, at any time and in every environment, if it is
 * built on the same kind of machine: cross-compiled executables carry a bit (Bun's
 * `cross_compiled_bytecode`). Without a repository the environment variable SOURCE_COMMIT names the
 * commit.
 *
 * No --minify option is used: Bun 1.4.5's --minify-syntax built an engine that took every peer for
 * itself. Neither executable reads `.env`, `bunfig.toml`, `tsconfig.json` or `package.json` of the
 * folder it starts in.
 */
import { createHash } from "node:crypto";
import { readFileSync, renameSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { partFolder } from "./build/part-folder.ts";
import { runtimeOf } from "./build/runtime.ts";
import { CommitError, sourceCommit } from "./build/source-commit.ts";
import { ownTarget, type Target, targetNamed, targetNames } from "./build/target.ts";

const ROOT = join(import.meta.dir, "..");
const ENTRIES = { wingman: "src/main.ts", "wingman-rig": "src/rig/main.ts" } as const;
/** Files that determine the build in addition to its inputs. */
export const RECIPE = ["scripts/build.ts", "scripts/build", "package-lock.json", "tsconfig.json"];

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/**
 * Every file that goes into the executables, as found by the bundler, relative to the root and
 * sorted. Types, and files that no entry imports, are not among them.
 */
export async function buildInputs(): Promise<string[]> {
  const { metafile } = await Bun.build({
    root: ROOT,
    entrypoints: Object.values(ENTRIES).map((entry) => join(ROOT, entry)),
    target: "bun",
    splitting: true,
    metafile: true,
  });
  if (metafile === undefined) throw new Error("the bundler does not say what it took");
  return Object.keys(metafile.inputs)
    .map((input) => relative(ROOT, join(process.cwd(), input)))
    .sort();
}

/**
 * SHA-256 over path and content of everything that goes into the executables, and over their
 * runtime, as 16 hex digits.
 */
export function buildDigest(inputs: readonly string[]): string {
  const hash = createHash("sha256").update(Bun.revision);
  for (const input of inputs)
    hash
      .update(input)
      .update("\0")
      .update(readFileSync(join(ROOT, input)))
      .update("\0");
  return hash.digest("hex").slice(0, 16);
}

/** Identity built into the executable. */
interface Identity {
  readonly digest: string;
  readonly commit: string;
}

async function compile(
  entry: string,
  outfile: string,
  target: Target,
  { digest, commit }: Identity,
): Promise<void> {
  const defines = { BUILD_DIGEST: digest, BUILD_COMMIT: commit, BUILD_TARGET: target.name };
  const args = [
    "build",
    "--compile",
    `--target=bun-${target.name}`,
    `--compile-executable-path=${await runtimeOf(target, ROOT)}`,
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    "--no-compile-autoload-tsconfig",
    "--no-compile-autoload-package-json",
    "--splitting",
    "--bytecode",
    "--format=esm",
    ...Object.entries(defines).map(([name, value]) => `--define=${name}=${JSON.stringify(value)}`),
    entry,
    "--outfile",
    outfile,
  ];
  const build = Bun.spawn([process.execPath, ...args], {
    cwd: ROOT,
    // BUN_OPTIONS and the like would change the result.
    env: { PATH: process.env.PATH ?? "" },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    new Response(build.stdout).text(),
    new Response(build.stderr).text(),
    build.exited,
  ]);
  if (code !== 0) throw new Error(`building ${entry} failed:\n${out}${err}`);
}

/** Builds both executables or none. @throws Error, CommitError */
async function build(target: Target, outdir: string): Promise<void> {
  const warn = (text: string) => process.stderr.write(`build: ${text}\n`);
  const inputs = await buildInputs();
  const commit = sourceCommit(ROOT, [...RECIPE, ...inputs], warn);
  const identity = { digest: buildDigest(inputs), commit };
  const part = partFolder(outdir);
  try {
    for (const [name, entry] of Object.entries(ENTRIES))
      await compile(entry, join(part, name), target, identity);
    for (const name of Object.keys(ENTRIES)) renameSync(join(part, name), join(outdir, name));
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  const where = relative(process.cwd(), outdir) || ".";
  process.stdout.write(
    `built ${where}/wingman and wingman-rig for ${target.name}, build ${identity.digest}, commit ${commit}\n`,
  );
}

/** Parses the command line. @throws TypeError when it is wrong */
function options(args: string[]): { target: Target; outdir: string } {
  const { values } = parseArgs({
    args,
    options: { target: { type: "string" }, outdir: { type: "string" } },
  });
  const own = ownTarget();
  const target = values.target === undefined ? own : targetNamed(values.target);
  if (target === null)
    throw new TypeError(`--target: found "${values.target}", expected ${targetNames()}`);
  const dist = values.target === undefined ? "dist" : join("dist", target.name);
  return {
    target,
    outdir: values.outdir === undefined ? join(ROOT, dist) : resolve(values.outdir),
  };
}

/** Exit code. */
async function main(args: string[]): Promise<number> {
  try {
    const { target, outdir } = options(args);
    await build(target, outdir);
    return 0;
  } catch (error) {
    process.stderr.write(`build: ${(error as Error).message}\n`);
    return error instanceof TypeError || error instanceof CommitError ? EXIT_USAGE : EXIT_FAILED;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
