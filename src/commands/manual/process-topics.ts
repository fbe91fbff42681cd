/** Topic of the manual about the functions' processes: what each finds around it, and its fate. */

import { paragraph } from "../../command-line/paragraph.ts";
import { SERVICE_CAPABILITIES } from "../../config/capability-names.ts";
import {
  FUNCTION_OPEN_FILES_DEFAULT,
  PROCESS_FAILURE_WINDOW_MS,
  PROCESS_FAILURES_MAX,
  PROCESS_PROVED_MS,
  PROCESS_RETRY_MS_MAX,
  PROCESS_RETRY_MS_MIN,
  READY_TIMEOUT_MS_DEFAULT,
} from "../../limits.ts";
import { REASON_NAMES } from "../../wire/control.ts";

/** A word, and behind it what is to be said, in a column of its own. */
const row = (word: string, text: string): string =>
  paragraph(`${word.padEnd(16)}${text}`, "  ", " ".repeat(18));

export const PROCESSES = (): string =>
  [
    paragraph(
      "A function with a command has a process: the program is executed as it stands, without a shell, and leads a session and a process group of its own. What it finds around it, and the key of the function that changes it:",
    ),
    [
      row(
        "user",
        "the daemon's (wingman under the shipped unit); user: that one, with its groups (/etc/passwd)",
      ),
      row(
        "capabilities",
        "as root what services need, see below; as another user none; capabilities: exactly those",
      ),
      row(
        "files, devices",
        "what the daemon's unit shows of them; the shipped one lets it write to state and run directory and /tmp, and see no device but consoles and watchdog",
      ),
      row(
        "limits",
        `${FUNCTION_OPEN_FILES_DEFAULT} open files (soft; the hard limit is the daemon's), no real-time priority; limits`,
      ),
      row("directory", "/; workingDirectory"),
      row("nice, OOM score", "0, whatever the daemon has; nice, oomScoreAdjust"),
      row("umask", "022; umask"),
      row(
        "input, output",
        "it reads nothing; what it prints comes into the daemon's output (under systemd the journal) with [FUNCTION] before each line, at most 50 lines a second",
      ),
      row(
        "environment",
        "PATH of the daemon, nothing else of it; environment; with user also HOME, USER and LOGNAME; and always:",
      ),
      row("", "WINGMAN_FUNCTION, WINGMAN_SERVER: the identifiers"),
      row("", "WINGMAN_VIPS: addresses, comma-separated, without prefix length"),
      row("", `WINGMAN_REASON: ${REASON_NAMES.join(", ")}`),
    ].join("\n"),
    paragraph(
      "The daemon cannot give what it has not itself. Under firmware-config/wingman@.service it is user wingman, with capabilities for addresses, raw sockets and eBPF that no function gets unasked, and without a way to become another user. There are two ways:",
    ),
    [
      row("strict", "the unit as it is. Functions run as wingman, and bind ports from 1024 on"),
      row(
        "with a drop-in",
        "functions-need-root.conf beside it, copied to /etc/systemd/system/wingman@.service.d/, makes the daemon root and names what functions may ask for, capability by capability: user, low ports, files of others. What none of yours needs is taken out",
      ),
    ].join("\n"),
    paragraph(
      "One capability needs no root: a drop-in gives it to the daemon, and capabilities to the function that asks for it:",
    ),
    "  [Service]\n  CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n  AmbientCapabilities=CAP_NET_BIND_SERVICE",
    paragraph(
      "At its start the daemon says which function asks for what it has not (WNG-0486 and its output). Files, devices and namespaces that functions need are in the drop-in, too, as lines to be taken in.",
    ),
    paragraph(`Capabilities of root by default: ${SERVICE_CAPABILITIES.join(" ")}.`),
    paragraph(
      "What the system refuses at its start is a fault with the errno (WNG-0485); what was refused stands in the daemon's output.",
    ),
    paragraph(
      "A VIP is set as an address of its own: IPv4 as /32 with scope host, so that the server never sends from it by itself, IPv6 with its prefix length and deprecated for the same reason; both with a lifetime that the daemon renews. A program may bind it, or any address.",
    ),
    [
      row("on-activate", "started when the VIPs are up, stopped when they go"),
      row(
        "always",
        "kept running on every server that may run the function. A program that binds its VIPs ends where they are not (errno 99), unless net.ipv4.ip_nonlocal_bind (net.ipv6.ip_nonlocal_bind) is 1: that is no failure. It is started when they arrive, and WNG-0482 says that it is not kept ready.",
      ),
      row(
        "ready",
        `{"port": 8080, "timeoutMs": ${READY_TIMEOUT_MS_DEFAULT}}: the function is "starting" until something takes TCP connections at that port of one of its VIPs, asked from the same server until it works once; 'wingman drain' waits for that. With {"notify": true} the process says so itself: it sends READY=1 to the socket that NOTIFY_SOCKET names, as for systemd (sd_notify). After timeoutMs it is a fault (WNG-0487), and waited for. Without ready a function runs as soon as its program was executed.`,
      ),
    ].join("\n"),
    paragraph(
      "It is stopped with SIGTERM and, after stopGraceMs, its whole process group with SIGKILL. One that cannot be stopped (it became another user, and the daemon lacks CAP_KILL; or it hangs in the kernel) is a fault (WNG-0483) and counts as failed here; nobody waits for it. What it leaves behind is collected by the daemon, as process 1 of a container and otherwise.",
    ),
    paragraph(
      `When it ends by itself it is started again after a growing pause. After ${PROCESS_FAILURES_MAX} failures within ${PROCESS_FAILURE_WINDOW_MS / 1000} s the function counts as failed on that server (WNG-0203) and moves. After a pause of ${PROCESS_RETRY_MS_MIN / 1000} s, then 4, 8 and so on up to ${PROCESS_RETRY_MS_MAX / 1000}, it may be tried there again if it runs nowhere and finds room there: a try stops nothing; one failure is enough then. What serves elsewhere is not moved for that. Where what runs stays where it is (preempt), the failure is forgotten after ${PROCESS_RETRY_MS_MAX / 1000} s; with reset it counts as long as another server has the function, since to forget it would move it. A process that lives for ${PROCESS_PROVED_MS / 1000} s ends the fault. 'wingman resume' ends all pauses.`,
    ),
  ].join("\n\n");
