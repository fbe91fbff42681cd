import { POLICY_NAMES } from "../../allocation/policies.ts";
import { alternatives } from "../../config/problem.ts";
import {
  CONSOLE_IDLE_MS,
  CONSOLE_LINE_MAX,
  CONSOLE_SESSIONS_MAX,
  CONSOLE_TYPE_AHEAD_MAX,
  CRITICAL_PRIORITY,
  OUTLIVING_PRIORITY,
  WHOLE_BOOK_SERVERS_MAX,
} from "../../limits.ts";
import { CONSOLE_COMMANDS } from "../../manage/console/console-commands.ts";
import { commandList } from "../../manage/console/console-help.ts";
import { BOOK_PAGES } from "./measured.ts";

/** The text of each command's topic, below name, arguments and summary. */
export const COMMAND_TEXTS: Readonly<Record<string, string>> = {
  run: `Runs in the foreground and writes its messages to stderr. --server names this machine
among the configured servers. SIGTERM, SIGINT and SIGHUP drain it and leave (exit 0);
a second SIGTERM or SIGINT ends everything at once (exit 1).

Topics: configuration, files, network, handover, watchdog.`,
  check: `Lists every problem of the configuration (exit 2). If it is valid, shows which
functions run with all servers alive, after every single failure and after every
double failure (both at the same time), each from the state with all servers alive
and with the configured policy. Stopped functions are listed with their priority. !!
marks functions of priority ${CRITICAL_PRIORITY} or more that would stop, a detection time that no VIP
lease fits, and each function of priority ${OUTLIVING_PRIORITY} or more that does not survive every
single failure: which failure, why, and what to change. The exit code stays 0.

With --here it examines this machine for some seconds: kernel, privileges, wake-up
lateness, interfaces and what else answers on them, and the fill level of the
kernel's tables against clients.seats. Run it before Wingman, as the user that will
run Wingman. It changes nothing. ? marks what will cause trouble later, !! what keeps
Wingman from serving (exit 1); each line says what to do.

JSON: {"ok":true, "source", "system", "partNumber", "tableDigest", "servers",
"functions", "lease":{"wanted", "leaseMs" or null, "detectionMs",
"detectionMsMin"}, "policy", "resource", "required", "cases":[{"down", "running",
"notRunning", "critical", "remaining"}], "withoutRedundancy", "weaknesses":
[{"function", "priority", "lost":["ID"], "action"}], "here":[{"grade":"good", "advice" or
"stops", "subject", "found", "action"}]}; for a bad file {"ok":false, "source",
"problems":[{"path", "found", "expected"}]}. With several dimensions of resource the
numbers are those of the first; "sums":{"DIMENSION":{"resource", "required"}}, and in
each case "remainingOf":{"SERVER":{"DIMENSION":units}}, hold all of them.`,
  plan: `Starts from the plan with all servers alive, or from the state in --from, removes
the servers of --down and shows the resulting allocation.

  --policy P         ${alternatives(POLICY_NAMES)} instead of the configured one
  --down ID,...      servers that fail
  --from STATE.json  {"owners":{"FUNCTION":"SERVER" or null},"down":["ID"],
                     "cannotRun":{"SERVER":["FUNCTION"]}}; all keys optional
  --book             the contingency book: the answer to every change that may
                     come next

For up to ${WHOLE_BOOK_SERVERS_MAX} servers the book answers every failure that leaves a server; for more
servers every single and double failure. It also answers the return of every server
that is down. It shows the spare room, the largest function that could be added, and
for each function the first failure that stops it. --csv gives a table with one row
for each function and change; --html FILE one file to read, print (A4) and sign, with
a picture for each change: arrows for moves, stopped functions struck out. 'show book'
on the console and the page show the book for what runs now. The books of the three
examples have ${BOOK_PAGES} pages.

A function of a server that is down is taken over if it runs elsewhere afterwards;
moved: from one live server to another; stopped: it ran, and runs nowhere now. JSON
counts what a server that is down ran as not running before: it is among the
"started" or in none of the lists.

One line gives the reason for each function that changes or does not run: see why in
the topic allocation.

JSON: {"policy", "alive", "assignment":{"FUNCTION":"SERVER" or null}, "started",
"moved":[{"function", "from", "to"}], "stopped", "remaining":{"SERVER":units},
"optimal", "steps", "why":{"FUNCTION":"sentence"}}. "optimal" is null with
preempt and reset, which do not optimize. With several dimensions of resource
"remaining" is that of the first, and "remainingOf":{"SERVER":{"DIMENSION":units}}
holds all of them. With --book:
{"policy", "system", "partNumber" or null, "tableDigest", "servers":[{"id",
"resource"}], "functions":[{"id", "priority", "required"}], "down", "base" (before
any change, as above), "spare":{"total", "now":{"server", "units"}, "worst" or
null:{"lost", "server", "units"}, "oneMore"}, "firstStops":[{"function", "runs",
"lost" or null}], "book":[{"lost":["ID"], "back":["ID"], and the same for each
change}]}, without "why". CSV: lost, back, function, priority, required, before, after, what
(stays, taken over, moves, starts, stops, idle), partNumber, table.`,
  status: `Shows the servers and functions as the server on this machine sees them, the VIP
lease (running, missing, off), and the keep-alives it sent, accepted and rejected.
A line below the functions gives the reason for each that does not run, is about to
move, or runs elsewhere because it failed on its server with all servers up or because
that server is away. --json gives it for every function, as "why" (topic allocation).
--watch repeats the output every second until Ctrl-C.
Exit 1 when no server runs in the run directory.`,
  drain: `Hands all functions of the server on this machine to the others and keeps it from
taking any, until 'wingman resume'. Returns when no function is left and each is
ready on its new server (see ready in the topic processes; one that is not ready in
time is named on stderr); with --no-wait as soon as the request is accepted. Use it
before work on a server: clients lose far less time than in a failure, because the
others need not detect anything.

The server stays drained until 'wingman resume', even if the engine, the daemon or the
machine is restarted.

If no other server could run some functions, it names them and does nothing. With
--confirm, and while the ground input says on ground, it drains all the same; on the
last server alive everything then goes dark. So do the console, and 'wingman resume'
where taking a function would stop another (topic ground). 'wingman plan --from' shows
the effect beforehand.

SIGTERM and SIGINT to 'wingman run' drain as well, then announce the departure and
leave, on ground and in the air: they are for the service manager. The server does not
stay drained after them.`,
  resume: `Lets this server take functions again after 'wingman drain', and clears the failed
state of functions whose process failed too often, so that they are retried at once.`,
  capacity: `Limits the server on this machine to a percentage of its resource, in every
dimension: 100 all, 0 nothing. All servers plan again at once: what no longer fits
moves where there is room, and the least important functions that fit nowhere stop.
The limit survives restarts of the engine, the daemon and the machine. Without a
number the command shows the current value.

A program can set the same limit through a file, maintenance.capacityInput; by default
the file capacity in the run directory, which may be missing. It holds a whole number
from 0 to 100 and is read once a second. The smaller of command and file counts. Any
other content is a fault (WNG-0467) that names what was found; the last valid number
still counts.

Unlike other actions that disturb passengers it is allowed in the air: an overheated
server fails as a whole, with everything that it runs. If a function would stop,
--confirm is required. 'wingman hold' does not keep a function on a server that no
longer gives enough for it.

It takes effect while every running server understands it. While one runs the former
release (keep-alive layout 5), which would plan with the whole resource, the value is
stored without effect: after 3 s the command says so and ends with exit 1.`,
  hold: `Until 'wingman hold off' here, no running function on any server is moved without
need, for instance during announcements. Functions still move from a server that
fails, is drained, or no longer gives enough for them, and a less important function
is still stopped for a more important one. With planned nothing moves to let another
function run; with reset nothing moves back to a server that has come back. All of
that is made up for as soon as no server holds any more. Moves by hand ('move',
'rebalance') are refused meanwhile (HELD). The hold survives restarts. Without an
argument the command shows which servers hold.

A program can hold through a file, maintenance.holdInput; by default the file hold in
the run directory, which may be missing. It holds 1 or 0 and is read once a second;
functions are held if the command or the file asks for it. Any other content is a
fault (WNG-0469); its last valid value still counts.

It is allowed in the air: announcements are made there, and it moves nothing. It takes
effect while every running server understands it, as with 'wingman capacity'.`,
  rebalance: `Spreads the load evenly again after a server has come back: the return of a server
alone moves nothing that runs. Functions move one after the other, as with the
console's 'move' (topic allocation), on any server. Each must be ready on its new
server before the next one moves. The server on this machine must be active, the
policy must leave running functions in place (not reset), and moves are made on
ground only; --dry-run lists them, in the air, too.

The most even load has the smallest n x sum(r x r) - sum(r) x sum(r) over the
remaining resources r of the n servers that take functions: 0 when all are equal. Of
all loads that single moves can reach, each move with room when it is made, the most
even is chosen, with the fewest moves; among equal lists the one with functions and
target servers that come first in the configuration. Functions change places only by
way of a third server with room, and none is stopped for it. A second call moves
nothing.

All placements are tried up to a bound; beyond it, one for each combination of
remaining resources, the most even first. What is not proven then is reported:
"mostEven" false when a more even load may be possible, "fewest" false when fewer
moves may suffice.

It stops, with the reason, when a server or a function changes meanwhile, a move is
refused or given up, or a function is not ready in time. Completed moves stay: call it
again for the rest. The same holds when it is killed: at most the current move is
completed without it. If a function that runs nowhere starts in the room that a move
leaves, that is such a change, too.

Exit 1 when no server runs here, the request is refused, or it stops early.

JSON: {"ok", "dryRun", "policy", "alive", "moves":[{"function", "from", "to", "done"}],
"before":{"SERVER":units}, "after":{"SERVER":units}, "spread":{"before", "after"},
"mostEven", "fewest", "problem":{"code", "message"}}; "problem" when "ok" is false,
with only "dryRun" when there is no plan. Codes are those of the topic console, and
CHANGED, GIVENUP and READY.`,
  console: `A laptop reaches the console by ssh to the server and this command, as root or as the
user or group of the unit; or by the serial line, with any terminal program; one that
knows ZMODEM (minicom and picocom with rz, Tera Term) takes the downloads. The line
asks for no password: whoever can plug in may do what the topic ground allows.

The maintenance console answers here and on the serial line
maintenance.console.device (8 data bits, no parity, 1 stop bit, no flow control,
maintenance.console.baud). There Enter wakes it. A session ends after ${CONSOLE_IDLE_MS / 60_000} minutes without
a key. Nothing is printed unasked.

With a command, the answer goes to stdout (exit 0). If it ends with ERR, the reason
and the code go to stderr (exit 1). Options come before the command:

  wingman console show log -n 50
  wingman console 'show functions | json'
  wingman console --run-dir /run/wingman move map b confirm

Without a command it opens a session at this terminal; Ctrl-] leaves a session that
does not answer. When stdin is no terminal, each of its lines is a command: answers,
with OK and ERR, go to stdout; exit 1 when one was ERR.

${commandList(CONSOLE_COMMANDS).join("\n")}

Words, functions and servers may be shortened as long as they are unique; commands
that change something need at least three letters. ? after the beginning of a command
lists what can follow.

Every answer ends with OK, or with ERR and a code; the line before ERR says what is
wrong. | json after show and test gives one JSON document on one line instead.

  SYNTAX     unknown word or argument, or a changing command cut too short
  AMBIGUOUS  more than one word begins like this
  CONFIRM    only shows the effect: repeat the command with confirm
  UNKNOWN    no such function or server
  ENGINE     no engine is running here
  TEST       a part of the built-in test failed
  TRANSFER   the file was not received
  LINE       no terminal that can receive a file
  LENGTH     line of more than ${CONSOLE_LINE_MAX} characters
  CANCELLED  Ctrl-C
  BUSY       ${CONSOLE_SESSIONS_MAX} sessions on the socket
  INTERNAL   a defect of the program

and codes of the server itself, such as GROUND: only while on ground. A rebalance that
stops early answers GIVENUP (a move), READY (a function is not ready in time) or
CHANGED (anything else).

Keys: left, right, home, end, up and down (history), backspace, Ctrl-A, -E, -B, -F,
-P, -N, -K, -U, -W, -L; Ctrl-C abandons a line or an answer, Ctrl-D leaves. At the
end of a page: space, Enter for one line, q; any other key begins the next command.

Programs on the serial line should send Enter, then 'terminal length 0', wait for OK,
and send one command after the other. Input during an answer is kept, up to ${CONSOLE_TYPE_AHEAD_MAX}
characters; beyond that the oldest are dropped, with a bell.

Downloads use ZMODEM: most terminal programs start to receive by themselves. Size and
SHA-256 are printed before and after; five Ctrl-X cancel. A log of 4 MiB takes 6
minutes at 115200 bit/s and 75 at 9600; download legs is short.`,
  log: `Shows the log of this machine (--state-dir), or a file taken from another one (FILE or
--file FILE), also while it is being written: a report as text (default), CSV, JSON
lines, or the file itself (--binary), to stdout or to --out. A FILE that is called
verify or replay is ./verify or ./replay.

  --since SEQ        records after this sequence number
  --leg N            records and faults of a leg; 0: before the first one
  --class N          records of a fault class; 0: events
  --function ID      records about a function

Every export ends with a line that holds the SHA-256 of all bytes before it: "SHA-256"
and 64 hex digits; in CSV as the first field of a last row; in JSON lines as
{"sha256":"..."}. 'wingman log verify FILE' checks it; the binary file is checked
record by record. Exit 1 when a file is damaged; the damage and its place are named.
Neither needs a configuration.

'wingman log replay FILE' repeats the decisions of a log with the code that flies: who
ran what, which servers took part, and whether the answer equals the one in the log,
byte for byte. FILE is the binary file (--binary), as the console and the page send
it; --config names the configuration that flew.

  --json             every decision with its inputs and its plan
  --number N         the inputs of decision N, for 'wingman plan --from'
  --html FILE        a page with a slider through the flight, server by server

Exit 1 when a decision has another answer, or was made from another table.

Fields of a JSON line: sequence, powerOn, bootUs (since power-on), utcMs or null,
leg, server, kind (event, set, cleared, summary), code, label, text, class, ata,
function, detail, count, nature (HARD, INTERMITTENT or null).

Topics: maintenance-log, faults.`,
  part: `A loadable part is a directory: executable, configuration and units of one firmware
configuration, a signed manifest, and the lists (LOADS.LUM, FILES.LUM) and the header
(PARTNUMBER.LUH) that loaders of aircraft software read, in the 665-3 or the 665-2
layout, as open-source implementations write them.

Making a part

It is made on the ground, in the source tree, with a private key that stays there:

  openssl genpkey -algorithm ed25519 -out part-key.pem
  openssl pkey -in part-key.pem -pubout -out part-key.pub.pem
  npm run package -- --key part-key.pem --config aircraft.json --out part

The configuration must give the number of the part, and the public keys that servers
trust; these go into the part, too:

  "partNumber": "WNG5E00010001",
  "parts": { "trust": ["part-key.pub.pem"] },

A part number is a supplier code (3 characters), 2 check characters, and 8 of your own.
'wingman check' names the right check characters. Supplier codes are assigned in the
industry; WNG is made up for the examples.

Secrets are never in a part. A slot is replaced as a whole, so they lie outside of it:
name key files by absolute paths.

The manifest (MANIFEST.JSN) names every file with its installed name, mode and
SHA-256; an Ed25519 signature covers it. The same inputs give the same part, byte for
byte.

'wingman part verify' checks that a part is complete, undamaged and signed with a key
of parts.trust in the configuration, or with that of --trust; it changes nothing. On
exit 1 it names the first wrong file, and what was found and expected in it:

  wingman part verify part --trust part-key.pub.pem
  wingman part verify /media/usb/part --config /etc/wingman/aircraft.json

On the ground rig 'wingman-rig update' tries a rolling update from one part to
another, server after server, while seats watch, and rolls one server back;
'wingman-rig adopt' tries the move to a part with another table:

  wingman-rig update --from part --to new-part --trust part-key.pub.pem
  wingman-rig adopt --from part --to other-part --trust part-key.pub.pem

JSON: {"ok":true, "partNumber", "system", "target", "hardware", "version",
"minimumVersion", "protocol", "build", "tableDigest", "layout", "files":[{"name",
"path", "installName", "mode", "bytes", "sha256"}]}; for a wrong part
{"ok":false, "problem":{"file", "field", "found", "expected"}}.

Slots

A server has two slots, a and b, in parts.slots, and a link 'current' to the slot that
is started. A part is always installed in the other slot, so what flies is never
touched:

  wingman part install part   verify, copy to the other slot; on ground
  wingman part activate       select it for the next start, on trial; on ground
  wingman part good           keep the part on trial
  wingman part rollback       select the other slot again; on ground
  wingman part boot           check the slot, count the starts of a trial
  wingman part status         contents of the slots, outcome of the last trial

Before each start the unit calls 'part boot' by /usr/bin/wingman of the read-only root,
which no part replaces.

'part install' refuses a part for another system, hardware or target; an older release
(unless --older); and any part while one is on trial. While a part is being installed,
by hand or by a data load, the slots cannot be changed in any other way. A power cut at
any instant leaves the previous part or the new one, whole.

A part on trial is kept once 'wingman health' has reported healthy for 5 s, or by hand
with 'part good'. Wingman goes back to the previous part by itself when the new one is not healthy
within parts.trialS (120 s), after 3 starts, or when a file of its slot is damaged; by
hand with 'part rollback'. The log has the reason (WNG-0490 to 0492).

The first part

Without the drop-in slots.conf the unit starts /usr/bin/wingman and knows no slots. On
an installed server (topic installation), as root, in the source tree; the echo stands
for the program that writes the air/ground signal:

  cp aircraft.json part-key.pub.pem /etc/wingman/
  echo 1 > /run/wingman/on-ground
  wingman part install part --config /etc/wingman/aircraft.json
  wingman part activate --config /etc/wingman/aircraft.json
  mkdir -p /etc/systemd/system/wingman@.service.d
  cp firmware-config/slots.conf /etc/systemd/system/wingman@.service.d/
  systemctl daemon-reload
  systemctl restart wingman@a

The first part comes into slot a. It is kept when it is healthy; there is nothing to
go back to yet.

Updates

Update servers one after another: drain, install, activate, restart, healthy, resume.
Executables of two versions fly together: they speak the older keep-alive until all
understand the new one. A server whose table differs does not join those that serve:
'wingman help adopt' describes the move to another table.`,
  health: `Exit code 0: this server has joined, all servers that it hears hold its table, and
nothing has failed on it. 1: otherwise, or no daemon runs; one line for each reason.

JSON: {"healthy":true, "reasons":[]}.`,
  adopt: `Moves the fleet to a part with another table. Servers with different tables do not
work together: those that serve go on, and a server that starts with another table
takes no part. 'wingman status', 'health' and the page show this on both sides
(WNG-0114). Such a server is not healthy, so its part would be rolled back after
parts.trialS (120 s): 'wingman adopt' keeps it. On ground, in this order:

  1. On half of the servers, one after another: drain --confirm, part install,
     part activate, restart; adopt; resume. They wait.
  2. On the others: part install, part activate. What flies is not touched.
  3. Stop these with SIGTERM (systemctl stop), one after another. When the last
     one has left, all functions move to those that wait.
  4. Start them. They join, and each part is kept once it is healthy.

From 1 to 4 only part of the servers serve: less important functions without room are
away until 4 ('wingman plan --down' lists them). The others are away once, in 3, for
some ms and for the time in which the last server ends the processes that start on
activation (stopGraceMs at most). 'wingman-rig adopt' tries all of it beforehand, with
seats that measure.

'wingman adopt' refuses in the air; for a part that is not started yet; when no server
with another table is heard (the part is then kept by itself); and when something else
is wrong here ('wingman health'). Called again, it repeats which servers this one waits
for. A server that was off, and starts with the old table after 3, waits in turn: load
the new part on it. The way back is the same, with 'part rollback' instead of install,
activate and adopt.`,
  version: `Shows what is installed. The table digest must be the same on all servers of an
aircraft. The part number is that of the configuration. The build digest is that
of the sources, the same for every target; the commit ends in -dirty when the sources
differed from it. One commit and target gives the same file, bit for bit.`,
  help: `Shows the manual, one topic of it, or the meaning of one maintenance code: 'wingman help
WNG-0111', 'help wng-111' and 'help 111' are the same.`,
};
