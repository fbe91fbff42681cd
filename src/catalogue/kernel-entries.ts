/** What the codes of the engine about the kernel's locks mean. */

import {
  LOG_FILTER_BYPASSED,
  LOG_FILTER_FIRST,
  LOG_FILTER_PUT_BACK,
  LOG_LEASE_HELD_UP,
  LOG_LEASE_KIND,
  LOG_NO_PROGRAMS,
  LOG_RENEWALS_ENDED,
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
    LOG_LEASE_KIND,
    "VIP LEASE ENFORCED BY",
    "leaseKind",
    "none",
    "This silences VIPs whose lease is over.",
    "None. 'wingman help lease' says what each kind needs.",
  ),
  entry(
    LOG_NO_PROGRAMS,
    "NO EBPF FOR VIP FILTER",
    "errno",
    "none",
    "The kernel refuses it: nothing silences VIPs that are not owned.",
    "Give it CAP_BPF, Linux 6.6 or clsact: 'wingman check --here'.",
  ),
  entry(
    LOG_FILTER_BYPASSED,
    "FOREIGN PROGRAM RUNS BEFORE VIP FILTER",
    "none",
    "number",
    "What the eBPF program of this id lets pass, the VIP filter never sees.",
    "Attach the other program after Wingman's ('bpftool net' shows both).",
    { class: 2, lasts: "engine" },
  ),
  entry(
    LOG_FILTER_FIRST,
    "VIP FILTER RUNS FIRST AGAIN",
    "none",
    "none",
    "The other eBPF program is gone from before it.",
    "None.",
    { clears: [LOG_FILTER_BYPASSED] },
  ),
  entry(
    LOG_FILTER_PUT_BACK,
    "VIP FILTER REMOVED BY OTHERS, PUT BACK",
    "none",
    "none",
    "Somebody detached its eBPF programs from the client interface.",
    "Find out who changes tc or eBPF on the client interface.",
    { class: 2 },
  ),
];
