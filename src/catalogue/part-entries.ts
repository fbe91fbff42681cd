/** What the codes of loadable parts mean. */

import { type CatalogueEntry, entry } from "./entry.ts";
import { LOG_PART_GOOD, LOG_PART_ON_TRIAL, LOG_PART_ROLLED_BACK } from "./upkeep-code.ts";

export const PART_ENTRIES: readonly CatalogueEntry[] = [
  entry(
    LOG_PART_ON_TRIAL,
    "PART ON TRIAL",
    "slot",
    "none",
    "An activated part flies for the first time. It has to be healthy in time.",
    "None; 'wingman health' says what it waits for.",
  ),
  entry(
    LOG_PART_GOOD,
    "PART IS KEPT",
    "slot",
    "none",
    "The server was healthy with the part on trial, or somebody said so.",
    "None.",
    { clears: [LOG_PART_ROLLED_BACK] },
  ),
  entry(
    LOG_PART_ROLLED_BACK,
    "PART ROLLED BACK",
    "slot",
    "rollBack",
    "The part on trial was not healthy in time, never flew, or is damaged. The one before flies.",
    "Read 'wingman part status' and the journal; install the part again or another one.",
    { class: 2, lasts: "cleared" },
  ),
];
