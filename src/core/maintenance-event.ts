/**
 * Every maintenance event of the engine: one list with its text, cause and maintenance action. Codes are stable: they are
 * never used again for something else. Texts are upper-case English of at most 40 characters.
 */

import { PHASE_NAMES } from "../wire/status-snapshot.ts";

export interface EventNames {
  readonly servers: readonly string[];
  readonly functions: readonly string[];
  /** Interfaces of the keep-alive networks. */
  readonly networks: readonly string[];
}

/** What the two values of an event mean. */
type ValueKind =
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

export interface MaintenanceEvent {
  readonly code: number;
  readonly text: string;
  readonly first: ValueKind;
  readonly second: ValueKind;
  readonly cause: string;
  readonly action: string;
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

function event(
  code: number,
  text: string,
  first: ValueKind,
  second: ValueKind,
  cause: string,
  action: string,
): MaintenanceEvent {
  return { code, text, first, second, cause, action };
}

export const MAINTENANCE_EVENTS: readonly MaintenanceEvent[] = [
  event(LOG_PHASE, "PHASE CHANGED", "phase", "none", "This server changed its phase.", "None."),
  event(LOG_SERVER_ALIVE, "SERVER ALIVE", "server", "none", "A server is heard in both directions.", "None."),
  event(
    LOG_SERVER_LOST,
    "SERVER LOST",
    "server",
    "none",
    "No server hears its keep-alives any longer.",
    "Check power and network cables of the server named.",
  ),
  event(
    LOG_SERVER_UNREACHABLE,
    "SERVER UNREACHABLE FROM HERE",
    "server",
    "none",
    "Others hear the server, this one does not.",
    "Check the network cables between the two servers.",
  ),
  event(LOG_SERVER_LEFT, "SERVER SAID GOOD-BYE", "server", "none", "The server was stopped in good order.", "None."),
  event(
    LOG_SERVER_INCOMPATIBLE,
    "SERVER HAS ANOTHER TABLE",
    "server",
    "digest",
    "The server runs with another firmware configuration.",
    "Load the same configuration on all servers.",
  ),
  event(
    LOG_SERVER_ID_TWICE,
    "TWO SERVERS HAVE THIS SERVER'S ID",
    "server",
    "none",
    "Another box is started with the same --server.",
    "Correct the server id (pin programming) of one of the two.",
  ),
  event(
    LOG_CARRIER_LOST,
    "CLIENT NETWORK CARRIER LOST",
    "none",
    "none",
    "The client interface has no link.",
    "Check the cable and the switch port.",
  ),
  event(LOG_CARRIER_PRESENT, "CLIENT NETWORK CARRIER PRESENT", "none", "none", "The link is back.", "None."),
  event(
    LOG_ISOLATED,
    "CUT OFF FROM PEERS AND WITNESSES",
    "none",
    "none",
    "No server and no witness is heard: all VIPs are let go.",
    "Check cable and switch port; check clients.witnesses.",
  ),
  event(
    LOG_SEND_FAILED,
    "KEEP-ALIVE NOT SENT",
    "network",
    "errno",
    "The network refused a keep-alive.",
    "Check the interface and the cable of the network named.",
  ),
  event(
    LOG_NETWORK_LOST,
    "KEEP-ALIVE NETWORK LOST",
    "network",
    "none",
    "The interface has no link, or was missing at the start.",
    "Check cable and switch port; restart when it was missing.",
  ),
  event(LOG_NETWORK_PRESENT, "KEEP-ALIVE NETWORK PRESENT", "network", "none", "The link is back.", "None."),
  event(LOG_FUNCTION_UP, "FUNCTION UP HERE", "function", "none", "The function's VIPs are up on this server.", "None."),
  event(LOG_FUNCTION_RELEASED, "FUNCTION RELEASED", "function", "none", "The function's VIPs are down here.", "None."),
  event(
    LOG_FUNCTION_PREEMPTED,
    "FUNCTION STOPPED FOR ANOTHER",
    "function",
    "none",
    "A more important function needed the room.",
    "Restore the server that failed.",
  ),
  event(
    LOG_FUNCTION_FAILED,
    "FUNCTION FAILED HERE",
    "function",
    "none",
    "The function's process failed three times in 30 s.",
    "Check the function's own log; then 'wingman resume'.",
  ),
  event(
    LOG_VIP_FAILED,
    "VIP COULD NOT BE SET",
    "function",
    "errno",
    "The kernel refused the address.",
    "Check the client interface; then 'wingman resume'.",
  ),
  event(
    LOG_VIP_REMOVED,
    "VIP REMOVED BY HAND, PUT BACK",
    "function",
    "none",
    "Somebody else deleted the address.",
    "Do not change VIPs by hand: use 'wingman drain'.",
  ),
  event(
    LOG_VIP_FOREIGN,
    "VIP SET BY SOMEBODY ELSE",
    "function",
    "none",
    "The address was there already and is left alone.",
    "Remove the address from the network setup of this server.",
  ),
  event(
    LOG_OWNED_TWICE,
    "FUNCTION OWNED TWICE",
    "function",
    "server",
    "Two parts of a divided network were joined again.",
    "Check the network between the servers.",
  ),
  event(
    LOG_HANDOVER_LATE,
    "HAND-OVER WITHOUT READY NEW OWNER",
    "function",
    "server",
    "The new owner did not get room in time.",
    "Check how long the functions take to stop.",
  ),
  event(
    LOG_STRANGER,
    "ANOTHER HOST ANSWERS FOR A VIP",
    "functionAndMac",
    "none",
    "A host that is no server has the address of the function.",
    "Find the host by its MAC and correct its address.",
  ),
  event(
    LOG_STRANGER_GONE,
    "STRANGER NOT SEEN ANY MORE",
    "functionAndMac",
    "none",
    "The host was silent for 30 s, or the function has moved.",
    "None.",
  ),
  event(
    LOG_DISAGREEMENT,
    "TABLES DISAGREED, COMPUTED AGAIN",
    "server",
    "none",
    "Servers saw events in different orders.",
    "None, unless it repeats.",
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
  ),
  event(
    LOG_STALLED,
    "SERVER WAS STALLED",
    "number",
    "none",
    "The flight loop did not run for the time named in ms.",
    "Look for what holds the processor up.",
  ),
  event(
    LOG_LEFTOVERS,
    "VIPS OF AN EARLIER RUN REMOVED",
    "number",
    "none",
    "The last run did not end in good order.",
    "None, unless it repeats.",
  ),
  event(
    LOG_NO_LEASE,
    "NO VIP LEASE",
    "errno",
    "none",
    "The kernel has no nftables on ingress and egress.",
    "Load nf_tables (Linux 5.16), or set clients.lease to off.",
  ),
  event(
    LOG_LEASE_UNFIT,
    "NO VIP LEASE FITS DETECTION TIME",
    "number",
    "number",
    "The detection time (first, ms) is below the least (second).",
    "Raise lostAfterPeriods, or set clients.lease to off.",
  ),
  event(
    LOG_LEASE_LOST,
    "VIP LEASE RAN OUT",
    "errno",
    "none",
    "The loop was late, its keep-alives were lost, or a new interface.",
    "Look for what holds the processor up; check the cables.",
  ),
  event(
    LOG_QUEUE_FULL,
    "RECORDS LOST, QUEUE FULL",
    "number",
    "none",
    "The supervisor did not read in time.",
    "None, unless it repeats.",
  ),
  event(
    LOG_WATCHDOG_NO_TIMEOUT,
    "WATCHDOG TIME-OUT NOT SET",
    "errno",
    "none",
    "The device has a fixed time-out, or is no watchdog.",
    "Check maintenance.watchdog.device.",
  ),
  event(
    LOG_WATCHDOG_REFUSED,
    "WATCHDOG DEVICE NOT FED",
    "errno",
    "none",
    "The device did not take what was written.",
    "Check the device; the machine may reset itself.",
  ),
];

/** One line for people: `WNG-0111 SERVER LOST: b`. An unknown code is shown with its numbers. */
export function formatEvent(code: number, first: number, second: number, names: EventNames): string {
  const label = `WNG-${String(code).padStart(4, "0")}`;
  const known = MAINTENANCE_EVENTS.find((candidate) => candidate.code === code);
  if (known === undefined) return `${label} UNKNOWN EVENT: ${first} ${second}`;
  const values = [formatValue(known.first, first, names, second), formatValue(known.second, second, names, 0)];
  const shown = values.filter((value) => value !== "");
  return shown.length === 0 ? `${label} ${known.text}` : `${label} ${known.text}: ${shown.join(" ")}`;
}

function formatValue(kind: ValueKind, value: number, names: EventNames, rest: number): string {
  switch (kind) {
    case "none":
      return "";
    case "server":
      return names.servers[value] ?? `server ${value}`;
    case "network":
      return names.networks[value] ?? `network ${value}`;
    case "function":
      return names.functions[value] ?? `function ${value}`;
    case "functionAndMac":
      return `${formatValue("function", value & 0xffff, names, 0)} ${formatMac(value >>> 16, rest >>> 0)}`;
    case "phase":
      return PHASE_NAMES[value]?.toUpperCase() ?? `phase ${value}`;
    case "digest":
      return `digest ${(value >>> 0).toString(16).padStart(8, "0")}`;
    case "errno":
      return `errno ${value}`;
    case "number":
      return String(value);
  }
}

/** `02:11:22:33:44:55` of its first two and last four bytes. */
function formatMac(high: number, low: number): string {
  const digits = high.toString(16).padStart(4, "0") + low.toString(16).padStart(8, "0");
  return digits.replace(/..(?!$)/g, "$&:");
}
