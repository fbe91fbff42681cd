/** Meanings of the codes about the keep-alive networks. */

import {
  LOG_GROUP_FORGOTTEN,
  LOG_NETWORK_HEARD,
  LOG_NETWORK_SILENT,
  LOG_REFUSED_GONE,
  LOG_REFUSED_KEY,
  LOG_REFUSED_PORT,
  LOG_REFUSED_SERVER,
  LOG_REFUSED_SYSTEM,
  LOG_SERVER_NEVER_HEARD,
} from "../boundary/maintenance-code.ts";
import { type CatalogueEntry, entry } from "./entry.ts";
import {
  LOG_INTERFACE_MISSING,
  LOG_INTERFACE_PRESENT,
  LOG_NETWORKS_MISSING,
  LOG_NETWORKS_PRESENT,
} from "./supervisor-code.ts";

export const NETWORK_ENTRIES: readonly CatalogueEntry[] = [
  entry(
    LOG_NETWORK_SILENT,
    "SERVER NOT HEARD ON ONE NETWORK",
    "server",
    "network",
    "It is heard on the other network; the carrier here is up.",
    "Check cable, switch and interface of the server and network.",
    { class: 2, lasts: "engine", inhibited: true },
  ),
  entry(
    LOG_NETWORK_HEARD,
    "SERVER HEARD ON NETWORK AGAIN",
    "server",
    "network",
    "It is heard there again, or no longer expected: see the other faults.",
    "None.",
    { clears: [LOG_NETWORK_SILENT] },
  ),
  entry(
    LOG_GROUP_FORGOTTEN,
    "SWITCH HAD FORGOTTEN KEEP-ALIVE GROUP",
    "network",
    "none",
    "The network was silent until this server reported the group again.",
    "Give the network an IGMP querier, or switch snooping off.",
    { class: 3 },
  ),
  entry(
    LOG_SERVER_NEVER_HEARD,
    "CONFIGURED SERVER NEVER HEARD",
    "server",
    "none",
    "No keep-alive of it has arrived since this server started.",
    "Check its power, cables, key, system name, group and port.",
    { class: 2, lasts: "engine", inhibited: true },
  ),
  refused(
    LOG_REFUSED_KEY,
    "KEEP-ALIVES REFUSED, WRONG KEY",
    "Somebody sends them without the key of this aircraft.",
    "Find the box by its MAC; give all servers one key file.",
  ),
  refused(
    LOG_REFUSED_SYSTEM,
    "KEEP-ALIVES REFUSED, OTHER SYSTEM",
    "The sender has another system name.",
    "Find the box by its MAC; give all servers one configuration.",
  ),
  refused(
    LOG_REFUSED_PORT,
    "KEEP-ALIVES REFUSED, WRONG PORT",
    "They come to another port than keepAlive.port.",
    "Find the box by its MAC; give all servers one configuration.",
  ),
  refused(
    LOG_REFUSED_SERVER,
    "KEEP-ALIVES REFUSED, UNKNOWN SERVER",
    "The sender has a number that no server of this table has.",
    "Find the box by its MAC; give all servers one configuration.",
  ),
  entry(
    LOG_REFUSED_GONE,
    "REFUSED KEEP-ALIVES HAVE ENDED",
    "networkAndMac",
    "none",
    "No such keep-alive arrived for some seconds.",
    "None.",
    { clears: [LOG_REFUSED_KEY, LOG_REFUSED_SYSTEM, LOG_REFUSED_PORT, LOG_REFUSED_SERVER] },
  ),
  entry(
    LOG_INTERFACE_MISSING,
    "CLIENT INTERFACE MISSING",
    "none",
    "none",
    "The interface clients.interface does not exist.",
    "Check the network adapter, its driver and its name.",
    { class: 2, lasts: "cleared" },
  ),
  entry(
    LOG_INTERFACE_PRESENT,
    "CLIENT INTERFACE PRESENT",
    "none",
    "none",
    "It is there again: the server takes part.",
    "None.",
    { clears: [LOG_INTERFACE_MISSING] },
  ),
  entry(
    LOG_NETWORKS_MISSING,
    "ALL KEEP-ALIVE INTERFACES MISSING",
    "none",
    "none",
    "No interface of keepAlive.interfaces exists: the server does not serve.",
    "Check the network adapters, their drivers and names.",
    { class: 2, lasts: "cleared" },
  ),
  entry(
    LOG_NETWORKS_PRESENT,
    "KEEP-ALIVE INTERFACE PRESENT",
    "none",
    "none",
    "One of them is there: the server takes part.",
    "None.",
    { clears: [LOG_NETWORKS_MISSING] },
  ),
];

function refused(code: number, text: string, cause: string, action: string): CatalogueEntry {
  return entry(code, text, "networkAndMac", "none", cause, action, { class: 2, lasts: "engine" });
}
