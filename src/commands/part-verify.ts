/** `wingman part verify`: whether a loadable part is whole and made by somebody who is trusted. */
import type { KeyObject } from "node:crypto";
import { EXIT_DONE, EXIT_FAILED, InputFileError, UsageError } from "../command-line/errors.ts";
import { parseOptions, requireConfig } from "../command-line/options.ts";
import { readTrustedKey, readTrustedKeys } from "../part/trust.ts";
import { PartError, type VerifiedPart, verifyPart } from "../part/verify.ts";

const OPTIONS = { trust: "value", config: "value", json: "flag" } as const;

/** Exit code 1 when the part is not right. @throws UsageError, InputFileError */
export async function verify(args: string[]): Promise<number> {
  const { options, operands } = parseOptions("part verify", args, OPTIONS, 1);
  const [directory] = operands;
  if (directory === undefined)
    throw new UsageError("part verify: expected the directory of a part");
  const keys = requireKeys(options.trust, options.config);
  try {
    const part = verifyPart(directory, keys);
    console.log(options.json ? JSON.stringify({ ok: true, ...part }, null, 2) : textOf(part));
    return EXIT_DONE;
  } catch (error) {
    if (!(error instanceof PartError)) throw error;
    const { file, field, found, expected } = error;
    if (options.json)
      console.log(
        JSON.stringify({ ok: false, problem: { file, field, found, expected } }, null, 2),
      );
    else console.error(`wingman: part verify: ${error.message}`);
    return EXIT_FAILED;
  }
}

/** One from the command line, or those of the configuration. */
export function requireKeys(
  trust: string | undefined,
  configFile: string | undefined,
): KeyObject[] {
  if (trust !== undefined) {
    const reading = readTrustedKey(trust);
    if (reading.ok) return [reading.key];
    const { found, expected } = reading;
    throw new InputFileError({ source: trust, problems: [{ path: "", found, expected }] });
  }
  const { config, source, directory } = requireConfig(configFile);
  const reading = readTrustedKeys(config.parts.trust, directory);
  if (!reading.ok) throw new InputFileError({ source, problems: reading.problems });
  if (reading.keys.length > 0) return reading.keys;
  throw new UsageError(
    `part: no key to verify with: found no parts.trust in ${source}, expected one there, or --trust FILE`,
  );
}

function textOf(part: VerifiedPart): string {
  const files = part.files.map(({ installName, mode, bytes, sha256 }) => [
    `  ${installName.padEnd(24)} 0${mode.toString(8).padStart(3, "0")}`,
    `${bytes.toLocaleString("en-US").padStart(13)} bytes`,
    `\n    sha256 ${sha256}`,
  ]);
  return [
    `part number    ${part.partNumber}`,
    `system         ${part.system}`,
    `target         ${part.target}`,
    `hardware       ${part.hardware.join(" ")}`,
    `release        ${part.version}, installed by ${part.minimumVersion} or newer`,
    `keep-alives    version ${part.protocol}`,
    `build digest   ${part.build}`,
    `table digest   ${part.tableDigest}`,
    `layout         ${part.layout}`,
    "files",
    ...files.map((words) => words.join(" ").replace(" \n", "\n")),
    "whole, and signed by a trusted key",
  ].join("\n");
}
