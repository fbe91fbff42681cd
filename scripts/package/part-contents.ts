/** Files of the part of a firmware configuration, and their description in the manifest. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, isAbsolute, join, resolve } from "node:path";
import packageFile from "../../package.json" with { type: "json" };
import { InputFileError } from "../../src/command-line/errors.ts";
import { tableDigestText } from "../../src/config/digest.ts";
import type { LoadedConfig } from "../../src/config/load.ts";
import type { AircraftConfig, Problem } from "../../src/config/model.ts";
import { quoted } from "../../src/config/problem.ts";
import type { Target } from "../../src/part/manifest.ts";
import { readTrustedKeys } from "../../src/part/trust.ts";
import { KEEP_ALIVE_VERSION } from "../../src/wire/keep-alive.ts";
import { executableTarget } from "./executable-target.ts";
import type { PartAbout, PartFile } from "./part-writer.ts";

/** The first release with parts. */
const MINIMUM_VERSION = "0.1.0";

const CONFIGURATION = "aircraft.json";
const EXECUTABLE = "wingman";
const FILE_MODE = 0o644;
const EXECUTABLE_MODE = 0o755;

/** @throws InputFileError when the configuration has no part number */
export function aboutPart(
  { config, source }: LoadedConfig,
  target: Target,
  build: string,
): PartAbout {
  if (config.partNumber === "") {
    const expected = "the part number of the part";
    throw new InputFileError({
      source,
      problems: [{ path: "partNumber", found: "nothing", expected }],
    });
  }
  return {
    partNumber: config.partNumber,
    system: config.system,
    target,
    hardware: [config.parts.hardware],
    version: packageFile.version,
    minimumVersion: MINIMUM_VERSION,
    protocol: KEEP_ALIVE_VERSION,
    build,
    tableDigest: tableDigestText(config),
  };
}

/**
 * Executable, configuration as written, the public keys that it names beside itself, units.
 *
 * @param configFile the file that `loaded` was read from
 * @param folder firmware-config/: its files other than configurations, and those in a subdirectory
 * named after the target
 * @throws InputFileError
 */
export function partFiles(
  executable: string,
  target: Target,
  build: string,
  loaded: LoadedConfig,
  configFile: string,
  folder: string,
): PartFile[] {
  const files = [
    { installName: EXECUTABLE, ...requireExecutable(executable, target, build) },
    { installName: CONFIGURATION, mode: FILE_MODE, content: readFileSync(configFile) },
    ...trustedKeys(loaded),
    ...filesOf(folder),
    ...filesOf(join(folder, target)),
  ];
  const names = files.map(({ installName }) => installName.toLowerCase());
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated === undefined) return files;
  const found = `two files with the name ${quoted(repeated)}`;
  const problems = [{ path: "", found, expected: "one for each name in the part" }];
  throw new InputFileError({ source: folder, problems });
}

/** Relative files that the configuration names but no part carries: they are secret. */
export function secretFiles({
  keepAlive,
  maintenance,
}: AircraftConfig): [key: string, file: string][] {
  const named: [string, string | null][] = [
    ["keepAlive.keyFile", keepAlive.keyFile],
    ["keepAlive.acceptKeyFile", keepAlive.acceptKeyFile],
    ["maintenance.web.tokenFile", maintenance.web.tokenFile],
  ];
  return named.flatMap(([key, file]) => (file === null || isAbsolute(file) ? [] : [[key, file]]));
}

function requireExecutable(
  file: string,
  target: Target,
  build: string,
): { mode: number; content: Uint8Array } {
  const refused = (found: string, expected: string) =>
    new InputFileError({ source: file, problems: [{ path: "", found, expected }] });
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    const found = code === "ENOENT" ? "no such file" : `a file that cannot be read (${code})`;
    throw refused(found, "the built executable ('npm run build')");
  }
  const found = executableTarget(content);
  if (found !== target)
    throw refused(found === null ? "no executable" : `one for ${found}`, `one for ${target}`);
  if (!content.includes(build))
    throw refused(
      `no build digest ${build} in it`,
      "an executable of this source ('npm run build'), or --build with its digest",
    );
  return { mode: EXECUTABLE_MODE, content };
}

/** Keys beside the configuration are found wherever the part is installed. */
function trustedKeys({ config, source, directory }: LoadedConfig): PartFile[] {
  const { trust } = config.parts;
  const problems: Problem[] = trust.flatMap((name, index) => {
    if (isAbsolute(name) || basename(name) === name) return [];
    const expected = "an absolute path, or a name beside the configuration";
    return [{ path: `parts.trust[${index}]`, found: quoted(name), expected }];
  });
  const beside = trust.map((name) => (isAbsolute(name) ? null : name));
  const reading = readTrustedKeys(
    beside.filter((name) => name !== null),
    directory,
  );
  if (!reading.ok) problems.push(...reading.problems);
  if (problems.length > 0) throw new InputFileError({ source, problems });
  return beside
    .filter((name) => name !== null)
    .map((name) => ({
      installName: name,
      mode: FILE_MODE,
      content: readFileSync(resolve(directory, name)),
    }));
}

/** Regular files of a directory that are no configurations; none without the directory. */
function filesOf(folder: string): PartFile[] {
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch {
    return [];
  }
  return names
    .filter((name) => !name.startsWith(".") && !name.endsWith(".json"))
    .map((name) => ({ name, path: join(folder, name) }))
    .filter(({ path }) => statSync(path).isFile())
    .map(({ name, path }) => ({
      installName: name,
      mode: (statSync(path).mode & 0o100) === 0 ? FILE_MODE : EXECUTABLE_MODE,
      content: readFileSync(path),
    }));
}
