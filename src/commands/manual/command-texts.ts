import { POLICY_NAMES } from "../../allocation/policies.ts";
import { alternatives } from "../../config/problem.ts";
import {
  CONSOLE_IDLE_MS,
  CONSOLE_LINE_MAX,
  CONSOLE_SESSIONS_MAX,
  CONSOLE_TYPE_AHEAD_MAX,
} from "../../limits.ts";
import { CONSOLE_COMMANDS } from "../../manage/console/console-commands.ts";
import { commandList } from "../../manage/console/console-help.ts";

/** What the commands' topics say beside name, arguments and summary. */
export const COMMAND_TEXTS: Readonly<Record<string, string>> = {
  run: `Runs in the foreground and writes its messages to stderr. --server says which of
the configured servers this machine is. SIGTERM, SIGINT and SIGHUP drain and leave
(exit 0); a second SIGTERM or SIGINT ends everything at once (exit 1).

Topics: configuration, files, network, handover, watchdog.`,
  check: `Names every problem of the configuration (exit 2). If it is valid, shows which
functions run with all servers, with every single failure and with every double
failure (both at the same time), each from the state with all servers alive and by
the configured policy. Stopped functions stand with their priority; lines with !!
show functions of priority 9 or more that would stop, or that no VIP lease fits.

With --here it looks at this machine for some seconds, best before wingman runs on
it, as the user that will run it: kernel, privileges, how late it wakes up, the
interfaces and what else answers beside them, and how full the kernel's tables are
against clients.seats. It changes nothing. Lines with ? will hurt some day, lines
with !! keep Wingman from serving (exit 1); each says what to do.

JSON: {"ok":true, "source", "system", "partNumber", "tableDigest", "servers",
"functions", "lease":{"wanted", "leaseMs" or null, "detectionMs",
"detectionMsMin"}, "policy", "resource", "required", "cases":[{"down", "running",
"notRunning", "critical", "remaining"}], "here":[{"grade":"good", "advice" or
"stops", "subject", "found", "action"}]}; of a bad file {"ok":false, "source",
"problems":[{"path", "found", "expected"}]}.`,
  plan: `Starts from the plan with all servers alive, or from the state in --from, takes
the servers of --down away and shows what the allocation makes of it.

  --policy P         ${alternatives(POLICY_NAMES)} instead of the configured one
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
taking any, until 'wingman resume'. Returns when no function is left and each can be
used where it is now (see ready in the topic processes; one that is not in time is
named on stderr), with --no-wait as soon as the request was taken. Use it before work
on a server: clients lose far less time than in a failure, because the others
need not detect anything.

Drained it stays until then, whatever is restarted meanwhile: the engine, the daemon
or the machine.

Functions that no other server could run would stop: then it says which, and does
nothing. With --confirm, and while the ground input says on ground, it does it; so do
the console and 'wingman resume'. 'wingman plan --from' asks beforehand.

SIGTERM and SIGINT to 'wingman run' drain as well, then say good-bye and leave, on
ground and in the air: they are for the service manager, and are forgotten.`,
  resume: `Lets this server take functions again after 'wingman drain', and clears the mark
of functions whose process failed too often, so that they are tried at once.`,
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
Size and SHA-256 stand before and after; five Ctrl-X break off. A log of 4 MiB
takes 6 minutes at 115200 bit/s and 75 at 9600; download legs is short.`,
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
  part: `A loadable part is a directory: executable, configuration and units of one firmware
configuration, a signed manifest, and the lists and the header that loaders of
aircraft software read (665-2 or 665-3 layout). It is made on the ground, from the
source tree, with a private key that never leaves there:

  openssl genpkey -algorithm ed25519 -out part-key.pem
  openssl pkey -in part-key.pem -pubout -out part-key.pub.pem
  npm run package -- --key part-key.pem --config aircraft.json --out part

'wingman part verify' reads all of it and says whether it is whole and signed by a
key of parts.trust in the configuration, or by that of --trust; it changes nothing.
Exit 1 names the first file that is not right, and what was found and expected in it:

  wingman part verify part --trust part-key.pub.pem
  wingman part verify /media/usb/part --config /etc/wingman/aircraft.json

On the ground rig 'wingman-rig update' tries a rolling update from one part to
another, server after server, while seats watch, and takes one server back:

  wingman-rig update --from part --to new-part --trust part-key.pub.pem

JSON: {"ok":true, "partNumber", "system", "target", "hardware", "version",
"minimumVersion", "protocol", "build", "tableDigest", "layout", "files":[{"name",
"path", "installName", "mode", "bytes", "sha256"}]}; of a part that is not right
{"ok":false, "problem":{"file", "field", "found", "expected"}}.

A server has two slots, a and b, in parts.slots, and a link 'current' to the one that
is started. What flies is never touched:

  wingman part install part   verified, copied into the other slot; on ground
  wingman part activate       the next start takes it, on trial; on ground
  wingman part boot           before each start, by the executable of the root
  wingman part status         what is in the slots, what became of the last

Refused: another system, hardware or target, an older release (unless --older), a
part while another one is on trial. A power cut at any instant leaves the part
before or the new one, whole. Secrets lie outside: name key files by absolute paths.

On trial a part is kept once 'wingman health' has said so for 5 s; 'part good' says
so by hand. It gives way to the one before, by itself, when it is not healthy
within parts.trialS (120 s), after 3 starts, or when a file of its slot is damaged;
'part rollback' does so by hand. The log says which (WNG-0490 to 0492).

Servers are updated one after another: drain, install, activate, restart, healthy,
resume. Executables of two versions fly together: they speak the older keep-alive
until all understand the new one. With another table a server takes no part while
others serve with theirs: 'wingman adopt' keeps its part on trial all the same, and
it serves when the last server of the old table has left.`,
  health: `Exit code 0: this server has joined, all servers that it hears hold its table, and
nothing has failed on it. 1: not so, or no daemon runs; each reason is a line.

JSON: {"healthy":true, "reasons":[]}.`,
  adopt: `The fleet moves to another table: install and activate the part on every server, one
after another. The first ones take no part, because the others serve with the old
table; 'wingman adopt' keeps their parts on trial all the same. Functions move when
the last server of the old table leaves: stop it with SIGTERM, which hands over.
On ground only.`,
  version: `Names what is installed. The table digest must be the same on all servers of an
aircraft. The part number is that of the configuration. The build digest is that
of the sources, the same for every target; the commit ends in -dirty when they
differed from it. One commit and target gives the same file, bit for bit.`,
  help: "Shows the manual, or one topic of it.",
};
