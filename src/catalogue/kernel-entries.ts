/** What the codes of the engine about the kernel's locks mean. */

import {
  LOG_LEASE_HELD_UP,
  LOG_RENEWALS_ENDED,
  LOG_VIPS_HELD_UP,
} from "../boundary/maintenance-code.ts";
import { type CatalogueEntry, entry } from "./entry.ts";

export const KERNEL_ENTRIES: readonly CatalogueEntry[] = [
  entry(
    LOG_RENEWALS_ENDED,
    "PROCESS FOR VIP LIFETIMES ENDED",
    "none",
    "none",
    "The flight loop renews them itself, and may wait for the kernel.",
    "None, unless it repeats: then read the journal.",
    { class: 3, lasts: "start" },
  ),
  entry(
    LOG_LEASE_HELD_UP,
    "LEASE HELD UP BY OTHER NFTABLES CHANGES",
    "number",
    "none",
    "The kernel loaded a large rule set of another program for so many ms.",
    "Load large nftables sets on ground, or in smaller parts.",
    { class: 2 },
  ),
  entry(
    LOG_VIPS_HELD_UP,
    "VIPS HELD UP BY CHANGES OF INTERFACES",
    "number",
    "none",
    "Another program kept the kernel's lock for addresses for so many ms.",
    "Make and delete many interfaces or addresses on ground alone.",
    { class: 2 },
  ),
];
