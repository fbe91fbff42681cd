/** Meanings of the codes about the functions' processes, from 480. */

import { LOG_FUNCTION_FAILED } from "../boundary/maintenance-code.ts";
import { type CatalogueEntry, entry } from "./entry.ts";
import {
  LOG_FUNCTION_RETRYABLE,
  LOG_FUNCTION_WORKS,
  LOG_NOT_KEPT_READY,
  LOG_NOT_READY,
  LOG_PROCESS_GONE,
  LOG_PROCESS_UNSTOPPABLE,
  LOG_RIGHTS_MISSING,
  LOG_START_REFUSED,
} from "./supervisor-code.ts";

export const PROCESS_ENTRIES: readonly CatalogueEntry[] = [
  entry(
    LOG_FUNCTION_RETRYABLE,
    "FAILED FUNCTION MAY RUN HERE AGAIN",
    "function",
    "none",
    "It failed a minute ago and runs elsewhere, or somebody typed 'resume'.",
    "None.",
    { clears: [LOG_FUNCTION_FAILED, LOG_START_REFUSED] },
  ),
  entry(
    LOG_FUNCTION_WORKS,
    "FUNCTION WORKS HERE",
    "function",
    "none",
    "Its process has lived here for 5 s: the first time, or after a fault.",
    "None.",
    {
      clears: [
        ...[LOG_FUNCTION_FAILED, LOG_NOT_KEPT_READY, LOG_PROCESS_UNSTOPPABLE],
        ...[LOG_START_REFUSED, LOG_NOT_READY],
      ],
    },
  ),
  entry(
    LOG_NOT_KEPT_READY,
    "NOT KEPT READY, ENDS WITHOUT ITS VIP",
    "function",
    "none",
    "With start 'always' its process must run without its VIPs on this server.",
    "Set net.ipv4.ip_nonlocal_bind to 1, or let it bind any address.",
    { class: 3, lasts: "cleared" },
  ),
  entry(
    LOG_PROCESS_UNSTOPPABLE,
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
    { clears: [LOG_PROCESS_UNSTOPPABLE] },
  ),
  entry(
    LOG_START_REFUSED,
    "PROCESS COULD NOT BE STARTED",
    "function",
    "errno",
    "The system refused its program, user, limits or directory (errno).",
    "Read the reason: 'journalctl -u wingman@SERVER' there; correct the function.",
    { class: 2, lasts: "cleared" },
  ),
  entry(
    LOG_RIGHTS_MISSING,
    "SERVICES LACK RIGHTS ON THIS SERVER",
    "number",
    "none",
    "A function needs the capability of this number, which the daemon lacks.",
    "Grant it to the service: a drop-in of its unit ('wingman help processes').",
    { class: 3, lasts: "start" },
  ),
  entry(
    LOG_NOT_READY,
    "PROCESS IS NOT READY IN TIME",
    "function",
    "none",
    "It runs, but accepts no connections at ready.port, or has not notified.",
    "Check the function's own log, and the settings of 'ready'.",
    { class: 2, lasts: "cleared" },
  ),
];
