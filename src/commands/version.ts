/** `wingman version`: what exactly is installed, for the maintenance record. */
import packageFile from "../../package.json" with { type: "json" };
import { tableDigestText } from "../config/digest.ts";
import { EXIT_DONE } from "./errors.ts";
import { parseOptions, requireConfig } from "./options.ts";

/** Put in place by the build; absent when the program runs from source. */
declare const BUILD_DIGEST: string | undefined;

/** @throws UsageError, InputFileError */
export async function version(args: string[]): Promise<number> {
  const { options } = parseOptions("version", args, { config: "value", json: "flag" });
  const { config, source } = requireConfig(options.config);
  const document = {
    partNumber: config.partNumber === "" ? null : config.partNumber,
    version: packageFile.version,
    buildDigest: typeof BUILD_DIGEST === "string" ? BUILD_DIGEST : "development",
    tableDigest: tableDigestText(config),
    system: config.system,
    configuration: source,
  };
  if (options.json) {
    console.log(JSON.stringify(document, null, 2));
    return EXIT_DONE;
  }
  console.log(
    [
      `wingman ${document.version}`,
      `part number    ${document.partNumber ?? "none"}`,
      `build digest   ${document.buildDigest}`,
      `table digest   ${document.tableDigest}`,
      `system         ${document.system}`,
      `configuration  ${document.configuration}`,
    ].join("\n"),
  );
  return EXIT_DONE;
}
