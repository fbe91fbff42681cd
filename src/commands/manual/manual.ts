/** The manual inside the executable: one text for each topic, at most 80 columns wide. */

import { paragraph } from "../../command-line/paragraph.ts";
import {
  DETECTION_TIME_MS_MAX,
  DETECTION_TIME_MS_MIN,
  LOG_ARCHIVES_MAX,
  RECOVERY_TIME_MS_MAX,
} from "../../limits.ts";
import { commandSummaries, PUBLIC_COMMANDS } from "../command-list.ts";
import { configurationReference } from "../configuration-reference.ts";
import { COMMAND_TEXTS } from "./command-texts.ts";
import { MEASURED_TOPIC, PROPERTIES_TOPIC } from "./evidence-topics.ts";
import { FAULTS } from "./fault-topics.ts";
import { FIELD, LIMITS } from "./field-topics.ts";
import {
  ALLOCATION,
  HANDOVER,
  KEEP_ALIVE,
  LEASE,
  NETWORK,
  NOTICE,
  WATCHDOG,
} from "./flight-topics.ts";
import { BUILD, INSTALLATION, RIG, SYSTEM } from "./ground-topics.ts";
import { DATA_LOAD } from "./load-topic.ts";
import { GROUND, MAINTENANCE_LOG, PAGE } from "./maintenance-topics.ts";
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
by keep-alives. When one fails or comes back, functions are assigned again by priority
and resource, and their VIPs move with them: seats keep the address they know.

All servers run the same program with the same configuration; none is the master.

Commands
${commandSummaries()}

Topics
${TOPICS.filter(({ name }) => !isCommand(name) && name !== "overview")
  .map(({ name, summary }) => `  ${name.padEnd(17)}${summary}`)
  .join("\n")}

'wingman help TOPIC' shows a topic or a command; 'wingman help WNG-0111' a code.`;

const CONFIGURATION =
  (): string => `One JSON file for all servers of an aircraft, without comments. Required are
system, servers and functions; everything else has a default. Without --config the
embedded default aircraft is used. 'wingman check' lists all problems of a file.
firmware-config/schema.json helps editors.

Checks across keys:
  - identifiers are unique, and each VIP belongs to one function; VIPs are
    compared as addresses, so fd44::1 and fd44:0::1 are the same;
  - a function fits at least one server that may run it;
  - no VIP is a witness; keep-alives and notices differ in group or port;
  - periodMs x lostAfterPeriods is ${DETECTION_TIME_MS_MIN} to ${DETECTION_TIME_MS_MAX} ms;
  - periodMs x recoveredAfterPeriods is at most ${RECOVERY_TIME_MS_MAX} ms;
  - a required lease fits the detection time (see the topic lease).

Servers compare a digest of the table (see the topic keep-alive). It covers everything
that they must agree on, but not part number, interface names, key file, arguments of
commands, the environment of processes, ATA chapters, maintenance and parts: these may
differ from server to server.

${configurationReference()}`;

const FILES =
  (): string => `configuration      named with --config; embedded default aircraft without it
key files          keepAlive.keyFile, acceptKeyFile, maintenance.web.tokenFile;
                   for their owner alone; relative paths start at the
                   configuration
public keys        parts.trust, read by 'wingman part'; relative paths likewise

/run/wingman       (--run-dir) of a running server:
  lock             held by 'wingman run'; a second one here ends at once
  config.json      the configuration in effect, all defaults written out
  status           what 'wingman status' shows
  engine.sock      for drain, resume, capacity, hold, move and rebalance
  console.sock     the maintenance console, for 'wingman console'
  engine.stderr    what the engine printed before it died; empty otherwise
  manage.stderr    what the maintenance process printed
  on-ground        the air/ground signal, written by another program, unless
                   maintenance.groundInput names another file (topic ground)
  capacity, hold   requests of a program, unless capacityInput and holdInput
                   of maintenance name other files

/var/lib/wingman   (--state-dir), kept over restarts:
  incarnation      number of the last start; must never go back
  drained          this server was drained, and not resumed since
  inputs           last requests of 'wingman capacity' and 'wingman hold'
  maintenance.log  see the topic maintenance-log
  maintenance.log.corrupt-1 ...
                   a log that became unreadable, at most ${LOG_ARCHIVES_MAX}
  data-load        a load from the network, until it is installed

Nothing else is written: the rest of the file system may be read-only. Apart from
these, only the inputs of maintenance and the configured devices are read, and nothing
of the working directory. Only one daemon can serve a client interface: a second one
is refused.`;

const EXIT_CODES = (): string => `0  done
1  failure at run time: the system refused something, the daemon does not
   answer, or another one runs already
2  the command line, the configuration or a state file is wrong; one line for
   each problem: file, path in it, what was found, what is expected

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
  { name: "system", summary: "servers, networks, processes", text: SYSTEM },
  { name: "allocation", summary: "who runs what: the policies", text: ALLOCATION },
  { name: "keep-alive", summary: "how servers monitor each other", text: KEEP_ALIVE },
  { name: "handover", summary: "how a function and its addresses move", text: HANDOVER },
  {
    name: "processes",
    summary: "environment, start and end of a function's process",
    text: PROCESSES,
  },
  { name: "lease", summary: "how a stopped server is silenced", text: LEASE },
  { name: "notice", summary: "the datagram that notifies clients", text: NOTICE },
  { name: "files", summary: "files and directories", text: FILES },
  { name: "exit-codes", summary: "exit codes and output", text: EXIT_CODES },
  { name: "vips", summary: "VIPs in the kernel, and automatic repairs", text: VIPS },
  { name: "network", summary: "requirements on the network, and witnesses", text: NETWORK },
  { name: "page", summary: "the maintenance page, and who may read it", text: PAGE },
  { name: "data-load", summary: "software loads from a ground loader", text: DATA_LOAD },
  { name: "watchdog", summary: "service manager and watchdog device", text: WATCHDOG },
  {
    name: "maintenance-log",
    summary: "its records, faults and legs, and power failures",
    text: MAINTENANCE_LOG,
  },
  { name: "ground", summary: "the air/ground signal, and what it allows", text: GROUND },
  { name: "faults", summary: "by symptom and by code: causes and actions", text: FAULTS },
  { name: "installation", summary: "files for systemd, udev and sysctl", text: INSTALLATION },
  { name: "rig", summary: "the virtual aircraft, and acceptance of a real one", text: RIG },
  { name: "build", summary: "build, tests, targets, reproducible executables", text: BUILD },
  { name: "field", summary: "problems in the field, and how Wingman handles them", text: FIELD },
  { name: "limits", summary: "what Wingman cannot do", text: LIMITS },
  { name: "properties", summary: "guaranteed properties, and their proof", text: PROPERTIES_TOPIC },
  {
    name: "measured",
    summary: "measured figures, with and without keepalived",
    text: MEASURED_TOPIC,
  },
  ...PUBLIC_COMMANDS.map(commandTopic),
];

function isCommand(name: string): boolean {
  return PUBLIC_COMMANDS.some((command) => command.name === name);
}
