/** What the codes about VIPs mean that a server sees in its own kernel. */

import { LOG_VIP_FOREIGN, LOG_VIP_FOREIGN_GONE } from "../core/maintenance-code.ts";
import { type CatalogueEntry, entry } from "./entry.ts";

export const VIP_ENTRIES: readonly CatalogueEntry[] = [
  entry(
    LOG_VIP_FOREIGN,
    "VIP SET BY SOMEBODY ELSE",
    "function",
    "none",
    "This server has a VIP as an address that Wingman has not set, on some interface.",
    "Remove it here: 'ip addr' shows it; take it out of the network setup.",
    { class: 2, lasts: "cleared" },
  ),
  entry(
    LOG_VIP_FOREIGN_GONE,
    "NOBODY ELSE HAS SET THE VIP ANY MORE",
    "function",
    "none",
    "The address is gone from this server.",
    "None.",
    { clears: [LOG_VIP_FOREIGN] },
  ),
];
