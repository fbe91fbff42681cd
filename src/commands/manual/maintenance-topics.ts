/** Topics of the manual for the people at the aircraft: the page, the log, the faults. */

import { CATALOGUE } from "../../catalogue/catalogue.ts";
import type { CatalogueEntry } from "../../catalogue/entry.ts";
import { codeLabel } from "../../catalogue/record-text.ts";
import { paragraph } from "../../command-line/paragraph.ts";
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
  (): string => `A page for a laptop's browser, served at maintenance.web.listen and nowhere
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

export const MAINTENANCE_LOG =
  (): string => `Each server keeps its own log: maintenance.log in the state directory, a file of
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

Each keep-alive tells how many faults are active, and one after the other which: so
'show faults', 'wingman status' and the page of every server show those of the others.

A leg is the time in the air, by maintenance.groundInput, with a number of its own;
the time on ground after it counts to it. A leg goes on over a restart in the air.
The signal must be the same for ten seconds to begin or end a leg; off ground counts
for what disturbs service at once, on ground after two.

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

export const FAULTS = (): string =>
  [
    "Maintenance events by code: in the log, and in the output of 'wingman run'. Faults have a class (see the topic maintenance-log).",
    ...CATALOGUE.toSorted((a, b) => a.code - b.code).map((entry) => {
      const { code, text, cause, action, class: faultClass } = entry;
      return [
        `${codeLabel(code)}  ${faultClass === 0 ? text : `${text}  (class ${faultClass})`}`,
        paragraph(cause, "          "),
        paragraph(`Action: ${action}`, "          "),
        ...(faultClass === 0 ? [] : [paragraph(endOfFault(entry), "          ")]),
      ].join("\n");
    }),
  ].join("\n\n");

function endOfFault({ code, lasts }: CatalogueEntry): string {
  if (lasts === null) return "Over at once.";
  if (lasts === "start") return "Lasts until the next start of the daemon.";
  const clearing = CATALOGUE.filter(({ clears }) => clears.includes(code));
  return `Cleared by ${clearing.map((entry) => codeLabel(entry.code)).join(", ")}.`;
}
