/** The manual inside the executable: one text for each topic, at most 80 columns wide. */

import { paragraph } from "../../command-line/paragraph.ts";
import {
  DETECTION_TIME_MS_MAX,
  DETECTION_TIME_MS_MIN,
  LOG_ARCHIVES_MAX,
  RECOVERY_TIME_MS_MAX,
} from "../../limits.ts";
import { commandSummaries, PUBLIC_COMMANDS } from "../catalogue.ts";
import { configurationReference } from "../configuration-reference.ts";
import { COMMAND_TEXTS } from "./command-texts.ts";
import {
  ALLOCATION,
  HANDOVER,
  KEEP_ALIVE,
  LEASE,
  NETWORK,
  NOTICE,
  WATCHDOG,
} from "./flight-topics.ts";
import { DATA_LOAD } from "./load-topic.ts";
import { FAULTS, MAINTENANCE_LOG, PAGE } from "./maintenance-topics.ts";
import { PROCESSES } from "./process-topics.ts";
import { VIPS } from "./vip-topic.ts";

export interface Topic {
  name: string;
  summary: string;
  text: () => string;
}

const OVERVIEW =
  (): string => `Wingman runs on each of the head-end servers of an aircraft's cabin system. Every
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

const CONFIGURATION =
  (): string => `One JSON file for all servers of an aircraft, without comments. Required are
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
commands, what surrounds processes, ATA chapters, maintenance and parts, which may differ from server to server.

${configurationReference()}`;

const FILES =
  (): string => `configuration      named with --config; embedded default aircraft without it
key files          keepAlive.keyFile, acceptKeyFile, maintenance.web.tokenFile;
                   for their owner alone; relative paths start at the
                   configuration
public keys        parts.trust, read by 'wingman part'; relative paths likewise

/run/wingman       (--run-dir) of a running server:
  lock             held by 'wingman run': a second one here ends at once
  config.json      the configuration in effect, all defaults written out
  status           what 'wingman status' shows
  engine.sock      where drain, resume and move ask
  console.sock     the maintenance console, for 'wingman console'
  engine.stderr    what the engine printed before it died; empty otherwise
  manage.stderr    what the maintenance process printed
  on-ground        the air/ground signal, written by whoever knows it, where
                   maintenance.groundInput names no other file

/var/lib/wingman   (--state-dir), kept over restarts:
  incarnation      number of the last start; must never go back
  drained          this server was drained, and not resumed since
  maintenance.log  see the topic maintenance-log
  maintenance.log.corrupt-1 ...
                   a log that could not be read any more, at most ${LOG_ARCHIVES_MAX}
  data-load        loads that came over the network; see the topic data-load

Nothing else is written: the rest of the file system may be read-only. No other
file is read but the ground input and the devices that are configured, in
particular none of the directory it is started in.
A client interface is served by one daemon: a second one is refused.`;

const EXIT_CODES = (): string => `0  done
1  it failed at run time: the system refused something, the daemon does not
   answer, or another one runs already
2  the command line, the configuration or a state file is wrong; every problem
   is named in one line: file, path in it, what was found, what is expected

Results go to stdout, errors to stderr. With --json, stdout is one JSON document.`;

const commandTopic = ({ name, synopsis, summary }: (typeof PUBLIC_COMMANDS)[number]): Topic => ({
  name,
  summary,
  text: () =>
    `${paragraph(`wingman ${name} ${synopsis}`, "", "    ")}\n\n${COMMAND_TEXTS[name] ?? summary}`,
});

export const TOPICS: readonly Topic[] = [
  { name: "overview", summary: "what Wingman does, its commands and topics", text: OVERVIEW },
  { name: "configuration", summary: "every key with its range and default", text: CONFIGURATION },
  { name: "allocation", summary: "who runs what: the policies", text: ALLOCATION },
  { name: "keep-alive", summary: "how servers know of each other", text: KEEP_ALIVE },
  { name: "handover", summary: "how a function and its addresses move", text: HANDOVER },
  { name: "processes", summary: "what surrounds a function's process", text: PROCESSES },
  { name: "lease", summary: "how a server that stops is silenced", text: LEASE },
  { name: "notice", summary: "the datagram that tells clients", text: NOTICE },
  { name: "files", summary: "files and directories", text: FILES },
  { name: "exit-codes", summary: "exit codes and output", text: EXIT_CODES },
  { name: "vips", summary: "how VIPs stand in the kernel, and what is mended", text: VIPS },
  { name: "network", summary: "what the network must give", text: NETWORK },
  { name: "page", summary: "the maintenance page, and who may read it", text: PAGE },
  { name: "data-load", summary: "a ground loader on the network", text: DATA_LOAD },
  { name: "watchdog", summary: "what service manager and watchdog device see", text: WATCHDOG },
  {
    name: "maintenance-log",
    summary: "what it holds, and what it survives",
    text: MAINTENANCE_LOG,
  },
  { name: "faults", summary: "maintenance events, their causes and actions", text: FAULTS },
  ...PUBLIC_COMMANDS.map(commandTopic),
];

function isCommand(name: string): boolean {
  return PUBLIC_COMMANDS.some((command) => command.name === name);
}
