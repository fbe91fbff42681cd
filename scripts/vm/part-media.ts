/** The loadable parts of a run, signed with a key that is made for it and not kept. */
import { generateKeyPairSync, type KeyObject, randomFillSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requireConfig } from "../../src/command-line/options.ts";
import { ownTarget } from "../build/target.ts";
import { buildDigest, buildInputs } from "../build.ts";
import type { Medium } from "../package/media-set-writer.ts";
import { aboutPart, partFiles } from "../package/part-contents.ts";
import { partOf } from "../package/part-writer.ts";
import { PART_KEY } from "./aircraft.ts";

const FIRMWARE_CONFIG = join(import.meta.dir, "../../firmware-config");
const EXECUTABLE = "wingman";
/** The kernel takes its begin for a program, and finds nothing behind it. */
const BROKEN_BYTES = 64 << 10;
/** Size of the stand-in for an executable: hundreds of blocks, each sector of which counts. */
const SMALL_BYTES = 500_001;
const BROKEN_NUMBER = "WNG5D00020001";
const SMALL_NUMBERS = ["WNG5C00030001", "WNG5B00040001", "WNG5A00050001"];

export interface MadePart {
  readonly partNumber: string;
  readonly medium: Medium;
}

export interface PartMedia {
  readonly publicKey: KeyObject;
  /** Contains the built executable. */
  readonly real: MadePart;
  /** Contains a truncated one: the part is whole, but nothing of it starts. */
  readonly broken: MadePart;
  /** Contains noise: to be installed, and never to be started. */
  readonly small: readonly MadePart[];
}

/** @param directory new: receives the configuration and its key */
export async function makeParts(
  wingman: string,
  configuration: string,
  directory: string,
): Promise<PartMedia> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  mkdirSync(directory);
  const configFile = join(directory, "aircraft.json");
  writeFileSync(configFile, configuration);
  writeFileSync(join(directory, PART_KEY), pemOf(publicKey));
  const loaded = requireConfig(configFile);
  const { name: target } = ownTarget();
  const build = buildDigest(await buildInputs());
  const about = aboutPart(loaded, target, build);
  const files = partFiles(wingman, target, build, loaded, configFile, FIRMWARE_CONFIG);
  const made = (partNumber: string, change: (content: Uint8Array) => Uint8Array): MadePart => {
    const changed = files.map((file) =>
      file.installName === EXECUTABLE ? { ...file, content: change(file.content) } : file,
    );
    return { partNumber, medium: partOf({ ...about, partNumber }, changed, privateKey, "665-3") };
  };
  return {
    publicKey,
    real: made(about.partNumber, (content) => content),
    broken: made(BROKEN_NUMBER, (content) => content.subarray(0, BROKEN_BYTES)),
    small: SMALL_NUMBERS.map((number) =>
      made(number, () => randomFillSync(new Uint8Array(SMALL_BYTES))),
    ),
  };
}

export const pemOf = (key: KeyObject): string =>
  key.export({ type: "spki", format: "pem" }).toString();

/** Writes a part as the files of a directory. */
export function writeMedium(directory: string, { medium }: MadePart): void {
  mkdirSync(directory, { recursive: true });
  for (const [name, content] of medium) writeFileSync(join(directory, name), content);
}
