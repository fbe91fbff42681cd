/** What the codes of data loads over the network mean. */

import { type CatalogueEntry, entry } from "./entry.ts";
import {
  LOG_LOAD_ABORTED,
  LOG_LOAD_COMPLETED,
  LOG_LOAD_NOT_SERVED,
  LOG_LOAD_REFUSED,
  LOG_LOAD_STARTED,
} from "./upkeep-code.ts";

export const LOAD_ENTRIES: readonly CatalogueEntry[] = [
  entry(
    LOG_LOAD_STARTED,
    "DATA LOAD STARTED",
    "none",
    "none",
    "A loader on the network has begun the operation named after it.",
    "None.",
  ),
  entry(
    LOG_LOAD_COMPLETED,
    "DATA LOAD COMPLETED",
    "none",
    "none",
    "The operation of the loader has come to its end.",
    "None.",
  ),
  entry(
    LOG_LOAD_REFUSED,
    "DATA LOAD REFUSED",
    "none",
    "none",
    "A loader asked for what is not allowed now; it was told why.",
    "On ground, with one loader: try again.",
  ),
  entry(
    LOG_LOAD_ABORTED,
    "DATA LOAD ABORTED",
    "none",
    "none",
    "It ended before its end, for the reason after it. Nothing was changed.",
    "Remove the reason, and load again.",
    { class: 3 },
  ),
  entry(
    LOG_LOAD_NOT_SERVED,
    "DATA LOAD NOT SERVED",
    "errno",
    "none",
    "The address is not there, or a port is taken or not permitted.",
    "Check maintenance.dataLoad.",
    { class: 3 },
  ),
];
