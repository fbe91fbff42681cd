/**
 * Topics of the manual about what flies: who runs what, how the servers hear each other, how VIPs
 * move.
 */

import { paragraph } from "../../command-line/paragraph.ts";
import { FLIGHT_PRIORITY } from "../../io/realtime.ts";
import {
  ADDRESS_LIFETIME_S_MIN,
  CUT_OFF_PAUSE_MS_MAX,
  CUT_OFF_PAUSE_MS_MIN,
  DEFENCE_MS_MAX,
  DEFENCE_MS_MIN,
  GROUP_REPORT_MS,
  HARDWARE_FEEDINGS,
  LEASE_LATENESS_MS,
  LEASE_TICKS_MS,
  LISTEN_EXTRA_PERIODS,
  NETWORK_SILENT_MS,
  READ_REST_US,
  RECEIVES_AT_ONCE_MAX,
  RECEIVES_PER_TURN_MAX,
  RENEWAL_IPV6_PER_ROUND,
  SERVICE_FEEDINGS,
  WITNESS_BROADCAST_MS,
  WITNESS_SILENT_MS,
} from "../../limits.ts";
import { PAUSE_MS_MAX } from "../../supervisor/back-off.ts";
import { NOTICE_BYTES, NOTICE_KIND_NAMES, NOTICE_REASON_NAMES } from "../../wire/client-notice.ts";
import { numbered } from "./numbered.ts";

export const ALLOCATION =
  (): string => `Who runs what is decided by every server for itself, by the same rule on the same
table, so that all come to the same answer. The rule runs when a server fails,
comes back, drains, or cannot run a function any more.

preempt (default)
    What runs stays where it is. Functions without a server get their turn, the
    highest priority first: each goes to the server with the largest remaining
    resource. If it does not fit there, the least important function on that
    server is stopped, provided it is less important, and so on until it fits.
    When nothing less important is left there, the function stays without a
    server. A function stopped this way gets its own turn later.

reset
    All functions are given out anew, the highest priority first, each to the
    server with the largest remaining resource; what does not fit there is left
    out. Running functions may move.

Ties: the first function and the first server in the configuration; among equally
unimportant functions the last one is stopped.

A function can be moved by hand, where what runs stays where it is (preempt): the
maintenance console's 'move FUNCTION SERVER', on any server. It must be running, and
fit the new server beside all that runs there: nothing is stopped for it. It is handed
over like a function of a server that drains, and what waits for room may take what it
leaves. It stays there as if the rule had put it there: it does not go back when a
server comes back. A move that is not carried out within half the time of a hand-over,
or while a server of the two changes its state, is given up and the function stays;
it is never tried again by itself, and a restart knows nothing of it.

A function that does not fit the server with the most room is not tried on
others, and room may be left in pieces too small for it while smaller functions
run. 'wingman check' shows what runs with every single and double failure,
'wingman plan' one case with every step's outcome.`;

export const KEEP_ALIVE =
  (): string => `Every periodMs each server sends one multicast datagram on every keep-alive
network, and at once when its state changes. One network that delivers is enough.

lost          nothing accepted for lostAfterPeriods x periodMs; with three or
              more servers only when all that are heard have lost it, too
unreachable   lost here, heard by others: its functions are left alone, and the
              fault is logged
alive again   recoveredAfterPeriods accepted in a row
draining      alive, and takes no functions
isolated      alive, and cut off from its clients
leaving       it said good-bye (orderly stop): out at once
incompatible  its table digest differs: no peer until both have the same table

A starting server listens for lostAfterPeriods + ${LISTEN_EXTRA_PERIODS} periods, and a lease longer where
there is one, before it takes anything, unless it has heard every configured server before that; and longer for
servers that are joining or have not yet proven that they live now, at most three
recovery or detection times, whichever is longer.

A server that was asked for a move by hand tells the others so for a while: which
function, and to which server (see the topic allocation).

Where a cable is cut in part, whoever hears a server sends its datagrams on to those
who do not: servers that are joined by any way hear each other, and see the same.

With keyFile, datagrams are authenticated (HMAC-SHA256) with the key in that file,
the same on every server. Without it, whoever is on the network can take part.
Nobody but the file's owner may have permission to read or write it.

To change the key while the aircraft serves, one server after the other (stop,
start), and each step on all servers before the next begins:
  1. the new key becomes acceptKeyFile: it is accepted and not sent with
  2. the new key becomes keyFile, and the old one acceptKeyFile
  3. acceptKeyFile is removed
At no moment does a server reject what another one sends: the counter
authentication stays as it is.

Rejected datagrams change nothing but a counter of 'wingman status': authentication,
malformed, replay, unknown (no such server), system (another aircraft's). Whoever
sends such keep-alives again and again (another key, system or port) is named in a
fault with its MAC, and is not taken for a stranger. A configured server that is not
heard within 5 s of the start is a fault as well. What has not the length, the first
letters and the version of a keep-alive never reaches the server; what arrives
faster than it can be read is counted (dropped).

Keep-alives are sent and taken as whole Ethernet frames: no table that others can
fill (neighbours, connections), no firewall rule of this machine and no missing IPv4
address keeps servers from hearing each other.

A flood of datagrams on a keep-alive network delays no keep-alive: after ${RECEIVES_AT_ONCE_MAX}
datagrams in a period networks are read every ${READ_REST_US} µs, at most ${RECEIVES_PER_TURN_MAX} from each. If it
fills the network itself, nothing on the server helps: the second network does.

Detection below 30 ms needs real-time scheduling (CAP_SYS_NICE).`;

export const HANDOVER =
  (): string => `Break before make: a VIP is taken down on the old server before it comes up on the
new one. The new server takes it only after it has seen the old one let go, or
after the old one is lost, and only while it has room for the function.

When a VIP comes up, it is announced at once (gratuitous ARP, unsolicited
neighbour advertisement), and again and again for some minutes (topic vips).

Found up on two servers after a divided network was joined, a function stays with
the server that comes first in the configuration and is announced again; the other
lets go.

A VIP deleted by hand is put back. An address of the same value that somebody else
set is left alone and is a fault: Wingman cannot take it down when the function
moves. Keep VIPs out of the system's network setup (topic vips).
After a crash the VIPs of the earlier run are removed first of all.

A server that stops without a word (killed, paused, starved) is silenced by its own
kernel before the others take over: see the topic lease.

Its process, if it has a command: see the topic processes.`;

export const LEASE =
  (): string => `Only one server may answer for a VIP, even when the one that has it is killed, paused
or starved and cannot let go. Its kernel sees to that, in two ways.

The lease: a packet filter lets VIPs answer only while the daemon renews it, before
every keep-alive. A daemon that stops is silent before the others take over, with its
addresses still up. clients.lease says:

preferred  (default) a lease where the kernel has one and it fits; if not, a
           message at the start and in 'wingman status', and flight without
required   no start without a lease
off        no lease

A lease lasts (lostAfterPeriods - 1) x periodMs - ${LEASE_LATENESS_MS} ms: the last keep-alive may be
a period older than the last renewal, and ${LEASE_LATENESS_MS} ms late. It fits if it lasts for a
period and ${LEASE_LATENESS_MS} ms of lateness: that is, for detection times (periodMs x
lostAfterPeriods) of 2 x periodMs + ${2 * LEASE_LATENESS_MS} ms and more, 30 ms at 10 ms. 'wingman check'
shows it. Asked for where it does not fit, it is an error; left to the default, a warning.

What enforces it is tried at the start in this order; 'wingman status' and the log
name which, 'wingman check --here' what this machine has:

tcx        eBPF programs on interfaces (Linux 6.6): it ends to the microsecond
clsact     the same as filters of tc, on older kernels
nftables   table "wingman" (Linux 5.16, ingress and egress): it ends up to two
           ticks of the kernel's timer early, and needs up to ${LEASE_TICKS_MS} ms more. With
           2 x periodMs + ${2 * LEASE_LATENESS_MS + LEASE_TICKS_MS} ms it always fits. A server that has nothing
           else, and on which it does not fit, says so; with "required" it
           does not start
none       the addresses of a dead server answer until their lifetime ends

eBPF needs CAP_BPF and CAP_NET_ADMIN, as the shipped unit gives them. With it a server
is silent for every VIP that it does not own, whatever put the address there and on
whichever interface, with the lease or without: nothing to configure.

The others grant it: what they echo tells which keep-alive they have heard last, and
a lease ends before they could miss the next ones. So it holds as well when
keep-alives are lost on their way. A daemon whose lease ran out, or that nobody
grants one, lets go of everything and begins anew.

A server that hears nothing of another one cannot know whether that one is dead, or
the network carries nothing for a moment. It goes on alone only when more than
clients.leaseBridges keep-alives in a row are missing: then the network counts as
divided. Until then, whatever is stopped or killed, two never answer. For that, what
a server that fell silent ran is left alone for max(lostAfterPeriods x periodMs,
(leaseBridges + 2) x periodMs + ${2 * LEASE_LATENESS_MS} ms, and ${LEASE_TICKS_MS} ms more by nftables), and no server
that serves ever pauses for another one's failure. Default: 1. 'wingman check' shows
what each choice costs.

The lifetime: addresses are up for ${ADDRESS_LIFETIME_S_MIN} s at a time (valid_lft) and renewed by the daemon,
with the lease or without. When all its processes are gone, the kernel deletes them
after that. Detection times over 280 ms and more than ${RENEWAL_IPV6_PER_ROUND} IPv6 VIPs make it longer.

The filter stays when the daemon is killed, so that nothing answers in its place; an
orderly stop takes it away. By hand, with no daemon running: 'bpftool net detach
tcx_ingress dev eth0', likewise tcx_egress, or 'tc qdisc del dev eth0 clsact', or
'nft delete table netdev wingman'. Another eBPF program that runs before the filter is
a fault (WNG-0310). nftables needs CONFIG_NF_TABLES_NETDEV and
CONFIG_NETFILTER_EGRESS; from Linux 6.9 on nobody else can change its filter while
the daemon runs.`;

export const NOTICE =
  (): string => `Before a function is stopped for a more important one, and when it has moved or
started, its server multicasts one datagram to clients.noticeGroup, port
clients.noticePort, on the client network. Seats may listen or ignore it.

${NOTICE_BYTES} bytes; all numbers unsigned, the most significant byte first:
  offset length
   0     4      "WMCN"
   4     1      layout version, 1
   5     1      event: ${numbered(NOTICE_KIND_NAMES)}
${paragraph(`reason: ${numbered(NOTICE_REASON_NAMES)}`, "   6     1      ", "                ")}
   7     1      priority of the function
   8     4      system: first 4 bytes of the SHA-256 of its name
  12     8      first 8 bytes of the table digest
  20     4      incarnation of the sender
  24     4      sequence of the sender's notices; a gap is a lost notice
  28     2      index of the sending server in the configuration, from 0
  30     2      index of the function in the configuration, from 0
  32    32      identifier of the function, UTF-8, padded with zeros
  64     4      milliseconds since the sender's start
  68     4      CRC-32C of the bytes before it`;

export const NETWORK =
  (): string => `Client network (clients.interface): carries the VIPs, their announcements and the
client notices. The switch must let gratuitous ARP and unsolicited neighbour
advertisements pass: no ARP inspection on the servers' ports.

Keep-alive networks (keepAlive.interfaces): one or two; the client network may be
one of them. UDP multicast to keepAlive.group and port, IPv4, never routed (TTL 1),
socket priority 6. Where switches filter multicast (IGMP snooping) there should be
a querier, or the group be set by hand on the servers' ports. Servers ask for the
group every ${GROUP_REPORT_MS / 1000} s and as soon as they miss one another; that a switch had forgotten
it is a fault. Each network is watched by itself: a server that is alive and was not
heard on one of them for ${NETWORK_SILENT_MS / 1000} s is a fault, though the other network carries it.
'wingman status' shows who is heard where, and the console's 'test' fails for it. An
interface that is missing is used as soon as it is there. Without the client
interface the supervisor, the console and the page wait for it.

A server without carrier on the client interface lets go of its VIPs. A server
with carrier that hears no peer serves alone, unless clients.witnesses names
hosts of the client network, such as a switch or the crew panel: then it serves
only while one of them answers its ARP questions. Otherwise it is cut off
(phase isolated), and lets go after lostAfterPeriods + the number of witnesses
periods.

Servers that hear each other, on a second network say, tell each other whether a
witness answers them. One that none has answered for ${WITNESS_SILENT_MS} ms, and for twice the
periods above, while another one that can take functions reaches one, hands its
functions over and is isolated (WNG-0116; WNG-0119 on the others). It takes part
again after a witness has answered without a break for ${CUT_OFF_PAUSE_MS_MIN / 1000} s, each time in a row
twice as long, up to ${CUT_OFF_PAUSE_MS_MAX / 1000} s; at once when no other server can take functions. Where
no server reaches a witness, all stay (WNG-0117). So witnesses stand where the seats
are: a server that reaches only some of the seats and no witness serves none.

Each period one of the witnesses is asked alone, and by broadcast, ${1000 / WITNESS_BROADCAST_MS} times a second at most, while it does
not answer. A switch must not limit ARP below that rate.

A host that is no server and answers for a VIP is named in the log with its MAC,
and counted in 'wingman status'. The VIP stays, and is announced again at once and
after ${DEFENCE_MS_MIN / 1000}, 2, 4 ... ${DEFENCE_MS_MAX / 1000} s, as long as the host is seen. It is seen in what it
broadcasts (announcements, its own questions) and sends to the server; what it
answers to a seat alone, only the seat sees.

VIPs are added by Wingman alone. Give each server an address of its own in every
client subnet; do not set VIPs in the system's network setup.

'wingman run' needs CAP_NET_ADMIN (addresses) and CAP_NET_RAW (ARP), and no root;
CAP_BPF for the lease by eBPF, and CAP_SYS_NICE or LimitRTPRIO=${FLIGHT_PRIORITY} for real-time
scheduling. It waits for its interfaces, and needs no network to be up at boot. Linux 5.18 or later recognises its own VIPs after a
crash.`;

export const WATCHDOG =
  (): string => `Two watchdogs can watch the flight loop, the process that sends the keep-alives. It
feeds them itself, after its keep-alive: when it is stopped, hung or dead, nothing
else does.

Service manager (systemd; sd_notify), when it sets NOTIFY_SOCKET. A unit is in
firmware-config/wingman@.service, its user in wingman.sysusers; NotifyAccess=all
is needed, because the loop is a child of the process that systemd starts.
  READY=1      once, when the server is active or draining, or when it waits for
               what may never come: a link, its peers' table, its own id
  WATCHDOG=1   ${SERVICE_FEEDINGS} times in WATCHDOG_USEC, from the loop's first turn on
  STATUS=      phase, functions up here, servers alive; when one of them changes
  STOPPING=1   from the supervisor, which also says when there is no engine

Watchdog device, when maintenance.watchdog is configured; 90-wingman.rules (udev)
opens it to the unit's user. It is opened at the end
of the start-up and fed ${HARDWARE_FEEDINGS} times in timeoutSeconds. A device that cannot be opened
or cannot have this time-out is a start-up error; one whose time-out cannot be set
is used and logged. Only an orderly stop (SIGTERM) of a server whose engine flies
disarms it, unless the driver does not allow that (nowayout). Killed, abandoned by
a second SIGTERM, or stopped while no engine flies, the machine resets itself.
After such a reset the maintenance log says WNG-0322, once, where the device's
driver tells it (WDIOC_GETBOOTSTATUS).

An engine that dies is started again after ${PAUSE_MS_MAX / 1000} s at the longest, opens the device
again and feeds both with its first turn: the shortest timeoutSeconds and the
unit's WatchdogSec outlast that. One that flies in between each time feeds on.
A device has one owner: not systemd (RuntimeWatchdogSec) and Wingman.`;
