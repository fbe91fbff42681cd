/** The section `parts` of the configuration: loadable parts. */
import * as v from "valibot";
import { PART_KEYS_MAX } from "../limits.ts";
import { AbsolutePath, filePath, HardwareIdSchema, list, wholeNumber } from "./schema-values.ts";

/** Which loadable parts a server accepts, and where they are installed. */
export const PartsSchema = v.strictObject(
  {
    trust: v.optional(
      list(
        filePath(
          "PEM file with an Ed25519 public key; relative paths start at the configuration file.",
        ),
        0,
        PART_KEYS_MAX,
        "files",
        "PEM files with the Ed25519 public keys of the signers whose loadable parts are accepted; relative paths start at the configuration file. With none, no part is taken.",
      ),
      [],
    ),
    hardware: v.optional(
      v.pipe(
        HardwareIdSchema,
        v.description(
          "Target hardware id of the servers: a loadable part for other hardware is not taken.",
        ),
      ),
      "WINGHESA",
    ),
    slots: v.optional(
      v.pipe(
        AbsolutePath,
        v.description("Directory in which loadable parts are installed, with its two slots."),
      ),
      "/var/lib/wingman/slots",
    ),
    trialS: v.optional(
      wholeNumber(
        10,
        3600,
        "Seconds within which an activated part has to be healthy; otherwise the previous part is started again.",
      ),
      120,
    ),
  },
  "an object",
);
