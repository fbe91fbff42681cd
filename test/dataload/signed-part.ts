/** Parts for the server of a {@link LoadingField}, signed, as a loader brings them. */
import { randomFillSync } from "node:crypto";
import { type PartFile, partOf } from "../../scripts/package/part-writer.ts";
import { encodeUploadRequest } from "../../src/dataload/upload-files.ts";
import { FIELD_TABLE } from "../field/field.ts";
import { ABOUT, FILES, keyPair } from "../harness/part.ts";

export const PART_NUMBER = "WNG5D00020001";
export const HEADER = "WNG5D00020001.LUH";
export const REQUEST = encodeUploadRequest([{ headerFile: HEADER, partNumber: PART_NUMBER }]);

/** The signers of parts, and those that the server trusts. */
export class Signer {
  readonly #keys = keyPair();

  get trust(): string {
    return this.#keys.publicKey.export({ type: "spki", format: "pem" }).toString();
  }

  /**
   * A part whose executable is this number of bytes of noise: its files without lists, and its
   * contents.
   */
  part(bytes: number): { files: Map<string, Uint8Array>; contents: readonly PartFile[] } {
    const executable = randomFillSync(new Uint8Array(bytes));
    const contents = [
      { installName: "wingman", mode: 0o755, content: executable },
      ...FILES.slice(1),
    ];
    const about = { ...ABOUT, partNumber: PART_NUMBER, system: FIELD_TABLE.system };
    const medium = partOf(about, contents, this.#keys.privateKey, "665-3");
    return { files: new Map([...medium].filter(([name]) => !name.endsWith(".LUM"))), contents };
  }
}
