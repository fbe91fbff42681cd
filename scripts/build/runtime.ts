/**
 * The Bun executable that becomes an executable of Wingman.
 *
 * For the building machine it is the one that runs this script. For any other target it comes from
 * the npm registry, in the version and with the checksum of package-lock.json, and is kept in
 * `.cache/`: fetched once, then checked by its own checksum at each use.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { partFolder } from "./part-folder.ts";
import { ownTarget, type Target } from "./target.ts";

/** Entry of a package in package-lock.json. */
interface LockedPackage {
  readonly version: string;
  /** Subresource integrity of the tarball: `sha512-` and base64. */
  readonly integrity: string;
}

/**
 * Path of the Bun executable for a target. `root` is the directory with package-lock.json, `npm`
 * the command that fetches packages.
 *
 * @throws Error when it is not available as package-lock.json requires
 */
export async function runtimeOf(target: Target, root: string, npm = "npm"): Promise<string> {
  if (target.name !== ownTarget().name) return await foreignRuntime(target, root, npm);
  const { version } = locked("bun", root);
  if (Bun.version !== version)
    throw new Error(
      `this script runs in Bun ${Bun.version}, expected ${version} as in package-lock.json: npx bun scripts/build.ts`,
    );
  return process.execPath;
}

async function foreignRuntime(target: Target, root: string, npm: string): Promise<string> {
  const { version, integrity } = locked(target.package, root);
  const cache = join(root, ".cache");
  const folder = join(cache, `bun-${version}-${target.name}`);
  const runtime = join(folder, "bun");
  if (isWhole(runtime)) return runtime;

  const part = partFolder(cache);
  try {
    const specifier = `${target.package}@${version}`;
    process.stderr.write(`build: fetching ${specifier} for ${target.name}\n`);
    const tarball = await fetched(npm, specifier, part);
    const found = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
    if (found !== integrity)
      throw new Error(
        `${specifier}: found integrity ${found}, expected ${integrity} as in package-lock.json`,
      );
    await run(
      ["tar", "-xzf", tarball, "-C", part, "--strip-components=2", "package/bin/bun"],
      part,
    );
    chmodSync(join(part, "bun"), 0o755);
    // The checksum is written last: an interrupted copy has none, and is fetched again.
    mkdirSync(folder, { recursive: true });
    rmSync(checksumOf(runtime), { force: true });
    renameSync(join(part, "bun"), runtime);
    writeFileSync(join(part, "checksum"), sha256(runtime));
    renameSync(join(part, "checksum"), checksumOf(runtime));
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  process.stderr.write(`build: kept in ${relative(process.cwd(), folder)}\n`);
  return runtime;
}

function locked(name: string, root: string): LockedPackage {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const found: Partial<LockedPackage> | undefined = lock.packages[`node_modules/${name}`];
  if (found?.version === undefined || !found.integrity?.startsWith("sha512-"))
    throw new Error(
      `package-lock.json: packages["node_modules/${name}"]: found no version with a sha512 integrity, expected both`,
    );
  return { version: found.version, integrity: found.integrity };
}

const checksumOf = (runtime: string): string => `${runtime}.sha256`;

function isWhole(runtime: string): boolean {
  const checksum = checksumOf(runtime);
  if (!existsSync(runtime) || !existsSync(checksum)) return false;
  return readFileSync(checksum, "utf8") === sha256(runtime);
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** Path of the package's tarball, fetched into `folder`. */
async function fetched(npm: string, specifier: string, folder: string): Promise<string> {
  const options = ["--pack-destination", folder, "--silent", "--ignore-scripts"];
  const printed = await run([npm, "pack", specifier, ...options], folder);
  return join(folder, printed.trim().split("\n").at(-1) ?? "");
}

/** Runs a command to its end; returns its output. @throws Error with its error output */
async function run(command: string[], folder: string): Promise<string> {
  const child = Bun.spawn(command, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code === 0) return out;
  throw new Error(`${command.slice(0, 3).join(" ")} failed with exit code ${code}\n${out}${err}`);
}
