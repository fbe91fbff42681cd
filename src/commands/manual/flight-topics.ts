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
  DIMENSIONS_MAX,
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
  (): string => `Every server decides for itself who runs what, by the same rule on the same table, so
all come to the same answer. The rule runs when a server fails, comes back, drains, or
can no longer run a function.

planned (default)
    The best possible set of functions, for each priority from 10 down: first as
    many running functions as possible stay running, moved where needed; then as
    many of the others as possible run. Of all allocations that achieve this,
    the one with the fewest moves, then the one that leaves the most even
    resource. So a function is stopped only for a more important one, never for
    two small ones of its own priority. Answers to the next possible events are
    computed ahead, with a hundredth of the processor. An answer depends only on
    its inputs, computed ahead or not, so servers always agree ('wingman plan
    --book' prints the answers). The search is bounded: at the bound, the answer
    is the best found, never worse than that of the other two policies, and
    'wingman plan' says "optimal": false.

preempt
    What runs stays where it is. Functions without a server follow in order of
    priority, the highest first: each goes to the server with the largest
    remaining resource. If it does not fit there, the least important function
    on that server is stopped, provided it is less important, and so on until it
    fits. When nothing less important is left there, the function stays without
    a server. A function stopped this way gets its own turn later.

reset
    All functions are assigned again, the highest priority first, each to the
    server with the largest remaining resource; what does not fit there does not
    run. Running functions may move.

preempt and reset are FIG. 4 and FIG. 3 of patent application US 2012/0311022.

Three keys of the configuration apply to every policy, every hand-over and every move
by hand:

resource, required
    A whole number, or an object with one for each of up to ${DIMENSIONS_MAX} dimensions with
    names of your own: {"cpu": 100, "streams": 40}. A function fits where it
    fits in every dimension. The first key of the first server is the first
    dimension: every function needs some of it, and it alone decides "largest
    remaining resource" and "most even"; status, console and page show it. So
    name the scarcest one first. A function takes nothing of a dimension that it
    does not name.

apartFrom
    Never on the same server. Each may run alone.

with
    Never on different servers. Each may run alone: one that has no room beside
    the others does not run. All functions that name the same one belong
    together.

planned finds the best allocation within these limits: it stops a function for a more
important one that must be apart from it, and moves functions that belong together at
once. preempt and reset do not look ahead. preempt places a function beside those it
belongs with, and never stops a function that it must be apart from: if one of those
is on the last server left, the more important function stays without a server. reset
places the more important of two that must be apart; a function that belongs with
others goes to them or does not run. A move by hand, and so 'wingman rebalance', moves
one function at a time, and none that runs together with others.

Ties: the first function and the first server in the configuration; among equally
unimportant functions the last one is stopped.

The console's 'move FUNCTION SERVER', on any server, moves a function by hand, except
with the policy reset, which would move it back. The function must be running and must
fit on the new server beside all that runs there: nothing is stopped for it. It is
handed over like a function of a server that drains, and functions that wait for room
may take what it leaves. It then stays, as if the rule had put it there, also when a
server comes back. A move that is not carried out within half the time of a hand-over,
or during which one of the two servers changes its state, is given up; the function
stays. It is not retried, and a restart forgets it. 'wingman rebalance' makes such
moves, one after the other, until the load is even again.

With preempt and reset a function that does not fit on the server with the most room
is not tried on others; room may be left in pieces too small for it while smaller
functions run. 'wingman check' shows what runs after every single and double failure,
'wingman plan' one case with the outcome of every step.

Why: 'wingman plan', 'wingman status' and the page give a sentence for each function.
Its numbers refer to the allocation that the rule answers: in "it needs 40, and beside
functions as important or more at most 25 is free, on b", 25 is the largest room on
one server if everything less important were gone. "no move of others changes that"
appears only when planned has proven it: only stopping functions that are as important
or more would make room. If its search hit its bound, it is "no better allocation was
found". The place with all servers up is where the rule puts a function when nothing
runs yet.`;

export const KEEP_ALIVE =
  (): string => `Every periodMs each server sends one multicast datagram on every keep-alive
network, and at once when its state changes. One network that delivers is enough.

lost          nothing accepted for lostAfterPeriods x periodMs; with three or
              more servers only when all that are heard have lost it, too
unreachable   lost here, but heard by others: its functions are left alone, and
              the fault is logged
alive again   recoveredAfterPeriods accepted in a row
draining      alive, but takes no functions
isolated      alive, but cut off from its clients
leaving       announced its departure (orderly stop): out at once
incompatible  its table digest differs: no peer until both have the same table

A starting server listens for lostAfterPeriods + ${LISTEN_EXTRA_PERIODS} periods, plus the lease if there is
one, before it takes anything, unless it has heard every configured server before. It
waits longer for servers that are joining or have not yet proven that they are live:
at most three recovery or detection times, whichever is longer.

A server that was asked for a move by hand announces it for a while: which function,
and to which server (see the topic allocation).

If a cable is partly cut, a server that hears another one relays its datagrams to
those that do not: servers that are connected in any way hear each other, and see the
same.

With keyFile, datagrams are authenticated (HMAC-SHA256) with the key in that file,
which is the same on every server. Without it, anyone on the network can take part.
Only the file's owner may have permission to read or write it.

To change the key in service, restart (stop, start) one server after the other;
complete each step on all servers before the next one:
  1. the new key becomes acceptKeyFile: accepted, but not yet used to send
  2. the new key becomes keyFile, and the old one acceptKeyFile
  3. acceptKeyFile is removed
At no time does a server reject another one's keep-alives: the counter
authentication does not change.

Rejected datagrams change only a counter of 'wingman status': authentication,
malformed, replay, unknown (no such server), system (another aircraft's). A sender of
repeated wrong keep-alives (another key, system or port) is named in a fault with its
MAC, and is not taken for a stranger. A configured server that is not heard within 5 s
of the start is a fault, too. Datagrams without the length, the first letters and the
version of a keep-alive never reach the server; those that arrive faster than they can
be read are counted (dropped).

Keep-alives are sent and received as whole Ethernet frames: no table that others can
fill (neighbours, connections), no firewall rule of this machine and no missing IPv4
address keeps servers from hearing each other.

A flood of datagrams on a keep-alive network delays no keep-alive: after ${RECEIVES_AT_ONCE_MAX}
datagrams in a period, networks are read every ${READ_REST_US} µs, at most ${RECEIVES_PER_TURN_MAX} datagrams from
each. If the flood fills the network itself, only the second network helps.

Detection below 30 ms needs real-time scheduling (CAP_SYS_NICE).`;

export const HANDOVER =
  (): string => `Break before make: a VIP goes down on the old server before it comes up on the new
one. The new server takes it only after the old one has released it or is lost, and
only while it has room for the function.

When a VIP comes up, it is announced at once (gratuitous ARP, unsolicited
neighbour advertisement), and again and again for some minutes (topic vips).

If a function is up on two servers after a divided network was joined, it stays with
the server that comes first in the configuration and is announced again; the other
server releases it.

A VIP deleted by hand is put back. The same address set by somebody else is left alone
and is a fault: Wingman cannot take it down when the function moves. Keep VIPs out of
the system's network setup (topic vips). After a crash the VIPs of the earlier run are
removed first.

A server that stops without notice (killed, paused, starved) is silenced by its own
kernel before the others take over: see the topic lease.

The process of a function with a command: see the topic processes.`;

export const LEASE =
  (): string => `Only one server may answer for a VIP, even when its owner is killed, paused or starved
and cannot release it. The owner's kernel ensures this, in two ways.

The lease: a packet filter lets VIPs answer only while the daemon renews it, before
every keep-alive. A daemon that stops is silent before the others take over, although
its addresses are still up. clients.lease is one of:

preferred  (default) a lease if the kernel supports one and it fits; otherwise
           a message at the start and in 'wingman status', and no lease
required   no start without a lease
off        no lease

A lease lasts (lostAfterPeriods - 1) x periodMs - ${LEASE_LATENESS_MS} ms: the last keep-alive may be
a period older than the last renewal, and ${LEASE_LATENESS_MS} ms late. It fits if it lasts for a
period and ${LEASE_LATENESS_MS} ms of lateness: that is, for detection times (periodMs x
lostAfterPeriods) of 2 x periodMs + ${2 * LEASE_LATENESS_MS} ms and more, 30 ms at 10 ms. 'wingman check'
shows it. If it does not fit, "required" is an error, the default a warning.

The mechanisms are tried at the start in this order; 'wingman status' and the log name
the one in use, 'wingman check --here' those of this machine:

tcx        eBPF programs on interfaces (Linux 6.6): it ends to the microsecond
clsact     the same as filters of tc, on older kernels
nftables   table "wingman" (Linux 5.16, ingress and egress): it ends up to two
           ticks of the kernel's timer early, and needs up to ${LEASE_TICKS_MS} ms more. With
           2 x periodMs + ${2 * LEASE_LATENESS_MS + LEASE_TICKS_MS} ms it always fits. A server that has only
           nftables, and where it does not fit, says so; with "required" it
           does not start
none       the addresses of a dead server answer until their lifetime ends

eBPF needs CAP_BPF and CAP_NET_ADMIN, which the shipped unit grants. With eBPF a
server is silent for every VIP that it does not own, however the address got there and
on any interface, with the lease or without: nothing to configure.

The other servers grant the lease: their echoes tell which keep-alive they heard last,
and the lease ends before they could miss the next ones. So it also holds when
keep-alives are lost on the way. A daemon whose lease has run out, or that no server
grants a lease, releases everything and starts over.

A server that no longer hears another one cannot know whether that one is dead or the
network carries nothing for a moment. It goes on alone only when more than
clients.leaseBridges keep-alives in a row are missing: then the network counts as
divided. Until then two servers never answer, whatever is stopped or killed. For that,
the functions of a server that fell silent are left alone for max(lostAfterPeriods x
periodMs, (leaseBridges + 2) x periodMs + ${2 * LEASE_LATENESS_MS} ms, and ${LEASE_TICKS_MS} ms more by nftables), and no
serving server ever pauses for another one's failure. Default: 1. 'wingman check'
shows the cost of each choice.

The lifetime: addresses are up for ${ADDRESS_LIFETIME_S_MIN} s at a time (valid_lft) and renewed by the daemon,
with the lease or without. When all its processes are gone, the kernel deletes the
addresses after that time. Detection times over 280 ms and more than ${RENEWAL_IPV6_PER_ROUND} IPv6 VIPs
make it longer.

The filter stays when the daemon is killed, so that nothing answers in its place; an
orderly stop removes it. By hand, with no daemon running: 'bpftool net detach
tcx_ingress dev eth0', likewise tcx_egress, or 'tc qdisc del dev eth0 clsact', or
'nft delete table netdev wingman'. Another eBPF program that runs before the filter is
a fault (WNG-0310). nftables needs CONFIG_NF_TABLES_NETDEV and
CONFIG_NETFILTER_EGRESS; from Linux 6.9 on no other program can change its filter
while the daemon runs.`;

export const NOTICE =
  (): string => `Before a function is stopped for a more important one, and when it has moved or
started, its server multicasts one datagram to clients.noticeGroup, port
clients.noticePort, on the client network. Seats may listen to it or ignore it.

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
socket priority 6. Where switches filter multicast (IGMP snooping), provide a querier,
or set the group by hand on the servers' ports. Servers report the group every
${GROUP_REPORT_MS / 1000} s and as soon as they miss one another; a switch that had forgotten it is a fault.
Each network is monitored separately: a server that is alive but was not heard on one
of them for ${NETWORK_SILENT_MS / 1000} s is a fault, even if it is heard on the other. 'wingman status' shows who
is heard where, and the console's 'test' fails for it. A missing interface is used as
soon as it appears. Without the client interface, the supervisor, the console and the
page wait for it.

A server without carrier on the client interface releases its VIPs. A server with
carrier that hears no peer serves alone, unless clients.witnesses names hosts of the
client network, such as a switch or the crew panel: then it serves only while one of
them answers its ARP requests. Otherwise it is cut off (phase isolated), and releases
its VIPs after lostAfterPeriods + the number of witnesses periods.

Servers that hear each other, for instance on a second network, tell each other
whether a witness answers them. If none has answered a server for ${WITNESS_SILENT_MS} ms, and for twice
the periods above, while another server that can take functions reaches one, it hands
its functions over and is isolated (WNG-0116; WNG-0119 on the others). It takes part
again after a witness has answered without a break for ${CUT_OFF_PAUSE_MS_MIN / 1000} s, doubled each time in a
row, up to ${CUT_OFF_PAUSE_MS_MAX / 1000} s; at once when no other server can take functions. If no server reaches
a witness, all stay (WNG-0117). So place witnesses where the seats are: a server that
reaches no witness serves no seats, even if it reaches some of them.

Each period one witness is asked directly, and while it does not answer also by
broadcast, at most ${1000 / WITNESS_BROADCAST_MS} times a second. A switch must not limit ARP below that rate.

A host that is no server and answers for a VIP is named in the log with its MAC, and
counted in 'wingman status'. The VIP stays, and is announced again at once and after
${DEFENCE_MS_MIN / 1000}, 2, 4 ... ${DEFENCE_MS_MAX / 1000} s, as long as the host is seen. The server sees what the host broadcasts
(announcements, its own requests) and sends to the server, but not its answers to a
single seat.

Only Wingman adds VIPs. Give each server an address of its own in every client subnet;
do not set VIPs in the system's network setup.

'wingman run' needs no root, but CAP_NET_ADMIN (addresses) and CAP_NET_RAW (ARP),
CAP_BPF for the lease by eBPF, and CAP_SYS_NICE or LimitRTPRIO=${FLIGHT_PRIORITY} for real-time scheduling.
It waits for its interfaces; no network need be up at boot. On Linux 5.18 or later it
recognises its own VIPs after a crash.`;

export const WATCHDOG =
  (): string => `Two watchdogs can monitor the flight loop, the process that sends the keep-alives. The
loop feeds them itself, after its keep-alive: when it is stopped, hung or dead,
nothing else does.

Service manager (systemd; sd_notify), when it sets NOTIFY_SOCKET. A unit is in
firmware-config/wingman@.service, its user in wingman.sysusers; NotifyAccess=all
is needed, because the loop is a child of the process that systemd starts.
  READY=1      once, when the server is active or draining, or when it waits for
               what may never come: a link, its peers' table, its own id
  WATCHDOG=1   ${SERVICE_FEEDINGS} times in WATCHDOG_USEC, from the loop's first turn on
  STATUS=      phase, functions up here, servers alive; on each change
  STOPPING=1   from the supervisor, which also reports when there is no engine

Watchdog device, when maintenance.watchdog is configured; 90-wingman.rules (udev)
opens it to the unit's user. It is opened at the end of the start-up and fed
${HARDWARE_FEEDINGS} times in timeoutSeconds. A device that cannot be opened, or does not support this
time-out, is a start-up error; one whose time-out cannot be set is used and logged.
Only an orderly stop (SIGTERM) of a server whose engine is running disarms it, unless
the driver does not allow that (nowayout). The machine resets itself when the server
is killed, abandoned by a second SIGTERM, or stopped while no engine is running. After
such a reset the maintenance log says WNG-0322, once, if the device's driver reports
it (WDIOC_GETBOOTSTATUS).

An engine that dies is restarted after ${PAUSE_MS_MAX / 1000} s at most, opens the device again and feeds
both watchdogs in its first turn: the shortest timeoutSeconds and the unit's
WatchdogSec are longer than that. An engine that keeps dying, but flies in between,
keeps them fed. A device has one owner: either systemd (RuntimeWatchdogSec) or
Wingman.`;
