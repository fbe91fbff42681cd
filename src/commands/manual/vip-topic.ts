/** The topic vips: how VIPs stand in the kernel, and what is mended by itself. */

import {
  LOG_ARP_UNGUARDED,
  LOG_ROUTE_MISSING,
  LOG_ROUTE_PUT_BACK,
  LOG_VIP_FAILED,
  LOG_VIP_FOREIGN,
  LOG_VIP_REFUSED,
  LOG_VIP_REMOVED,
} from "../../boundary/maintenance-code.ts";
import { codeLabel } from "../../catalogue/record-text.ts";
import { paragraph } from "../../command-line/paragraph.ts";
import {
  ADDRESS_LIFETIME_S_MIN,
  ANNOUNCE_AGAIN_MS,
  ANNOUNCE_FOR_MS,
  ANNOUNCE_PAUSE_MS_MAX,
  ANNOUNCE_PAUSE_MS_MIN,
  ATTEMPT_PAUSE_MS_MAX,
  ATTEMPT_PAUSE_MS_MIN,
  PUT_BACK_PAUSE_MS_MIN,
} from "../../limits.ts";

const seconds = (ms: number): number => ms / 1000;

/** What each fault means beyond its cause and action. */
const MENDED: readonly (readonly [number, () => string])[] = [
  [
    LOG_VIP_REMOVED,
    () =>
      `Somebody deleted a VIP. It is put back at once; one that is deleted again and again after ${seconds(PUT_BACK_PAUSE_MS_MIN)} s, and twice as long each time, at most ${seconds(ATTEMPT_PAUSE_MS_MIN)} s. So 'ip addr flush dev eth0' in flight leaves an interface to which the VIPs come back, and which has lost the server's own address: use 'wingman drain' first, then change the interface, then 'wingman resume'.`,
  ],
  [
    LOG_VIP_FOREIGN,
    () =>
      `Somebody has set a VIP as an address of this server, on any interface, with any length. It is left alone, and answers beside the owner: take it out of the network setup. The fault ends when the last one is gone.`,
  ],
  [
    LOG_VIP_REFUSED,
    () =>
      `The kernel refuses one VIP of a function, an IPv6 one where IPv6 is off (disable_ipv6) for instance. The function serves with its others and stays where it is; the VIP is tried again, at least every ${seconds(ATTEMPT_PAUSE_MS_MAX)} s.`,
  ],
  [
    LOG_VIP_FAILED,
    () =>
      `The kernel refuses all VIPs of a function: it fails on this server and moves. While no other server has it, it is tried again here after ${seconds(ATTEMPT_PAUSE_MS_MIN)} s, 2 s and so on, at least every ${seconds(ATTEMPT_PAUSE_MS_MAX)} s.`,
  ],
  [
    LOG_ROUTE_PUT_BACK,
    () =>
      `A network manager deleted the route to the seats: it is set again within a period. systemd-networkd leaves it alone with ManageForeignRoutes=no.`,
  ],
  [LOG_ROUTE_MISSING, () => `The kernel refuses that route; it is tried again.`],
  [
    LOG_ARP_UNGUARDED,
    () =>
      `Linux answers ARP for a VIP on every interface (arp_ignore 0). Where two interfaces of a server are in one segment, seats would learn the MAC of the other one, which no lease silences. Wingman keeps all interfaces but the client interface out of the VIPs' ARP (nftables, table "wingman" of the family arp; an orderly stop takes it away; by hand, with no daemon running: 'nft delete table arp wingman'). This fault says that it could not, or was not to (clients.lease off): set net.ipv4.conf.all.arp_ignore=1 and net.ipv4.conf.all.arp_announce=2.`,
  ],
];

export const VIPS =
  (): string => `How a VIP stands in the kernel of its server, on clients.interface:

  inet 10.44.1.1/32 scope host deprecated dynamic eth0
     valid_lft 2sec preferred_lft 0sec
  inet6 fd44::1/64 scope global nodad deprecated dynamic
     valid_lft 2sec preferred_lft 0sec

/32           whatever the configured length, so that no other address goes with
              it; IPv6 has the configured length
scope host,   neither is ever the source of the server's own traffic; the VIP
deprecated    answers like any other address
nodad         it answers at once: Wingman itself sees that there is only one
valid_lft     ${ADDRESS_LIFETIME_S_MIN} s and more, renewed all the time: the kernel deletes it
              when nobody does (see the topic lease)
proto 0x57    the mark of Wingman's addresses and routes ('ip -d', Linux 5.18)

With an IPv4 VIP comes a route to its configured subnet, proto 0x57, metric
1000000: the way to the seats where the server has no address of its own there.

Announcements: gratuitous ARP as a request and as a reply, unsolicited neighbour
advertisement with the override flag; at once, after ${seconds(ANNOUNCE_AGAIN_MS)} s, and then after pauses
of ${seconds(ANNOUNCE_PAUSE_MS_MIN)} to ${seconds(ANNOUNCE_PAUSE_MS_MAX)} s for ${seconds(ANNOUNCE_FOR_MS)} s: a port of the switch that has a carrier and
forwards only later (spanning tree) has lost the first ones.

What is mended by itself, and what is named:

${MENDED.map(([code, text]) => paragraph(text(), `${codeLabel(code)}  `, " ".repeat(10))).join("\n")}`;
