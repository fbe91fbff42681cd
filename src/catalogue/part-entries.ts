/** Meanings of the codes about loadable parts. */

import { type CatalogueEntry, entry } from "./entry.ts";
import { LOG_PART_GOOD, LOG_PART_ON_TRIAL, LOG_PART_ROLLED_BACK } from "./supervisor-code.ts";

export const PART_ENTRIES: readonly CatalogueEntry[] = [
  entry(
    LOG_PART_ON_TRIAL,
    "PART ON TRIAL",
    "slot",
    "none",
    "An activated part flies for the first time. It has to be healthy in time.",
    "None; 'wingman health' shows what is missing.",
  ),
  entry(
    LOG_PART_GOOD,
    "PART IS KEPT",
    "slot",
    "none",
    "The server was healthy with the part on trial, or somebody confirmed it.",
    "None.",
    { clears: [LOG_PART_ROLLED_BACK] },
  ),
  entry(
    LOG_PART_ROLLED_BACK,
    "PART ROLLED BACK",
    "slot",
    "rollBack",
    "The part on trial was not healthy in time, never flew, or is damaged. The previous one flies.",
    "Read 'wingman part status' and the journal; install the part again or another one.",
    { class: 2, lasts: "cleared" },
  ),
];
