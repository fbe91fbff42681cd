/** The manual inside the executable: one text for each topic, at most 80 columns wide. */

import { KEY_BYTES_MAX, KEY_BYTES_MIN } from "../config/key-file.ts";
import { eventLabel } from "../core/event-text.ts";
import { MAINTENANCE_EVENTS, type MaintenanceEvent } from "../core/maintenance-event.ts";
import {
  ADDRESS_LIFETIME_S_MIN,
  ANNOUNCE_AGAIN_MS,
  CONSOLE_IDLE_MS,
  CONSOLE_LINE_MAX,
  CONSOLE_SESSIONS_MAX,
  CONSOLE_TYPE_AHEAD_MAX,
  DEFENCE_MS_MAX,
  DEFENCE_MS_MIN,
  DETECTION_TIME_MS_MAX,
  DETECTION_TIME_MS_MIN,
  HARDWARE_FEEDINGS,
  LEASE_LATENESS_MS,
  LEASE_TICKS_MS,
  LISTEN_EXTRA_PERIODS,
  LOG_ARCHIVES_MAX,
  LOG_BYTES_PER_LEG,
  LOG_COLLECT_US,
  LOG_LEGS_MIN,
  LOG_RECORDS_PER_HOUR_MAX,
  LOG_RETRY_US,
  LOG_SYNCS_PER_LEG,
  LOG_WAITING_MAX,
  PROCESS_FAILURE_WINDOW_MS,
  PROCESS_FAILURES_MAX,
  READ_REST_US,
  RECEIVES_AT_ONCE_MAX,
  RECEIVES_PER_TURN_MAX,
  RECOVERY_TIME_MS_MAX,
  RENEWAL_IPV6_PER_ROUND,
  SERVICE_FEEDINGS,
  WITNESS_BROADCAST_MS,
} from "../limits.ts";
import { CONSOLE_COMMANDS } from "../manage/console-commands.ts";
import { commandList } from "../manage/console-help.ts";
import { PAUSE_MS_MAX } from "../supervisor/back-off.ts";
import { NOTICE_BYTES, NOTICE_EVENT_NAMES, NOTICE_REASON_NAMES } from "../wire/client-notice.ts";
import { REASON_NAMES } from "../wire/control.ts";
import { commandSummaries, PUBLIC_COMMANDS } from "./catalogue.ts";
import { configurationReference } from "./configuration-reference.ts";
import { paragraph } from "./paragraph.ts";

export interface Topic {
  name: string;
  summary: string;
  text: () => string;
}

/** Names behind their numbers, from 1. */
const numbered = (names: readonly string[]): string =>
  names
    .map((name, number) => `${number} ${name}`)
    .slice(1)
    .join(", ");

const OVERVIEW = (): string => `Wingman runs on each of the head-end servers of an aircraft's cabin system. Every
service function (announcements, television, map, ...) has a required resource, a
priority and one or more virtual IP addresses (VIPs). The servers hear each other
by keep-alives. When one falls silent or comes back, its functions are given out
again by priority and resource, and their VIPs move with them: seats keep the
address they know.

All servers run the same program with the same configuration; none is the master.

Commands
${commandSummaries()}

Topics
${TOPICS.filter(({ name }) => !isCommand(name) && name !== "overview")
  .map(({ name, summary }) => `  ${name.padEnd(17)}${summary}`)
  .join("\n")}

'wingman help TOPIC' shows a topic or a command.`;

const CONFIGURATION = (): string => `One JSON file for all servers of an aircraft, without comments. Required are
system, servers and functions; everything else has a default. Without --config
the aircraft embedded in the executable is used. 'wingman check' names every
problem of a file at once. firmware-config/schema.json helps editors.

Keys are checked against each other, too:
  - identifiers are unique, and each VIP belongs to one function; VIPs are
    compared as addresses, so fd44::1 and fd44:0::1 are the same;
  - a function fits at least one server that may run it;
  - no VIP is a witness; keep-alives and notices differ in group or port;
  - periodMs x lostAfterPeriods is ${DETECTION_TIME_MS_MIN} to ${DETECTION_TIME_MS_MAX} ms;
  - periodMs x recoveredAfterPeriods is at most ${RECOVERY_TIME_MS_MAX} ms;
  - a lease that is asked for fits the detection time (see the topic lease).

Servers compare a digest of the table (see the topic keep-alive). It covers all
that they must agree on; not part number, interface names, key file, the words of
commands, ATA chapters and maintenance, which may differ from server to server.

${configurationReference()}`;

const ALLOCATION = (): string => `Who runs what is decided by every server for itself, by the same rule on the same
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

const KEEP_ALIVE = (): string => `Every periodMs each server sends one multicast datagram on every keep-alive
network, and at once when its state changes. One network that delivers is enough.

lost          nothing accepted for lostAfterPeriods x periodMs; with three or
              more servers only when all that are heard have lost it, too
unreachable   lost here, heard by others: its functions are left alone, and the
              fault is logged
alive again   recoveredAfterPeriods accepted in a row
leaving       it said good-bye (drain, orderly stop): out at once
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
malformed, replay, unknown (no such server), system (another aircraft's). What has
not the length, the first letters and the version of a keep-alive is dropped by the
kernel (dropped), as is what arrives faster than it can be read.

A flood of datagrams on a keep-alive network delays no keep-alive: after ${RECEIVES_AT_ONCE_MAX}
datagrams in a period networks are read every ${READ_REST_US} µs, at most ${RECEIVES_PER_TURN_MAX} from each. If it
fills the network itself, nothing on the server helps: the second network does.

Detection below 30 ms needs real-time scheduling (CAP_SYS_NICE).`;

const HANDOVER = (): string => `Break before make: a VIP is taken down on the old server before it comes up on the
new one. The new server takes it only after it has seen the old one let go, or
after the old one is lost, and only while it has room for the function.

When a VIP comes up, it is announced at once (gratuitous ARP, unsolicited
neighbour advertisement) and again after ${ANNOUNCE_AGAIN_MS} ms.

Found up on two servers after a divided network was joined, a function stays with
the server that comes first in the configuration and is announced again; the other
lets go.

A VIP deleted by hand is put back. An address of the same value that somebody else
set is left alone and named in a message: Wingman counts it as up there, and cannot
take it down when the function moves. Keep VIPs out of the system's network setup.
After a crash the VIPs of the earlier run are removed first of all.

A server that stops without a word (killed, paused, starved) is silenced by its own
kernel before the others take over: see the topic lease.

The function's process, if it has a command, runs with these variables:
  WINGMAN_FUNCTION  identifier of the function
  WINGMAN_SERVER    identifier of the server
  WINGMAN_VIPS      addresses, comma-separated, without prefix length
  WINGMAN_REASON    ${REASON_NAMES.join(", ")}

It is stopped with SIGTERM and, after stopGraceMs, its whole process group with
SIGKILL. When it exits by itself it is started again after a growing pause; after
${PROCESS_FAILURES_MAX} failures within ${PROCESS_FAILURE_WINDOW_MS / 1000} s the function is marked failed on that server and moves.
'wingman resume' clears the mark.`;

const LEASE = (): string => `Only one server may answer for a VIP, even when the one that has it is killed, paused
or starved and cannot let go. Its kernel sees to that, in two ways.

The lease: a packet filter (nftables, table "wingman") lets VIPs answer only while
the daemon renews it, before every keep-alive. A daemon that stops is silent before
the others take over, with its addresses still up. clients.lease says:

preferred  (default) a lease where the kernel has one and it fits; if not, a
           message at the start and in 'wingman status', and flight without
required   no start without a lease
off        no lease

A lease lasts (lostAfterPeriods - 1) x periodMs - ${LEASE_LATENESS_MS} ms: the last keep-alive may be
a period older than the last renewal, and ${LEASE_LATENESS_MS} ms late. It fits if it lasts for a
period, ${LEASE_LATENESS_MS} ms of lateness and ${LEASE_TICKS_MS} ms of the kernel's timer ticks: that is, for
detection times (periodMs x lostAfterPeriods) of 2 x periodMs + ${2 * LEASE_LATENESS_MS + LEASE_TICKS_MS} ms and more, at
10 ms from 5 periods on. 'wingman check' shows it. Asked for where it does not fit,
it is an error; left to the default, a warning.

The others grant it: what they echo tells which keep-alive they have heard last, and
a lease ends before they could miss the next ones. So it holds as well when
keep-alives are lost on their way. A daemon whose lease ran out, or that nobody
grants one, lets go of everything and begins anew.

The lifetime: addresses are up for ${ADDRESS_LIFETIME_S_MIN} s at a time (valid_lft) and renewed by the daemon,
with the lease or without. When all its processes are gone, the kernel deletes them
after that. Detection times over 280 ms and more than ${RENEWAL_IPV6_PER_ROUND} IPv6 VIPs make it longer.

The filter stays when the daemon is killed, so that nothing answers in its place; an
orderly stop, and a start with "off", take it away. By hand, with no daemon running:
'nft delete table netdev wingman'. Needs Linux 5.16 with nftables on ingress and
egress (CONFIG_NF_TABLES_NETDEV, CONFIG_NETFILTER_EGRESS); from 6.9 on nobody else can
change the filter while the daemon runs.`;

const NOTICE = (): string => `Before a function is stopped for a more important one, and when it has moved or
started, its server multicasts one datagram to clients.noticeGroup, port
clients.noticePort, on the client network. Seats may listen or ignore it.

${NOTICE_BYTES} bytes; all numbers unsigned, the most significant byte first:
  offset length
   0     4      "WMCN"
   4     1      layout version, 1
   5     1      event: ${numbered(NOTICE_EVENT_NAMES)}
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

const FILES = (): string => `configuration      named with --config; embedded default aircraft without it
key files          keepAlive.keyFile, acceptKeyFile, maintenance.web.tokenFile;
                   for their owner alone; relative paths start at the
                   configuration

/run/wingman       (--run-dir) of a running server:
  lock             held by 'wingman run': a second one here ends at once
  config.json      the configuration in effect, all defaults written out
  status           what 'wingman status' shows
  engine.sock      where 'wingman drain' and 'wingman resume' ask
  console.sock     the maintenance console, for 'wingman console'
  engine.stderr    what the engine printed before it died; empty otherwise

/var/lib/wingman   (--state-dir), kept over restarts:
  incarnation      number of the last start; must never go back
  maintenance.log  see the topic maintenance-log
  maintenance.log.corrupt-1 ...
                   a log that could not be read any more, at most ${LOG_ARCHIVES_MAX}

No other file is read, in particular none of the directory it is started in.
A client interface is served by one daemon: a second one is refused.`;

const EXIT_CODES = (): string => `0  done
1  it failed at run time: the system refused something, the daemon does not
   answer, or another one runs already
2  the command line, the configuration or a state file is wrong; every problem
   is named in one line: file, path in it, what was found, what is expected

Results go to stdout, errors to stderr. With --json, stdout is one JSON document.`;

const NETWORK = (): string => `Client network (clients.interface): carries the VIPs, their announcements and the
client notices. The switch must let gratuitous ARP and unsolicited neighbour
advertisements pass: no ARP inspection on the servers' ports.

Keep-alive networks (keepAlive.interfaces): one or two; the client network may be
one of them. UDP multicast to keepAlive.group and port, IPv4, never routed (TTL 1),
socket priority 6. Where switches filter multicast (IGMP snooping) there must be
a querier, or the group must be set by hand on the servers' ports.

A server without carrier on the client interface lets go of its VIPs. A server
with carrier that hears no peer serves alone, unless clients.witnesses names
hosts of the client network, such as a switch or the crew panel: then it serves
only while one of them answers its ARP questions. Otherwise it is cut off
(phase isolated), and lets go after lostAfterPeriods + the number of witnesses
periods. While a peer is heard, nothing depends on the witnesses. Each period one
of them is asked alone, and by broadcast, ${1000 / WITNESS_BROADCAST_MS} times a second at most, while it does
not answer. A switch must not limit ARP below that rate.

A host that is no server and answers for a VIP is named in the log with its MAC,
and counted in 'wingman status'. The VIP stays, and is announced again at once and
after ${DEFENCE_MS_MIN / 1000}, 2, 4 ... ${DEFENCE_MS_MAX / 1000} s, as long as the host is seen. It is seen in what it
broadcasts (announcements, its own questions) and sends to the server; what it
answers to a seat alone, only the seat sees.

VIPs are added by Wingman alone. Give each server an address of its own in every
client subnet; do not set VIPs in the system's network setup.

'wingman run' needs CAP_NET_ADMIN (addresses) and CAP_NET_RAW (ARP); CAP_SYS_NICE
for real-time scheduling. Linux 5.18 or later recognises its own VIPs after a
crash.`;

const PAGE = (): string => `A page for a laptop's browser, served at maintenance.web.listen and nowhere
else, by a process of its own: nothing that flies waits for it. It only shows;
the log can be downloaded. It needs nothing but this server, and shows changes
without reload.

  first line   is everything running, and if not, what to do
  picture      servers as columns with their capacity, functions in them by
               priority (P10 first) and size, what does not run, and why; the
               same as a table
  faults       that are active, with cause and action
  keep-alives  time since each server was heard, lateness, over the last minute
  timeline     failovers and faults of the log, with leg and UTC
  log          download as text, CSV, JSON lines, or whole

What is older than a second and a half is shown grey and hatched, and says so.

By default only this machine itself reaches it (127.0.0.1:8044); from a laptop,
by 'ssh -L 8044:127.0.0.1:8044 SERVER'. Any other address needs a token file,
maintenance.web.tokenFile: ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX.toLocaleString("en-US")} bytes that nobody but the file's owner
has permission to read or write.
  head -c 24 /dev/urandom | base64 > page.token; chmod 600 page.token
A browser asks for the token once; programs send it as 'Authorization: Bearer
TOKEN'. A wrong one is answered after a second, and logged. It travels as it is:
the maintenance network has to be one's own.

  /state.json                          all that the page shows, as JSON
  /log.txt, .csv, .jsonl, .bin         the log; Repr-Digest holds its SHA-256`;

const WATCHDOG = (): string => `Two watchdogs can watch the flight loop, the process that sends the keep-alives. It
feeds them itself, after its keep-alive: when it is stopped, hung or dead, nothing
else does.

Service manager (systemd; sd_notify), when it sets NOTIFY_SOCKET. A unit is in
firmware-config/wingman@.service; NotifyAccess=all is needed, because the loop
is a child of the process that systemd starts.
  READY=1      once, when the server is active or draining, or when it waits for
               what may never come: a link, its peers' table, its own id
  WATCHDOG=1   ${SERVICE_FEEDINGS} times in WATCHDOG_USEC, from the loop's first turn on
  STATUS=      phase, functions up here, servers alive; when one of them changes
  STOPPING=1   from the supervisor, which also says when there is no engine

Watchdog device, when maintenance.watchdog is configured. It is opened at the end
of the start-up and fed ${HARDWARE_FEEDINGS} times in timeoutSeconds. A device that cannot be opened
or cannot have this time-out is a start-up error; one whose time-out cannot be set
is used and logged. Only an orderly stop (SIGTERM) of a server whose engine flies
disarms it, unless the driver does not allow that (nowayout). Killed, abandoned by
a second SIGTERM, or stopped while no engine flies, the machine resets itself.

An engine that dies is started again after ${PAUSE_MS_MAX / 1000} s at the longest, opens the device
again and feeds both with its first turn: the shortest timeoutSeconds and the
unit's WatchdogSec outlast that. One that flies in between each time feeds on.
A device has one owner: not systemd (RuntimeWatchdogSec) and Wingman.`;

const MAINTENANCE_LOG = (): string => `Each server keeps its own log: maintenance.log in the state directory, a file of
maintenance.log.sizeKiB that is allocated in full when it is begun. Its records have
256 bytes each and a checksum; the oldest make room. Records of the last ${LOG_LEGS_MIN} legs
and more (begun, ended, how many records and faults) have a place of their own, so
that nothing makes room out of them.

A record has a sequence number that is never used again, the power-on count, the
time since power-on and, where the clock was set, UTC, the leg, the server, code,
class, ATA chapter, function, what it is about in words, and a count. It needs no
other file to be read: a log that was taken off the aircraft reads anywhere with
'wingman log --file FILE'.

Faults
  set       it is there from now on
  cleared   it is over
  summary   at the end of its leg: HARD when it is still there, INTERMITTENT
            when it went away; with its first and last time and its count
  class 1   seen in cabin or cockpit
  class 2   maintenance status only
  class 3   in this report only

'wingman help faults' lists them all. A fault that nothing clears is over at once,
or lasts until the next start of the daemon, where it says so.

At most ${LOG_RECORDS_PER_HOUR_MAX} records of one code and subject (server, network, function) are written
in an hour; what comes more often is counted, and the count is written when the hour
is over, or with the leg. For maintenance.log.inhibitSeconds after power-up, what
servers that start one after another bring about is an event and no fault; if it is
still there then, the fault is set.

A leg is the time in the air, by maintenance.groundInput, with a number of its own;
the time on ground after it counts to it. A leg goes on over a restart in the air.

Power may fail at any time. A record counts as written only after the storage has
said so; one that was torn is skipped, counted, and told in a record. A file with
neither of its two headers whole is kept as maintenance.log.corrupt-N and a new one
is begun, its numbers behind the old ones. With another sizeKiB the newest records
are copied into a file of that size. Where the storage is full or read-only the
server flies on, up to ${LOG_WAITING_MAX} records wait in memory, and writing is tried again every
${LOG_RETRY_US / 1e6} s.

Wear of the flash: at most ${LOG_SYNCS_PER_LEG} fsyncs and ${LOG_BYTES_PER_LEG >> 10} KiB (whole pages of 4 KiB) in a leg,
or in the time on ground between two. Beyond that, what comes in ${LOG_COLLECT_US / 1e6} s is written
together. Both are counted in the log.`;

const FAULTS = (): string =>
  [
    "Maintenance events by code: in the log, and in the output of 'wingman run'. Faults have a class (see the topic maintenance-log).",
    ...MAINTENANCE_EVENTS.toSorted((a, b) => a.code - b.code).map((event) => {
      const { code, text, cause, action, class: faultClass } = event;
      return [
        `${eventLabel(code)}  ${faultClass === 0 ? text : `${text}  (class ${faultClass})`}`,
        paragraph(cause, "          "),
        paragraph(`Action: ${action}`, "          "),
        ...(faultClass === 0 ? [] : [paragraph(endOfFault(event), "          ")]),
      ].join("\n");
    }),
  ].join("\n\n");

function endOfFault({ code, lasts }: MaintenanceEvent): string {
  if (lasts === null) return "Over at once.";
  if (lasts === "start") return "Lasts until the next start of the daemon.";
  const clearing = MAINTENANCE_EVENTS.filter(({ clears }) => clears.includes(code));
  return `Cleared by ${clearing.map((event) => eventLabel(event.code)).join(", ")}.`;
}

/** What the commands' topics say beside name, arguments and summary. */
const COMMAND_TEXTS: Readonly<Record<string, string>> = {
  run: `Runs in the foreground and writes its messages to stderr. --server says which of
the configured servers this machine is. SIGTERM, SIGINT and SIGHUP drain and leave
(exit 0); a second SIGTERM or SIGINT ends everything at once (exit 1).

Topics: configuration, files, network, handover, watchdog.`,
  check: `Names every problem of the configuration (exit 2). If it is valid, shows which
functions run with all servers, with every single failure and with every double
failure (both at the same time), each from the state with all servers alive and by
the configured policy. Stopped functions stand with their priority; lines with !!
show functions of priority 9 or more that would stop, or that no VIP lease fits.

JSON: {"ok":true, "source", "system", "partNumber", "tableDigest", "servers",
"functions", "lease":{"wanted", "leaseMs" or null, "detectionMs",
"detectionMsMin"}, "policy", "resource", "required", "cases":[{"down", "running",
"notRunning", "critical", "remaining"}]}; of a bad file {"ok":false, "source",
"problems":[{"path", "found", "expected"}]}.`,
  plan: `Starts from the plan with all servers alive, or from the state in --from, takes
the servers of --down away and shows what the allocation makes of it.

  --policy P         reset or preempt instead of the configured one
  --down ID,...      servers that fail
  --from STATE.json  {"owners":{"FUNCTION":"SERVER" or null},"down":["ID"],
                     "cannotRun":{"SERVER":["FUNCTION"]}}; all keys optional
  --book             the answer to every further single and double failure

Functions owned by a server that is down count as unallocated: if they run
elsewhere afterwards they are "started", not "moved", and if they run nowhere they
are not among the "stopped", which ran on a server that is still alive.

JSON: {"policy", "alive", "assignment":{"FUNCTION":"SERVER" or null}, "started",
"moved":[{"function", "from", "to"}], "stopped", "remaining":{"SERVER":units},
"optimal", "steps"}. "optimal" is null: these policies do not ask. With --book:
{"policy", "book":[{"lost":["ID"], and the same for each failure}]}.`,
  status: `Shows the servers and functions as the server on this machine sees them, the VIP
lease (running, missing, off), and the keep-alives it sent, accepted and rejected.
--watch repeats it until Ctrl-C.
Exit 1 when no server runs in the run directory.`,
  drain: `Hands all functions of the server on this machine to the others and keeps it from
taking any, until 'wingman resume'. Returns when no function is left, with --no-wait
as soon as the request was taken. Use it before
work on a server: clients lose far less time than in a failure, because the others
need not detect anything.

Functions for which the others have no room stop, the least important first;
'wingman plan --down ID' shows which, before the drain.

SIGTERM and SIGINT to 'wingman run' drain as well, then say good-bye and leave.`,
  resume: `Lets this server take functions again after 'wingman drain', and clears the mark
of functions whose process failed too often.`,
  console: `The maintenance console answers here and on the serial line
maintenance.console.device (8 data bits, no parity, 1 stop bit, no flow control,
maintenance.console.baud). There Enter wakes it. A session ends when no key was
pressed for ${CONSOLE_IDLE_MS / 60_000} minutes. Nothing is printed unasked.

With a command, what it answers goes to stdout (exit 0). If it ends with ERR, the
reason and the code go to stderr (exit 1). Options stand before the command:

  wingman console show log -n 50
  wingman console 'show functions | json'
  wingman console --run-dir /run/wingman move map b confirm

Without one it is a session at this terminal; Ctrl-] leaves one that does not
answer. When stdin is no terminal, each of its lines is a command: answers with OK
and ERR go to stdout, exit 1 when one was ERR.

${commandList(CONSOLE_COMMANDS).join("\n")}

Words may be shortened as long as they are unique, those that change something to
three letters at least. Functions and servers may be shortened, too. ? after the
beginning of a command lists what can follow.

Every answer ends with OK, or with ERR and a code; the line before ERR says what is
wrong. | json after show and test gives one JSON document on one line instead.

  SYNTAX     unknown word or argument, or too short for what changes something
  AMBIGUOUS  begins more than one word
  CONFIRM    says what would be done: give the command again with confirm
  UNKNOWN    no such function or server
  ENGINE     no engine runs here
  TEST       a part of the built-in test failed
  TRANSFER   the file was not received
  LINE       no terminal that can receive a file
  LENGTH     line of more than ${CONSOLE_LINE_MAX} characters
  CANCELLED  Ctrl-C
  BUSY       ${CONSOLE_SESSIONS_MAX} sessions on the socket
  INTERNAL   a defect of the program

and what the server itself refuses, such as GROUND: only while on ground.

Keys: left, right, home, end, up and down (history), backspace, Ctrl-A, -E, -B, -F,
-P, -N, -K, -U, -W, -L; Ctrl-C gives a line or an answer up, Ctrl-D leaves. At the
end of a page: space, Enter for one line, q; anything else begins the next command.

For programs on the serial line: send Enter, then 'terminal length 0', wait for OK, and send
one command after the other. What is typed during an answer waits, up to ${CONSOLE_TYPE_AHEAD_MAX}
characters; with more the older are dropped, with a bell.

Downloads go by ZMODEM: most terminal programs begin to receive by themselves.
Size and SHA-256 stand before and after; five Ctrl-X break off.`,
  log: `Shows the log of this machine (--state-dir), or a file taken from any other
(--file), also while it is written: a report in text (default), CSV, JSON lines, or
the file itself (--binary), to stdout or to --out.

  --since SEQ        records after this sequence number
  --leg N            records and faults of a leg; 0: before the first one
  --class N          of a fault class; 0: events
  --function ID      about a function

Every export ends with a line that holds the SHA-256 of all bytes before it: "SHA-256"
and 64 hex digits; in CSV as the first field of a last row; in JSON lines as
{"sha256":"..."}. 'wingman log verify FILE' checks it; the binary file is checked
record by record. Exit 1 when a file is not whole; what is wrong, and where, is
named. Neither needs a configuration.

Fields of a JSON line: sequence, powerOn, bootUs (since power-on), utcMs or null,
leg, server, kind (event, set, cleared, summary), code, label, text, class, ata,
function, detail, count, nature (HARD, INTERMITTENT or null).

Topics: maintenance-log, faults.`,
  version: `Names what is installed. The table digest must be the same on all servers of an
aircraft. The part number is that of the configuration.`,
  help: "Shows the manual, or one topic of it.",
};

const commandTopic = ({ name, synopsis, summary }: (typeof PUBLIC_COMMANDS)[number]): Topic => ({
  name,
  summary,
  text: () => `${paragraph(`wingman ${name} ${synopsis}`, "", "    ")}\n\n${COMMAND_TEXTS[name] ?? summary}`,
});

export const TOPICS: readonly Topic[] = [
  { name: "overview", summary: "what Wingman does, its commands and topics", text: OVERVIEW },
  { name: "configuration", summary: "every key with its range and default", text: CONFIGURATION },
  { name: "allocation", summary: "who runs what: the policies", text: ALLOCATION },
  { name: "keep-alive", summary: "how servers know of each other", text: KEEP_ALIVE },
  { name: "handover", summary: "how a function and its addresses move", text: HANDOVER },
  { name: "lease", summary: "how a server that stops is silenced", text: LEASE },
  { name: "notice", summary: "the datagram that tells clients", text: NOTICE },
  { name: "files", summary: "files and directories", text: FILES },
  { name: "exit-codes", summary: "exit codes and output", text: EXIT_CODES },
  { name: "network", summary: "what the network must give", text: NETWORK },
  { name: "page", summary: "the maintenance page, and who may read it", text: PAGE },
  { name: "watchdog", summary: "what service manager and watchdog device see", text: WATCHDOG },
  { name: "maintenance-log", summary: "what it holds, and what it survives", text: MAINTENANCE_LOG },
  { name: "faults", summary: "maintenance events, their causes and actions", text: FAULTS },
  ...PUBLIC_COMMANDS.map(commandTopic),
];

function isCommand(name: string): boolean {
  return PUBLIC_COMMANDS.some((command) => command.name === name);
}
