/** What the codes about the functions' processes mean, 480 to 499. */

import { LOG_FUNCTION_FAILED } from "../boundary/maintenance-code.ts";
import { type CatalogueEntry, entry } from "./entry.ts";
import {
  LOG_ENDS_IN_VAIN,
  LOG_FUNCTION_PROVED,
  LOG_FUNCTION_TRIABLE,
  LOG_NOT_READY,
  LOG_PROCESS_GONE,
  LOG_PROCESS_STAYS,
  LOG_RIGHTS_MISSING,
  LOG_START_REFUSED,
} from "./upkeep-code.ts";

export const PROCESS_ENTRIES: readonly CatalogueEntry[] = [
  entry(
    LOG_FUNCTION_TRIABLE,
    "FAILED FUNCTION MAY RUN HERE AGAIN",
    "function",
    "none",
    "It failed a minute ago and runs elsewhere, or somebody said 'resume'.",
    "None.",
    { clears: [LOG_FUNCTION_FAILED, LOG_START_REFUSED] },
  ),
  entry(
    LOG_FUNCTION_PROVED,
    "FUNCTION WORKS HERE",
    "function",
    "none",
    "Its process has lived here for 5 s: the first time, or after a fault.",
    "None.",
    {
      clears: [
        ...[LOG_FUNCTION_FAILED, LOG_ENDS_IN_VAIN, LOG_PROCESS_STAYS],
        ...[LOG_START_REFUSED, LOG_NOT_READY],
      ],
    },
  ),
  entry(
    LOG_ENDS_IN_VAIN,
    "NOT KEPT READY, ENDS WITHOUT ITS VIP",
    "function",
    "none",
    "With start always its process must be able to live without its VIPs here.",
    "Set net.ipv4.ip_nonlocal_bind to 1, or let it bind any address.",
    { class: 3, lasts: "cleared" },
  ),
  entry(
    LOG_PROCESS_STAYS,
    "PROCESS CANNOT BE STOPPED",
    "function",
    "errno",
    "SIGKILL was refused (errno 1: another user), or the process hangs.",
    "Give the service CAP_KILL (see its unit); end the process by hand.",
    { class: 2, lasts: "cleared" },
  ),
  entry(
    LOG_PROCESS_GONE,
    "PROCESS IS STOPPED AT LAST",
    "function",
    "none",
    "The process that could not be stopped has ended.",
    "None.",
    { clears: [LOG_PROCESS_STAYS] },
  ),
  entry(
    LOG_START_REFUSED,
    "PROCESS COULD NOT BE STARTED",
    "function",
    "errno",
    "The system refused its program, user, limits or directory (errno).",
    "Read the reason in the daemon's output; correct the function.",
    { class: 2, lasts: "cleared" },
  ),
  entry(
    LOG_RIGHTS_MISSING,
    "SERVICES LACK RIGHTS ON THIS SERVER",
    "number",
    "none",
    "A function needs the capability of this number, and the daemon has it not.",
    "Give it to the service: a drop-in of its unit ('wingman help processes').",
    { class: 3, lasts: "start" },
  ),
  entry(
    LOG_NOT_READY,
    "PROCESS IS NOT READY IN TIME",
    "function",
    "none",
    "It runs, and takes no connections at ready.port, or has not notified.",
    "Check the function's own log, and what 'ready' asks for.",
    { class: 2, lasts: "cleared" },
  ),
];
