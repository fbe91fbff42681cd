/** `wingman version`: what exactly is installed, for the maintenance record. */

import { EXIT_DONE } from "../command-line/errors.ts";
import { parseOptions, requireConfig } from "../command-line/options.ts";
import { versionDocument } from "../manage/version-document.ts";

/** @throws UsageError, InputFileError */
export async function version(args: string[]): Promise<number> {
  const { options } = parseOptions("version", args, { config: "value", json: "flag" });
  const { config, source } = requireConfig(options.config);
  const document = { ...versionDocument(config), configuration: source };
  if (options.json) {
    console.log(JSON.stringify(document, null, 2));
    return EXIT_DONE;
  }
  console.log(
    [
      `wingman ${document.version}`,
      `part number    ${document.partNumber ?? "none"}`,
      `build digest   ${document.buildDigest}`,
      `commit         ${document.commit}`,
      `target         ${document.target}`,
      `table digest   ${document.tableDigest}`,
      `system         ${document.system}`,
      `configuration  ${document.configuration}`,
    ].join("\n"),
  );
  return EXIT_DONE;
}
