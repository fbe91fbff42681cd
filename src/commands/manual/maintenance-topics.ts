/** Topics of the manual for the people who maintain the aircraft: the page, the log. */

import { KEY_BYTES_MAX, KEY_BYTES_MIN } from "../../config/key-file.ts";
import {
  LOG_BYTES_PER_LEG,
  LOG_COLLECT_US,
  LOG_LEGS_MIN,
  LOG_RECORDS_PER_HOUR_MAX,
  LOG_RETRY_US,
  LOG_SYNCS_PER_LEG,
  LOG_WAITING_MAX,
} from "../../limits.ts";

export const PAGE =
  (): string => `A page for a laptop's browser, served only at maintenance.web.listen, by a separate
process: the flight loop never waits for it. It is read-only; the log can be
downloaded. It needs only this server, and updates without reload.

  first line   whether everything runs, and if not, what to do
  picture      servers as columns with their capacity; in them functions by
               priority (P10 first) and size; what does not run, and why. The
               same as a table, with the reason for every function (topic
               allocation)
  if ... now   a button below each server: a picture of what happens if it fails
               now, or comes back; arrows: moves; struck out: stops
  faults       active faults, with cause and action
  keep-alives  time since each server was heard, lateness, over the last minute
  timeline     failovers and faults of the log, with leg and UTC
  book         the contingency book of what runs now, in short; complete, to
               print, as text or CSV: see the command plan
  log          download as text, CSV, JSON lines, or the binary file

Data older than a second and a half is shown grey and hatched, with a note.

By default only this machine reaches the page (127.0.0.1:8044); a laptop does by
'ssh -L 8044:127.0.0.1:8044 SERVER'. Any other address needs a token file,
maintenance.web.tokenFile: ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX.toLocaleString("en-US")} bytes that only the file's owner has
permission to read or write.
  head -c 24 /dev/urandom | base64 > page.token; chmod 600 page.token
A browser asks for the token once; programs send it as 'Authorization: Bearer
TOKEN'. A wrong one is answered after a second, and logged. The token is sent
unencrypted: the maintenance network must be private.

  /state.json                          everything that the page shows, as JSON
  /book.html, .txt, .csv, .json        the contingency book of what runs now
  /book/SERVER.json                    if SERVER fails, or comes back
  /log.txt, .csv, .jsonl, .bin         the log; Repr-Digest holds its SHA-256`;

export const GROUND =
  (): string => `Actions that disturb passengers are allowed on ground only. The air/ground signal is a
file: maintenance.groundInput, or on-ground in the run directory. Its first character
is 1 on ground and 0 in the air. Anything else, or no file, counts as in the air
(WNG-0461 once a signal that was there is gone); 'show ground' on the console tells.

                              on ground    in the air, or no signal
  reading, test, downloads    yes          yes
  drain, resume               yes          unless a function would stop
  capacity, hold              yes          yes
  move, rebalance             yes          no (ERR GROUND)
  clear faults                yes          no
  part install, activate,     yes          no
    rollback; adopt
  part good                   yes          yes
  data load                   yes          no
  SIGTERM, systemctl stop     yes          yes: they are the service manager's

Where a function would stop, the answer names it, and the action needs confirm, or
--confirm in a shell. That holds on the last server alive, too: on ground 'drain
confirm' there makes every function go dark, and so does 'capacity 0 confirm', in the
air as well. Look at 'show book' first.

Who writes the signal is the integrator's choice: a GPIO value of sysfs, or a
program that translates the avionics. Nothing in Wingman writes it. That program
  - replaces the file by a rename, or writes one character in place;
  - runs after the unit has made /run/wingman, or names a file elsewhere with
    maintenance.groundInput, which the user of the unit can read;
  - removes the file, or writes 0, when it does not know: a 1 that nobody renews
    stays a 1. On a bench 'echo 1 > /run/wingman/on-ground' does; it goes with
    the next boot.

The file is read once a second. For actions, off ground counts at once, on ground
after two seconds; for legs see the topic maintenance-log.`;

export const MAINTENANCE_LOG =
  (): string => `Each server keeps its own log: maintenance.log in the state directory, a file of
maintenance.log.sizeKiB that is allocated in full when it is created. Its records have
256 bytes each and a checksum; the oldest are overwritten. The default, 4 MiB, holds
16,352 records, 144 of them for legs. Summaries of at least the last ${LOG_LEGS_MIN} legs (begin,
end, numbers of records and faults) have their own place, where no other record
overwrites them.

A record has a sequence number that is never reused, the power-on count, the time
since power-on, UTC if the clock was set, the leg, the server, code, class, ATA
chapter, function, a description, and a count. No other file is needed to read it: a
log from another aircraft can be read anywhere with 'wingman log --file FILE'.

Faults
  set       the fault is active from now on
  cleared   the fault is over
  summary   at the end of its leg: HARD when still active, INTERMITTENT when it
            went away; with its first and last time and its count
  class 1   seen in cabin or cockpit
  class 2   maintenance status only
  class 3   in this report only

'wingman help faults' lists them all. A fault that nothing clears is over at once, or
lasts until the next start of the daemon, as its entry says.

At most ${LOG_RECORDS_PER_HOUR_MAX} records of one code and subject (server, network, function) are written
in an hour; further ones are counted, and the count is written at the end of the hour
or leg. For maintenance.log.inhibitSeconds after power-up, effects of servers that
start one after another are logged as events, not faults; a condition that persists
then sets its fault.

'show faults' on the console begins:

  LEG 12: 2 FAULTS, 1 ACTIVE

  WNG-0111 SERVER LOST
    ACTIVE, CLASS 2, ATA 44-21, COUNT 3
    FIRST ..., LAST ...
    ...
    CAUSE: ...
    ACTION: ...

It lists the faults of this leg, active ones first; another leg with --leg N. ACTIVE:
it is so now. CLEARED: it is over. HARD, INTERMITTENT: the leg has ended. COUNT: how
often it was set in the leg; 0: it has lasted since the leg before. At the end come
active faults of other servers; they arrive one per period. 'clear faults' ends what is
recorded as active, and repairs nothing.

Each keep-alive carries the number of active faults, and one of them in turn: so 'show
faults', 'wingman status' and the page of every server show those of the others.

A leg is the time in the air, by maintenance.groundInput, with its own number; the
time on ground after it belongs to it. A leg continues over a restart in the air. The
signal must be stable for ten seconds to begin or end a leg; for actions that disturb
service, off ground counts at once, on ground after two seconds.

Power may fail at any time. A record counts as written only when the storage has
confirmed it; a torn record is skipped, counted and reported in a record. If both
headers of a file are damaged, it is kept as maintenance.log.corrupt-N and a new one
is begun; its numbers continue. With another sizeKiB the newest records are copied
into a file of that size. If the storage is full or read-only, the server flies on, up
to ${LOG_WAITING_MAX} records wait in memory, and writing is retried every ${LOG_RETRY_US / 1e6} s.

Wear of the flash: at most ${LOG_SYNCS_PER_LEG} fsyncs and ${LOG_BYTES_PER_LEG >> 10} KiB (whole pages of 4 KiB) in a leg, or
in the time on ground between two. Beyond that, the records of ${LOG_COLLECT_US / 1e6} s are written together.
Both are counted in the log.`;
