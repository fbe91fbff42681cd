/** What the codes of the machine under Wingman mean: executable, key file, disk, console line. */

import { type CatalogueEntry, entry } from "./entry.ts";
import {
  LOG_DISK_HANGS,
  LOG_EXECUTABLE_BACK,
  LOG_EXECUTABLE_OTHER,
  LOG_KEY_CHANGED,
  LOG_KEY_UNCHANGED,
  LOG_RUN_ON_DISK,
} from "./upkeep-code.ts";

export const MACHINE_ENTRIES: readonly CatalogueEntry[] = [
  entry(
    LOG_EXECUTABLE_OTHER,
    "EXECUTABLE WAS REMOVED OR REPLACED",
    "none",
    "none",
    "The build that flies goes on; the next start finds another or none.",
    "Restart the server after an installation, else put the file back.",
    { class: 2, lasts: "cleared" },
  ),
  entry(
    LOG_EXECUTABLE_BACK,
    "EXECUTABLE IS THE ONE THAT FLIES",
    "none",
    "none",
    "The file by whose name the server was started is the same again.",
    "None.",
    { clears: [LOG_EXECUTABLE_OTHER] },
  ),
  entry(
    LOG_DISK_HANGS,
    "DISK OF THE STATE DIRECTORY HANGS",
    "none",
    "none",
    "It neither does nor refuses what is written. Service goes on without it.",
    "Check the disk named and its cable, or replace it.",
    { class: 2, lasts: "cleared" },
  ),
  entry(
    LOG_KEY_CHANGED,
    "KEY FILE IS NOT AS IT WAS AT THE START",
    "none",
    "none",
    "The keys of the start go on; the next start takes the file as it is.",
    "Put the file back, with its mode; a new key needs three steps.",
    { class: 2, lasts: "cleared" },
  ),
  entry(
    LOG_KEY_UNCHANGED,
    "KEY FILE IS AS IT WAS AT THE START",
    "none",
    "none",
    "The next start will find the same key.",
    "None.",
    { clears: [LOG_KEY_CHANGED] },
  ),
  entry(
    LOG_RUN_ON_DISK,
    "RUN DIRECTORY LIES ON A DISK",
    "none",
    "none",
    "A disk that stalls stalls the flight loop; no tmpfs at /dev/shm.",
    "Start with --run-dir on a tmpfs, such as /run/wingman.",
    { class: 2, lasts: "start" },
  ),
];
