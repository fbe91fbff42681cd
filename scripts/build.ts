/**
 * Builds the two standalone executables:
 *   bun scripts/build.ts [--outdir DIR]     → DIR/wingman (flight) and DIR/wingman-rig (ground), default dist/
 *
 * Without any --minify option: Bun 1.4.5's --minify-syntax built an engine that took every peer for
 * itself. Neither reads `.env`, `bunfig.toml`, `tsconfig.json` or `package.json` of the folder it
 * starts in.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

const ROOT = join(import.meta.dir, "..");

/** SHA-256 over path and content of everything that goes into the executables, as 16 hex digits. */
function buildDigest(): string {
  const hash = createHash("sha256");
  for (const file of [
    ...filesIn("src"),
    ...filesIn("firmware-config"),
    join(ROOT, "package-lock.json"),
  ]) {
    if (file.endsWith(".test.ts")) continue;
    hash.update(relative(ROOT, file)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(ROOT, folder, name))
    .filter((file) => statSync(file).isFile())
    .sort();
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

const { values } = parseArgs({
  options: { outdir: { type: "string", default: join(ROOT, "dist") } },
});
mkdirSync(values.outdir, { recursive: true });
const digest = buildDigest();
await compile("src/main.ts", join(values.outdir, "wingman"), digest);
await compile("src/rig/main.ts", join(values.outdir, "wingman-rig"), digest);
process.stdout.write(
  `built ${relative(process.cwd(), values.outdir) || "."}/wingman and wingman-rig, build ${digest}\n`,
);
