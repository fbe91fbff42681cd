/** Meanings of the codes about data loads over the network. */

import { type CatalogueEntry, entry } from "./entry.ts";
import {
  LOG_LOAD_ABORTED,
  LOG_LOAD_COMPLETED,
  LOG_LOAD_NOT_SERVED,
  LOG_LOAD_REFUSED,
  LOG_LOAD_STARTED,
} from "./supervisor-code.ts";

export const LOAD_ENTRIES: readonly CatalogueEntry[] = [
  entry(
    LOG_LOAD_STARTED,
    "DATA LOAD STARTED",
    "none",
    "none",
    "A loader on the network has begun the operation named.",
    "None.",
  ),
  entry(
    LOG_LOAD_COMPLETED,
    "DATA LOAD COMPLETED",
    "none",
    "none",
    "The loader's operation was completed.",
    "None.",
  ),
  entry(
    LOG_LOAD_REFUSED,
    "DATA LOAD REFUSED",
    "none",
    "none",
    "A loader requested something that is not allowed now; it was told why.",
    "Try again on ground, with one loader.",
  ),
  entry(
    LOG_LOAD_ABORTED,
    "DATA LOAD ABORTED",
    "none",
    "none",
    "It ended early, for the reason given. Nothing was changed.",
    "Remove the reason, and load again.",
    { class: 3 },
  ),
  entry(
    LOG_LOAD_NOT_SERVED,
    "DATA LOAD NOT SERVED",
    "errno",
    "none",
    "The address does not exist, or a port is taken or not permitted.",
    "Check maintenance.dataLoad.",
    { class: 3 },
  ),
];
