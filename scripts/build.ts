/**
 * Builds the two standalone executables:
 *   bun scripts/build.ts [--outdir DIR]     → DIR/wingman (flight) and DIR/wingman-rig (ground), default dist/
 *
 * Without any --minify option: Bun 1.4.5's --minify-syntax built an engine that took every peer for
 * itself. Neither reads `.env`, `bunfig.toml`, `tsconfig.json` or `package.json` of the folder it
 * starts in.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

const ROOT = join(import.meta.dir, "..");
const ENTRIES = { wingman: "src/main.ts", "wingman-rig": "src/rig/main.ts" } as const;

/**
 * Every file that goes into the executables, as the bundler finds them, relative to the root and
 * sorted: types are not among them, nor is anything that no entry imports.
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
 * SHA-256 over path and content of everything that goes into the executables, and over the runtime
 * that they carry, as 16 hex digits.
 */
export async function buildDigest(): Promise<string> {
  const hash = createHash("sha256").update(Bun.revision);
  for (const input of await buildInputs())
    hash
      .update(input)
      .update("\0")
      .update(readFileSync(join(ROOT, input)))
      .update("\0");
  return hash.digest("hex").slice(0, 16);
}

async function compile(entry: string, outfile: string, digest: string): Promise<void> {
  const args = [
    "build",
    "--compile",
    "--no-compile-autoload-dotenv",
    "--no-compile-autoload-bunfig",
    "--no-compile-autoload-tsconfig",
    "--no-compile-autoload-package-json",
    "--splitting",
    "--bytecode",
    "--format=esm",
    `--define=BUILD_DIGEST=${JSON.stringify(digest)}`,
    entry,
    "--outfile",
    outfile,
  ];
  const build = Bun.spawn([process.execPath, ...args], {
    cwd: ROOT,
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

async function build(): Promise<void> {
  const { values } = parseArgs({
    options: { outdir: { type: "string", default: join(ROOT, "dist") } },
  });
  mkdirSync(values.outdir, { recursive: true });
  const digest = await buildDigest();
  for (const [name, entry] of Object.entries(ENTRIES))
    await compile(entry, join(values.outdir, name), digest);
  process.stdout.write(
    `built ${relative(process.cwd(), values.outdir) || "."}/wingman and wingman-rig, build ${digest}\n`,
  );
}

if (import.meta.main) await build();
