import packageFile from "../../package.json" with { type: "json" };
import { tableDigestText } from "../config/digest.ts";
import type { AircraftConfig } from "../config/model.ts";
import { BUILD, BUILT_FOR, BUILT_FROM } from "../reporting/build.ts";

/** Exact identification of the installed software, for the maintenance record. */
export interface VersionDocument {
  /** null when the configuration has none. */
  partNumber: string | null;
  version: string;
  /**
   * Digest of the sources and Bun's version, independent of the target; `development` when run from
   * source.
   */
  buildDigest: string;
  /**
   * Commit of the repository in hexadecimal, with `-dirty` when the sources differed from it;
   * `unknown` without one, `development` when run from source.
   */
  commit: string;
  /** Processor and C library, such as `linux-x64-musl`; `development` when run from source. */
  target: string;
  /** SHA-256 in hexadecimal; the same on all servers of an aircraft. */
  tableDigest: string;
  system: string;
}

export function versionDocument(config: AircraftConfig): VersionDocument {
  return {
    partNumber: config.partNumber === "" ? null : config.partNumber,
    version: packageFile.version,
    buildDigest: BUILD,
    commit: BUILT_FROM,
    target: BUILT_FOR,
    tableDigest: tableDigestText(config),
    system: config.system,
  };
}
