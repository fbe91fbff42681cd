/**
 * `npm run package -- --key FILE --out DIR [--config FILE] [--target TARGET] [--layout LAYOUT]
 * [--executable FILE] [--build DIGEST]`
 *
 * Makes the loadable part of a firmware configuration in DIR, signed and checked. The same inputs
 * give the same bytes. Exit code 0: DIR is whole; 1: it could not be written; 2: the command line,
 * the key, the configuration or the executable is wrong.
 *   --key         private Ed25519 key in PEM (PKCS#8)
 *   --out         directory of the part; must be missing or empty
 *   --config      default: the default aircraft
 *   --target      linux-x64, linux-arm64, linux-x64-musl or linux-arm64-musl; default: this machine
 *   --layout      665-3 (default) or 665-2
 *   --executable  executable for the target; default: the output of npm run build
 *   --build       build digest in the executable; default: that of this source
 */
import { createPublicKey, type KeyObject } from "node:crypto";
import { existsSync } from "node:fs";
import { join, relative } from "node:path";
import {
  CommandError,
  EXIT_FAILED,
  InputFileError,
  UsageError,
} from "../src/command-line/errors.ts";
import { parseOptions, requireConfig } from "../src/command-line/options.ts";
import { readTextFile } from "../src/config/json-file.ts";
import { alternatives, quoted } from "../src/config/problem.ts";
import { LAYOUTS } from "../src/part/layout.ts";
import { TARGETS, type Target } from "../src/part/manifest.ts";
import { verifyPart } from "../src/part/verify.ts";
import { ownTarget } from "./build/target.ts";
import { buildDigest, buildInputs } from "./build.ts";
import { requireFree, writeDirectory } from "./package/directory-writer.ts";
import { aboutPart, partFiles, secretFiles } from "./package/part-contents.ts";
import { partOf } from "./package/part-writer.ts";
import { readPrivateKey } from "./package/signing.ts";

const ROOT = join(import.meta.dir, "..");
const FIRMWARE_CONFIG = join(ROOT, "firmware-config");
const DEFAULT_CONFIG = join(FIRMWARE_CONFIG, "single-aisle-180.json");

/** Output path of `npm run build` for a target. */
function builtFor(target: Target): string {
  const dist = join(ROOT, "dist");
  return target === ownTarget().name ? join(dist, "wingman") : join(dist, target, "wingman");
}

const OPTIONS = {
  key: "value",
  out: "value",
  config: "value",
  target: "value",
  layout: "value",
  executable: "value",
  build: "value",
} as const;

async function packagePart(args: string[]): Promise<void> {
  const { options } = parseOptions("package", args, OPTIONS);
  const keyFile = required(options.key, "key", "the file of the private key");
  const out = required(options.out, "out", "the directory of the part");
  const target = choice("target", options.target ?? ownTarget().name, TARGETS);
  const layout = choice("layout", options.layout ?? "665-3", LAYOUTS);
  const executable = options.executable ?? builtFor(target);
  if (!existsSync(executable))
    throw new UsageError(
      `package: found no ${relative(process.cwd(), executable)}, expected the executable for ${target}: npm run build -- --target ${target}`,
    );
  requireFree(out);
  const key = requireKey(keyFile);
  const configFile = options.config ?? DEFAULT_CONFIG;
  const loaded = requireConfig(configFile);

  const build = options.build ?? buildDigest(await buildInputs());
  const about = aboutPart(loaded, target, build);
  const files = partFiles(executable, target, build, loaded, configFile, FIRMWARE_CONFIG);
  const medium = partOf(about, files, key, layout);
  const publicKey = createPublicKey(key);
  writeDirectory(out, medium, (directory) => verifyPart(directory, [publicKey]));

  for (const [path, file] of secretFiles(loaded.config))
    process.stderr.write(
      `package: ${path}: ${quoted(file)} is not in the part: name it by an absolute path\n`,
    );
  const bytes = [...medium.values()].reduce((sum, content) => sum + content.length, 0);
  const size = `${medium.size} files, ${bytes.toLocaleString("en-US")} bytes`;
  const where = relative(process.cwd(), out) || ".";
  process.stdout.write(
    `packaged ${about.partNumber} (${target}, ${layout}, build ${build}) in ${where}: ${size}\n`,
  );
}

function required(value: string | undefined, name: string, expected: string): string {
  if (value === undefined)
    throw new UsageError(`package: --${name} is missing, expected ${expected}`);
  return value;
}

function choice<Name extends string>(option: string, value: string, names: readonly Name[]): Name {
  const chosen = names.find((name) => name === value);
  if (chosen !== undefined) return chosen;
  throw new UsageError(
    `package: --${option}: found ${quoted(value)}, expected ${alternatives(names)}`,
  );
}

function requireKey(file: string): KeyObject {
  const reading = readTextFile(file);
  if (!reading.ok) throw new InputFileError({ source: file, problems: reading.problems });
  const key = readPrivateKey(reading.text);
  if (key.ok) return key.key;
  const expected = "an Ed25519 private key in PEM (PKCS#8)";
  throw new InputFileError({ source: file, problems: [{ path: "", found: key.found, expected }] });
}

try {
  await packagePart(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`package: ${(error as Error).message.replace(/^package: /, "")}\n`);
  process.exitCode = error instanceof CommandError ? error.exitCode : EXIT_FAILED;
}
