/**
 * `MANIFEST.JSN`: the content of a part and its destination, signed as a whole. The load header
 * cannot provide this: it has neither installed names nor modes, and whoever changes a file can
 * also change its checksums.
 */
import * as v from "valibot";
import { parseJson } from "../config/json-file.ts";
import { quoted } from "../config/problem.ts";
import { schemaProblems } from "../config/schema-problems.ts";
import {
  HardwareIdSchema,
  list,
  PartNumberSchema,
  text,
  wholeNumber,
} from "../config/schema-values.ts";
import { PART_FILES_MAX } from "../limits.ts";
import { FILE_NAME_EXPECTED, fileNameObjection, MANIFEST_FILE } from "./file-name.ts";
import { PartError } from "./part-error.ts";

export const TARGETS = ["linux-x64", "linux-arm64", "linux-x64-musl", "linux-arm64-musl"] as const;
export type Target = (typeof TARGETS)[number];

/** Another format has other rules: a program that does not know it must refuse the part. */
export const MANIFEST_FORMAT = 1;

const VERSION = /^\d{1,5}\.\d{1,5}\.\d{1,5}$/;
const SHA_256 = /^[0-9a-f]{64}$/;

/** File systems allow no longer name, and no such name leads out of its directory. */
const INSTALL_NAME = /^(?!\.)[A-Za-z0-9._@:+-]{1,255}$/;

const mediumName = v.pipe(
  v.string(FILE_NAME_EXPECTED),
  v.check((name) => fileNameObjection(name) === null, FILE_NAME_EXPECTED),
);

const FileSchema = v.strictObject(
  {
    name: v.pipe(mediumName, v.description("Name on the medium.")),
    installName: text(
      INSTALL_NAME,
      'a name of 1 to 255 letters, digits, ".", "_", "@", ":", "+" and "-", not starting with "."',
      "Name in the directory in which the part is installed.",
    ),
    mode: text(/^0[0-7]{3}$/, 'four octal digits, such as "0755"', "Permissions once installed."),
    bytes: wholeNumber(0, Number.MAX_SAFE_INTEGER, "Size, without a pad byte on the medium."),
    sha256: text(SHA_256, "64 hex digits", "SHA-256 of these bytes."),
  },
  "a file: an object with name, installName, mode, bytes and sha256",
);

export const ManifestSchema = v.strictObject(
  {
    format: v.literal(MANIFEST_FORMAT, `${MANIFEST_FORMAT}, the format that this release knows`),
    partNumber: PartNumberSchema,
    system: text(/^[ -~]{1,64}$/, "1 to 64 printable characters", "System of the configuration."),
    target: v.picklist(TARGETS, TARGETS.map(quoted).join(", ")),
    hardware: list(HardwareIdSchema, 1, 16, "hardware ids", "Hardware that the part is for."),
    version: text(VERSION, "three numbers with dots", "Release of the executable."),
    minimumVersion: text(VERSION, "three numbers with dots", "Oldest release that may install it."),
    protocol: wholeNumber(0, 255, "Version of the keep-alives that it sends."),
    build: text(/^[!-~]{1,64}$/, "1 to 64 printable characters", "Build digest."),
    tableDigest: text(SHA_256, "64 hex digits", "Table digest of the configuration."),
    files: list(FileSchema, 1, PART_FILES_MAX, "files", "All but the manifest and its signature."),
  },
  "a JSON object",
);

export type Manifest = v.InferOutput<typeof ManifestSchema>;

/** The signed text. Of even size, so that no layout has to pad it. */
export function manifestText(manifest: Manifest): string {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  return Buffer.byteLength(text) % 2 === 0 ? text : `${text}\n`;
}

/** @throws PartError that names the first wrong key */
export function parseManifest(bytes: Uint8Array): Manifest {
  const { value, wellFormed, problems } = parseJson(Buffer.from(bytes).toString("utf8"));
  const [problem] = [...problems, ...(wellFormed ? schemaProblems(ManifestSchema, value, "") : [])];
  if (problem !== undefined)
    throw new PartError(
      MANIFEST_FILE,
      problem.path === "" ? "content" : problem.path,
      problem.found,
      problem.expected,
    );
  const manifest = v.parse(ManifestSchema, value);
  requireUnique(manifest, "name");
  requireUnique(manifest, "installName");
  return manifest;
}

/** Also case-insensitive: media and their readers often ignore case. */
function requireUnique({ files }: Manifest, key: "name" | "installName"): void {
  const seen = new Set<string>();
  files.forEach((file, index) => {
    const folded = file[key].toLowerCase();
    if (seen.has(folded))
      throw new PartError(
        MANIFEST_FILE,
        `files[${index}].${key}`,
        `${quoted(file[key])} again`,
        "a name of no other file",
      );
    seen.add(folded);
  });
}
