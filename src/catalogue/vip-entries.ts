/** What the codes about VIPs mean that a server sees in its own kernel. */

import {
  LOG_ROUTE_MISSING,
  LOG_ROUTE_PUT_BACK,
  LOG_ROUTE_SET,
  LOG_VIP_FOREIGN,
  LOG_VIP_FOREIGN_GONE,
  LOG_VIP_REFUSED,
  LOG_VIP_TAKEN,
} from "../core/maintenance-code.ts";
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
  entry(
    LOG_ROUTE_PUT_BACK,
    "ROUTE TO THE SEATS REMOVED, PUT BACK",
    "function",
    "none",
    "Somebody deleted the route to the subnet of the function's VIP.",
    "Keep the network manager off routes with protocol 0x57.",
    { class: 3 },
  ),
  entry(
    LOG_ROUTE_MISSING,
    "NO ROUTE TO THE SEATS",
    "function",
    "errno",
    "The kernel refuses the route to the subnet of the function's VIP; tried again.",
    "Check the client interface and the routes ('ip route').",
    { class: 2, lasts: "cleared" },
  ),
  entry(
    LOG_ROUTE_SET,
    "ROUTE TO THE SEATS SET, OR NOT NEEDED",
    "function",
    "none",
    "The kernel has taken the route, or the function has left this server.",
    "None.",
    { clears: [LOG_ROUTE_MISSING] },
  ),
  entry(
    LOG_VIP_REFUSED,
    "ONE VIP OF A FUNCTION CANNOT BE SET",
    "functionAndVip",
    "errno",
    "The kernel refuses this address; the function serves with its others.",
    "Switch IPv6 on (disable_ipv6), or take the VIP out of the table.",
    { class: 2, lasts: "cleared" },
  ),
  entry(
    LOG_VIP_TAKEN,
    "VIP SET AFTER ALL, OR NOT NEEDED",
    "functionAndVip",
    "none",
    "The kernel has taken the address, or the function has left this server.",
    "None.",
    { clears: [LOG_VIP_REFUSED] },
  ),
];
