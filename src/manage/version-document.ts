import packageFile from "../../package.json" with { type: "json" };
import { tableDigestText } from "../config/digest.ts";
import type { AircraftConfig } from "../config/model.ts";
import { BUILD } from "../reporting/build.ts";

/** What exactly is installed, for the maintenance record. */
export interface VersionDocument {
  /** null: the configuration gives none. */
  partNumber: string | null;
  version: string;
  /** `development` when it runs from source. */
  buildDigest: string;
  /** SHA-256 in hexadecimal; the same on all servers of an aircraft. */
  tableDigest: string;
  system: string;
}

export function versionDocument(config: AircraftConfig): VersionDocument {
  return {
    partNumber: config.partNumber === "" ? null : config.partNumber,
    version: packageFile.version,
    buildDigest: BUILD,
    tableDigest: tableDigestText(config),
    system: config.system,
  };
}
