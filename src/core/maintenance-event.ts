/**
 * Every maintenance event: one list with its text, fault class, cause and maintenance action. Codes are stable: they are never
 * used again for something else. Texts are upper-case English of at most 40 characters. 100 to 399 come from the engine, 400 to
 * 499 from the process that keeps the log.
 */

import { PHASE_ACTIVE, PHASE_DRAINING } from "../wire/status-snapshot.ts";

/** What the two values of an event mean. */
export type ValueKind =
  | "none"
  | "network"
  | "server"
  | "function"
  | "errno"
  | "number"
  | "phase"
  | "digest"
  /** Function in the lower half and the first two bytes of a MAC in the upper half; the second value is the rest of the MAC. */
  | "functionAndMac";

/** What an event is to the fault memory; all of it may be left out by an event that is no fault. */
interface FaultRules {
  /** 1: seen in cabin or cockpit; 2: maintenance status only; 3: in this system's own report only. */
  readonly class?: 1 | 2 | 3;
  /** Faults of the same subject (server, network, function; a stranger by function and MAC) that are over with it. */
  readonly clears?: readonly number[];
  /** It clears only with one of these as its first value. */
  readonly clearsWith?: readonly number[];
  /**
   * The fault is there until an event clears it ("cleared"), or, since nothing ever says that it is over, until the daemon is
   * started again ("start"). Left out: it is over as soon as it was.
   */
  readonly lasts?: "cleared" | "start";
  /** No fault in the time after a common power-up, when servers and links come up one after another. */
  readonly inhibited?: boolean;
}

export interface MaintenanceEvent {
  readonly code: number;
  readonly text: string;
  readonly first: ValueKind;
  readonly second: ValueKind;
  readonly cause: string;
  readonly action: string;
  /** 0: no fault. */
  readonly class: 0 | 1 | 2 | 3;
  readonly clears: readonly number[];
  readonly clearsWith: readonly number[] | null;
  readonly lasts: "cleared" | "start" | null;
  readonly inhibited: boolean;
}

export const LOG_PHASE = 100;
export const LOG_SERVER_ALIVE = 110;
export const LOG_SERVER_LOST = 111;
export const LOG_SERVER_UNREACHABLE = 112;
export const LOG_SERVER_LEFT = 113;
export const LOG_SERVER_INCOMPATIBLE = 114;
export const LOG_SERVER_ID_TWICE = 115;
export const LOG_CARRIER_LOST = 120;
export const LOG_CARRIER_PRESENT = 121;
export const LOG_SEND_FAILED = 122;
export const LOG_ISOLATED = 125;
export const LOG_NETWORK_LOST = 123;
export const LOG_NETWORK_PRESENT = 124;
export const LOG_FUNCTION_UP = 200;
export const LOG_FUNCTION_RELEASED = 201;
export const LOG_FUNCTION_PREEMPTED = 202;
export const LOG_FUNCTION_FAILED = 203;
export const LOG_VIP_FAILED = 210;
export const LOG_VIP_REMOVED = 211;
export const LOG_VIP_FOREIGN = 212;
export const LOG_OWNED_TWICE = 213;
export const LOG_HANDOVER_LATE = 214;
export const LOG_STRANGER = 215;
export const LOG_STRANGER_GONE = 216;
export const LOG_DISAGREEMENT = 220;
export const LOG_MOVE_BEGUN = 230;
export const LOG_MOVE_DONE = 231;
export const LOG_MOVE_GIVEN_UP = 232;
export const LOG_NOT_REALTIME = 300;
export const LOG_STALLED = 301;
export const LOG_LEFTOVERS = 302;
export const LOG_QUEUE_FULL = 303;
export const LOG_NO_LEASE = 304;
export const LOG_LEASE_LOST = 305;
export const LOG_WATCHDOG_NO_TIMEOUT = 320;
export const LOG_WATCHDOG_REFUSED = 321;
export const LOG_LEASE_UNFIT = 306;
export const LOG_POWER_ON = 400;
export const LOG_STARTED_AGAIN = 401;
export const LOG_STOPPED = 402;
export const LOG_LEG_BEGUN = 410;
export const LOG_LEG_ENDED = 411;
export const LOG_ARCHIVED = 420;
export const LOG_RECORDS_DAMAGED = 421;
export const LOG_RECORDS_LOST = 422;
export const LOG_NOT_WRITTEN = 423;
export const LOG_WRITTEN_AGAIN = 424;
export const LOG_RESIZED = 425;
export const LOG_ACTION = 430;
export const LOG_ACTION_REFUSED = 431;
// Of the supervisor.
export const LOG_RUN_KILLED = 440;
export const LOG_ENGINE_ENDED = 441;
export const LOG_ENGINE_STARTED = 442;
export const LOG_PROCESS_ENDED = 443;
export const LOG_VIPS_SWEPT = 444;
export const LOG_MANAGE_ENDED = 445;
// Of `wingman manage`.
export const LOG_ACTION_FAILED = 460;
export const LOG_GROUND_UNKNOWN = 461;
export const LOG_CONSOLE_FAILED = 462;
export const LOG_PAGE_FAILED = 463;
export const LOG_PAGE_REFUSED = 464;

function event(
  code: number,
  text: string,
  first: ValueKind,
  second: ValueKind,
  cause: string,
  action: string,
  rules: FaultRules = {},
): MaintenanceEvent {
  return {
    ...{ code, text, first, second, cause, action },
    class: rules.class ?? 0,
    clears: rules.clears ?? [],
    clearsWith: rules.clearsWith ?? null,
    lasts: rules.lasts ?? null,
    inhibited: rules.inhibited ?? false,
  };
}

export const MAINTENANCE_EVENTS: readonly MaintenanceEvent[] = [
  event(LOG_PHASE, "PHASE CHANGED", "phase", "none", "This server changed its phase.", "None.", {
    clears: [LOG_ISOLATED],
    clearsWith: [PHASE_ACTIVE, PHASE_DRAINING],
  }),
  event(LOG_SERVER_ALIVE, "SERVER ALIVE", "server", "none", "A server is heard in both directions.", "None.", {
    clears: [LOG_SERVER_LOST, LOG_SERVER_UNREACHABLE, LOG_SERVER_INCOMPATIBLE],
  }),
  event(
    LOG_SERVER_LOST,
    "SERVER LOST",
    "server",
    "none",
    "No server hears its keep-alives any longer.",
    "Check power and network cables of the server named.",
    { class: 2, lasts: "cleared", clears: [LOG_SERVER_UNREACHABLE, LOG_SERVER_INCOMPATIBLE], inhibited: true },
  ),
  event(
    LOG_SERVER_UNREACHABLE,
    "SERVER UNREACHABLE FROM HERE",
    "server",
    "none",
    "Others hear the server, this one does not.",
    "Check the network cables between the two servers.",
    { class: 2, lasts: "cleared", clears: [LOG_SERVER_LOST, LOG_SERVER_INCOMPATIBLE], inhibited: true },
  ),
  event(LOG_SERVER_LEFT, "SERVER SAID GOOD-BYE", "server", "none", "The server was stopped in good order.", "None.", {
    clears: [LOG_SERVER_LOST, LOG_SERVER_UNREACHABLE, LOG_SERVER_INCOMPATIBLE],
  }),
  event(
    LOG_SERVER_INCOMPATIBLE,
    "SERVER HAS ANOTHER TABLE",
    "server",
    "digest",
    "The server runs with another firmware configuration.",
    "Load the same configuration on all servers.",
    { class: 2, lasts: "cleared", clears: [LOG_SERVER_LOST, LOG_SERVER_UNREACHABLE], inhibited: true },
  ),
  event(
    LOG_SERVER_ID_TWICE,
    "TWO SERVERS HAVE THIS SERVER'S ID",
    "server",
    "none",
    "Another box is started with the same --server.",
    "Correct the server id (pin programming) of one of the two.",
    { class: 2 },
  ),
  event(
    LOG_CARRIER_LOST,
    "CLIENT NETWORK CARRIER LOST",
    "none",
    "none",
    "The client interface has no link.",
    "Check the cable and the switch port.",
    { class: 2, lasts: "cleared", inhibited: true },
  ),
  event(LOG_CARRIER_PRESENT, "CLIENT NETWORK CARRIER PRESENT", "none", "none", "The link is back.", "None.", {
    clears: [LOG_CARRIER_LOST],
  }),
  event(
    LOG_ISOLATED,
    "CUT OFF FROM PEERS AND WITNESSES",
    "none",
    "none",
    "No server and no witness is heard: all VIPs are let go.",
    "Check cable and switch port; check clients.witnesses.",
    { class: 1, lasts: "cleared", inhibited: true },
  ),
  event(
    LOG_SEND_FAILED,
    "KEEP-ALIVE NOT SENT",
    "network",
    "errno",
    "The network refused a keep-alive.",
    "Check the interface and the cable of the network named.",
    { class: 2, inhibited: true },
  ),
  event(
    LOG_NETWORK_LOST,
    "KEEP-ALIVE NETWORK LOST",
    "network",
    "none",
    "The interface has no link, or was missing at the start.",
    "Check cable and switch port; restart when it was missing.",
    { class: 2, lasts: "cleared", inhibited: true },
  ),
  event(LOG_NETWORK_PRESENT, "KEEP-ALIVE NETWORK PRESENT", "network", "none", "The link is back.", "None.", {
    clears: [LOG_NETWORK_LOST],
  }),
  event(
    LOG_FUNCTION_UP,
    "FUNCTION UP HERE",
    "function",
    "none",
    "The function's VIPs are up on this server.",
    "None.",
    { clears: [LOG_FUNCTION_FAILED, LOG_VIP_FAILED] },
  ),
  event(LOG_FUNCTION_RELEASED, "FUNCTION RELEASED", "function", "none", "The function's VIPs are down here.", "None.", {
    clears: [LOG_VIP_FOREIGN],
  }),
  event(
    LOG_FUNCTION_PREEMPTED,
    "FUNCTION STOPPED FOR ANOTHER",
    "function",
    "none",
    "A more important function needed the room.",
    "Restore the server that failed.",
    { class: 1, inhibited: true },
  ),
  event(
    LOG_FUNCTION_FAILED,
    "FUNCTION FAILED HERE",
    "function",
    "none",
    "The function's process failed three times in 30 s.",
    "Check the function's own log; then 'wingman resume'.",
    { class: 2, lasts: "cleared" },
  ),
  event(
    LOG_VIP_FAILED,
    "VIP COULD NOT BE SET",
    "function",
    "errno",
    "The kernel refused the address.",
    "Check the client interface; then 'wingman resume'.",
    { class: 2, lasts: "cleared" },
  ),
  event(
    LOG_VIP_REMOVED,
    "VIP REMOVED BY HAND, PUT BACK",
    "function",
    "none",
    "Somebody else deleted the address.",
    "Do not change VIPs by hand: use 'wingman drain'.",
    { class: 3 },
  ),
  event(
    LOG_VIP_FOREIGN,
    "VIP SET BY SOMEBODY ELSE",
    "function",
    "none",
    "The address was there already and is left alone.",
    "Remove the address from the network setup of this server.",
    { class: 2, lasts: "cleared" },
  ),
  event(
    LOG_OWNED_TWICE,
    "FUNCTION OWNED TWICE",
    "function",
    "server",
    "Two parts of a divided network were joined again.",
    "Check the network between the servers.",
    { class: 2, inhibited: true },
  ),
  event(
    LOG_HANDOVER_LATE,
    "HAND-OVER WITHOUT READY NEW OWNER",
    "function",
    "server",
    "The new owner did not get room in time.",
    "Check how long the functions take to stop.",
    { class: 3, inhibited: true },
  ),
  event(
    LOG_STRANGER,
    "ANOTHER HOST ANSWERS FOR A VIP",
    "functionAndMac",
    "none",
    "A host that is no server has the address of the function.",
    "Find the host by its MAC and correct its address.",
    { class: 1, lasts: "cleared" },
  ),
  event(
    LOG_STRANGER_GONE,
    "STRANGER NOT SEEN ANY MORE",
    "functionAndMac",
    "none",
    "The host was silent for 30 s, or the function has moved.",
    "None.",
    { clears: [LOG_STRANGER] },
  ),
  event(
    LOG_DISAGREEMENT,
    "TABLES DISAGREED, COMPUTED AGAIN",
    "server",
    "none",
    "Servers saw events in different orders.",
    "None, unless it repeats.",
    { class: 3, inhibited: true },
  ),
  event(
    LOG_MOVE_BEGUN,
    "MOVE ASKED FOR",
    "function",
    "server",
    "Somebody asked this server for the function to be moved to the server named.",
    "None.",
  ),
  event(LOG_MOVE_DONE, "MOVE CARRIED OUT", "function", "server", "The function is on the server named now.", "None."),
  event(
    LOG_MOVE_GIVEN_UP,
    "MOVE GIVEN UP",
    "function",
    "server",
    "A server changed its state, or the new one did not take the function in time.",
    "Look at the state of the servers, then ask again.",
  ),
  event(
    LOG_NOT_REALTIME,
    "NO REAL-TIME SCHEDULING",
    "errno",
    "none",
    "The kernel refused SCHED_FIFO.",
    "Grant CAP_SYS_NICE; longer detection times until then.",
    { class: 2, lasts: "start" },
  ),
  event(
    LOG_STALLED,
    "SERVER WAS STALLED",
    "number",
    "none",
    "The flight loop did not run for the time named in ms.",
    "Look for what holds the processor up.",
    { class: 2 },
  ),
  event(
    LOG_LEFTOVERS,
    "VIPS OF AN EARLIER RUN REMOVED",
    "number",
    "none",
    "The last run did not end in good order.",
    "None, unless it repeats.",
    { class: 3 },
  ),
  event(
    LOG_NO_LEASE,
    "NO VIP LEASE",
    "errno",
    "none",
    "The kernel has no nftables on ingress and egress.",
    "Load nf_tables (Linux 5.16), or set clients.lease to off.",
    { class: 2, lasts: "start" },
  ),
  event(
    LOG_LEASE_UNFIT,
    "NO VIP LEASE FITS DETECTION TIME",
    "number",
    "number",
    "The detection time (first, ms) is below the least (second).",
    "Raise lostAfterPeriods, or set clients.lease to off.",
    { class: 3, lasts: "start" },
  ),
  event(
    LOG_LEASE_LOST,
    "VIP LEASE RAN OUT",
    "errno",
    "none",
    "The loop was late, its keep-alives were lost, or a new interface.",
    "Look for what holds the processor up; check the cables.",
    { class: 2 },
  ),
  event(
    LOG_QUEUE_FULL,
    "RECORDS LOST, QUEUE FULL",
    "number",
    "none",
    "The supervisor did not read in time.",
    "None, unless it repeats.",
    { class: 3 },
  ),
  event(
    LOG_WATCHDOG_NO_TIMEOUT,
    "WATCHDOG TIME-OUT NOT SET",
    "errno",
    "none",
    "The device has a fixed time-out, or is no watchdog.",
    "Check maintenance.watchdog.device.",
    { class: 3, lasts: "start" },
  ),
  event(
    LOG_WATCHDOG_REFUSED,
    "WATCHDOG DEVICE NOT FED",
    "errno",
    "none",
    "The device did not take what was written.",
    "Check the device; the machine may reset itself.",
    { class: 2 },
  ),
  event(LOG_POWER_ON, "POWER ON", "none", "none", "The machine was switched on.", "None."),
  event(
    LOG_STARTED_AGAIN,
    "MAINTENANCE STARTED AGAIN",
    "none",
    "none",
    "The process that keeps this log was started once more.",
    "None, unless it repeats without a stop in good order.",
  ),
  event(LOG_STOPPED, "MAINTENANCE STOPPED", "none", "none", "The daemon was stopped in good order.", "None."),
  event(LOG_LEG_BEGUN, "LEG BEGUN", "none", "none", "The ground input says in the air.", "None."),
  event(
    LOG_LEG_ENDED,
    "LEG ENDED",
    "number",
    "number",
    "On ground again; the values count records and faults of the leg.",
    "None.",
  ),
  event(
    LOG_ARCHIVED,
    "LOG WAS DAMAGED, ARCHIVED, BEGUN ANEW",
    "none",
    "none",
    "Both headers of the log's file were unreadable.",
    "Download the archived file from the state directory.",
    { class: 2 },
  ),
  event(
    LOG_RECORDS_DAMAGED,
    "RECORDS DAMAGED, SKIPPED",
    "number",
    "none",
    "Power failed while they were written, or the flash is worn.",
    "None, unless it repeats.",
    { class: 3 },
  ),
  event(
    LOG_RECORDS_LOST,
    "RECORDS LOST ON THE WAY TO THE LOG",
    "number",
    "none",
    "More came at once than can be kept until it is written.",
    "None, unless it repeats.",
    { class: 3 },
  ),
  event(
    LOG_NOT_WRITTEN,
    "LOG COULD NOT BE WRITTEN",
    "errno",
    "none",
    "The state directory is full, read-only or worn out.",
    "Make room, or replace the storage of the server.",
    { class: 2, lasts: "cleared" },
  ),
  event(LOG_WRITTEN_AGAIN, "LOG IS WRITTEN AGAIN", "none", "none", "The storage takes records again.", "None.", {
    clears: [LOG_NOT_WRITTEN],
  }),
  event(
    LOG_RESIZED,
    "LOG WAS GIVEN ANOTHER SIZE",
    "number",
    "none",
    "The key maintenance.log.sizeKiB was changed; now so many KiB.",
    "None.",
  ),
  event(LOG_ACTION, "MAINTENANCE ACTION", "none", "none", "Somebody did what the words after it say.", "None."),
  event(
    LOG_ACTION_REFUSED,
    "MAINTENANCE ACTION REFUSED",
    "none",
    "none",
    "Somebody asked for what is not allowed now.",
    "None, unless nobody of maintenance asked.",
  ),
  event(
    LOG_RUN_KILLED,
    "LAST RUN OF THIS SERVER WAS KILLED",
    "none",
    "none",
    "It ended in no good order, and not by a power cut.",
    "None, unless it repeats: then read the journal.",
    { class: 3 },
  ),
  event(
    LOG_ENGINE_ENDED,
    "ENGINE ENDED UNEXPECTEDLY",
    "number",
    "none",
    "Exit code, or the signal below zero; 3: it let go of all VIPs.",
    "None, unless it repeats: then read the journal.",
    { class: 2 },
  ),
  event(LOG_ENGINE_STARTED, "ENGINE STARTED", "number", "none", "So many engines were started in this run.", "None."),
  event(
    LOG_PROCESS_ENDED,
    "PROCESS OF FUNCTION ENDED BY ITSELF",
    "function",
    "none",
    "The function's program ended and is started again.",
    "Check the function's own log if it repeats.",
    { class: 3 },
  ),
  event(
    LOG_VIPS_SWEPT,
    "VIPS LEFT BY THE ENGINE REMOVED",
    "number",
    "none",
    "The engine ended without letting go of so many VIPs.",
    "None, unless it repeats.",
    { class: 3 },
  ),
  event(
    LOG_MANAGE_ENDED,
    "MAINTENANCE PROCESS ENDED",
    "number",
    "none",
    "Exit code, or the signal below zero. It is started again.",
    "None, unless it repeats: then read the journal.",
    { class: 3 },
  ),
  event(
    LOG_ACTION_FAILED,
    "MAINTENANCE ACTION FAILED",
    "none",
    "none",
    "The engine did not answer, or has no room.",
    "See what was answered; look at the state.",
  ),
  event(
    LOG_GROUND_UNKNOWN,
    "GROUND INPUT SAYS NOTHING",
    "none",
    "none",
    "The file of maintenance.groundInput is missing or unreadable.",
    "Check the air/ground signal; it counts as in the air.",
    { class: 2 },
  ),
  event(
    LOG_CONSOLE_FAILED,
    "CONSOLE NOT OPENED",
    "errno",
    "none",
    "The device or socket of the console cannot be used.",
    "Check maintenance.console.device.",
    { class: 3 },
  ),
  event(
    LOG_PAGE_FAILED,
    "MAINTENANCE PAGE NOT SERVED",
    "errno",
    "none",
    "The address is taken or not there, or the token file is wrong.",
    "Check maintenance.web.listen and tokenFile.",
    { class: 3 },
  ),
  event(
    LOG_PAGE_REFUSED,
    "WRONG TOKEN ON MAINTENANCE PAGE",
    "none",
    "none",
    "Somebody showed a token that is not this aircraft's.",
    "None, unless it repeats: then change the token.",
    { class: 3 },
  ),
];

/** The entry of a code; undefined for one that this release does not know. */
export function maintenanceEvent(code: number): MaintenanceEvent | undefined {
  return MAINTENANCE_EVENTS.find((candidate) => candidate.code === code);
}
