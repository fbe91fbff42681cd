/** The topic vips: VIPs in the kernel, and what is repaired automatically. */

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
  ANNOUNCE_FOR_MS,
  ANNOUNCE_PAUSE_MS_MAX,
  ANNOUNCE_PAUSE_MS_MIN,
  ANNOUNCE_REPEAT_MS,
  ATTEMPT_PAUSE_MS_MAX,
  ATTEMPT_PAUSE_MS_MIN,
  PUT_BACK_PAUSE_MS_MIN,
} from "../../limits.ts";

const seconds = (ms: number): number => ms / 1000;

/** What each fault means beyond its cause and action. */
const REPAIRED: readonly (readonly [number, () => string])[] = [
  [
    LOG_VIP_REMOVED,
    () =>
      `Somebody deleted a VIP. It is put back at once; one that is deleted repeatedly after ${seconds(PUT_BACK_PAUSE_MS_MIN)} s, and twice as long each time, at most ${seconds(ATTEMPT_PAUSE_MS_MIN)} s. So after 'ip addr flush dev eth0' in flight the VIPs come back, but the server's own address is lost: use 'wingman drain' first, then change the interface, then 'wingman resume'.`,
  ],
  [
    LOG_VIP_FOREIGN,
    () =>
      `Somebody has set a VIP as an address of this server, on any interface, with any length. It is left alone, and answers beside the owner: remove it from the network setup. The fault ends when the last one is gone.`,
  ],
  [
    LOG_VIP_REFUSED,
    () =>
      `The kernel refuses one VIP of a function, for instance an IPv6 one where IPv6 is off (disable_ipv6). The function serves with its others and stays where it is; the VIP is retried, at least every ${seconds(ATTEMPT_PAUSE_MS_MAX)} s.`,
  ],
  [
    LOG_VIP_FAILED,
    () =>
      `The kernel refuses all VIPs of a function: it fails on this server and moves. While no other server has it, it is retried here after ${seconds(ATTEMPT_PAUSE_MS_MIN)} s, 2 s and so on, at least every ${seconds(ATTEMPT_PAUSE_MS_MAX)} s.`,
  ],
  [
    LOG_ROUTE_PUT_BACK,
    () =>
      `A network manager deleted the route to the seats: it is set again within a period. systemd-networkd leaves it alone with ManageForeignRoutes=no.`,
  ],
  [LOG_ROUTE_MISSING, () => `The kernel refuses that route; it is retried.`],
  [
    LOG_ARP_UNGUARDED,
    () =>
      `Linux answers ARP for a VIP on every interface (arp_ignore 0). If two interfaces of a server are in one segment, seats would learn the MAC of the other one, which no lease silences. Wingman keeps all interfaces except the client interface from answering ARP for VIPs (nftables, table "wingman" of the family arp; an orderly stop removes it; by hand, with no daemon running: 'nft delete table arp wingman'). This fault means that it could not, or was configured not to (clients.lease off): set net.ipv4.conf.all.arp_ignore=1 and net.ipv4.conf.all.arp_announce=2.`,
  ],
];

export const VIPS = (): string => `A VIP in the kernel of its server, on clients.interface:

  inet 10.44.1.1/32 scope host deprecated dynamic eth0
     valid_lft 2sec preferred_lft 0sec
  inet6 fd44::1/64 scope global nodad deprecated dynamic
     valid_lft 2sec preferred_lft 0sec

/32           for any configured length, so that no other address goes with it;
              IPv6 has the configured length
scope host,   the VIP is never the source of the server's own traffic; it
deprecated    answers like any other address
nodad         it answers at once: Wingman itself ensures that it is unique
valid_lft     ${ADDRESS_LIFETIME_S_MIN} s and more, always renewed: the kernel deletes an address
              that nobody renews (see the topic lease)
proto 0x57    marks Wingman's addresses and routes ('ip -d', Linux 5.18)

With an IPv4 VIP comes a route to its configured subnet, proto 0x57, metric
1000000: the way to the seats where the server has no address of its own there.

Announcements: gratuitous ARP as a request and as a reply, unsolicited neighbour
advertisement with the override flag; at once, after ${seconds(ANNOUNCE_REPEAT_MS)} s, and then after pauses
of ${seconds(ANNOUNCE_PAUSE_MS_MIN)} to ${seconds(ANNOUNCE_PAUSE_MS_MAX)} s for ${seconds(ANNOUNCE_FOR_MS)} s: a switch port that has carrier but forwards only
later (spanning tree) loses the first ones.

Repaired automatically, or reported:

${REPAIRED.map(([code, text]) => paragraph(text(), `${codeLabel(code)}  `, " ".repeat(10))).join("\n")}`;
