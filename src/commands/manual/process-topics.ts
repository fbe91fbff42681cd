/** Topic of the manual about the functions' processes: environment, start and end. */

import { paragraph } from "../../command-line/paragraph.ts";
import { SERVICE_CAPABILITIES } from "../../config/capability-names.ts";
import {
  FUNCTION_OPEN_FILES_DEFAULT,
  PROCESS_FAILURE_WINDOW_MS,
  PROCESS_FAILURES_MAX,
  PROCESS_RETRY_MS_MAX,
  PROCESS_RETRY_MS_MIN,
  PROCESS_STABLE_MS,
  READY_TIMEOUT_MS_DEFAULT,
} from "../../limits.ts";
import { REASON_NAMES } from "../../wire/control.ts";

/** A word, and its explanation in a column of its own. */
const row = (word: string, text: string): string =>
  paragraph(`${word.padEnd(16)}${text}`, "  ", " ".repeat(18));

export const PROCESSES = (): string =>
  [
    paragraph(
      "A function with a command has a process: the program is executed directly, without a shell, as leader of its own session and process group. Its environment, and after it the key of the function that changes it:",
    ),
    [
      row(
        "user",
        "the daemon's (wingman under the shipped unit); user: that one, with its groups (/etc/passwd)",
      ),
      row(
        "capabilities",
        "as root those that services need, see below; as another user none; capabilities: exactly those",
      ),
      row(
        "files, devices",
        "those that the daemon's unit allows; with the shipped one it can write to state and run directory and /tmp, and sees no device but consoles and watchdog",
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
        "no input; its output goes to the daemon's output (under systemd the journal) with [FUNCTION] before each line, at most 50 lines a second",
      ),
      row(
        "environment",
        "only PATH of the daemon; environment; with user also HOME, USER and LOGNAME; and always:",
      ),
      row("", "WINGMAN_FUNCTION, WINGMAN_SERVER: the identifiers"),
      row("", "WINGMAN_VIPS: addresses, comma-separated, without prefix length"),
      row("", `WINGMAN_REASON: ${REASON_NAMES.join(", ")}`),
    ].join("\n"),
    paragraph(
      "The daemon can only grant rights that it has. Under firmware-config/wingman@.service it is user wingman, with capabilities for addresses, raw sockets and eBPF that a function gets only on request, and it cannot become another user. There are two ways:",
    ),
    [
      row("strict", "the unit as it is. Functions run as wingman, and bind ports from 1024 on"),
      row(
        "with a drop-in",
        "functions-need-root.conf beside it, copied to /etc/systemd/system/wingman@.service.d/, makes the daemon root and lists what functions may request, capability by capability: user, low ports, files of others. Remove what none of your functions needs",
      ),
    ].join("\n"),
    paragraph(
      "One capability needs no root: a drop-in gives it to the daemon, and capabilities to the function that asks for it:",
    ),
    "  [Service]\n  CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n  AmbientCapabilities=CAP_NET_BIND_SERVICE",
    paragraph(
      "At its start the daemon names functions that request what it lacks (WNG-0486 and its output). The drop-in also has lines, to be enabled, for files, devices and namespaces that functions need.",
    ),
    paragraph(`Capabilities of root by default: ${SERVICE_CAPABILITIES.join(" ")}.`),
    paragraph(
      "If the system refuses the start of a process, this is a fault with the errno (WNG-0485); the daemon's output has the details.",
    ),
    paragraph(
      "A VIP is set as an address of its own: IPv4 as /32 with scope host, so that the server never uses it as a source by itself, IPv6 with its prefix length and deprecated for the same reason; both with a lifetime that the daemon renews. A program may bind it, or any address.",
    ),
    [
      row(
        "on-activate",
        "started when the VIPs are up, stopped when they go: clients wait while it starts, in a drain as in a failure",
      ),
      row(
        "always",
        "kept running on every server that may run the function. A program that binds its VIPs ends where they are not (errno 99), unless net.ipv4.ip_nonlocal_bind (net.ipv6.ip_nonlocal_bind) is 1: this does not count as a failure. It is started when they arrive, and WNG-0482 reports that it is not kept ready.",
      ),
      row(
        "ready",
        `{"port": 8080, "timeoutMs": ${READY_TIMEOUT_MS_DEFAULT}}: the function is "starting" until that port of one of its VIPs accepts a TCP connection from the same server; 'wingman drain' waits for that. With {"notify": true} the process reports readiness itself: it sends READY=1 to the socket that NOTIFY_SOCKET names, as for systemd (sd_notify). After timeoutMs a fault is set (WNG-0487), and the server goes on waiting. Without ready a function runs as soon as its program was executed.`,
      ),
    ].join("\n"),
    paragraph(
      "It is stopped with SIGTERM and, after stopGraceMs, its whole process group with SIGKILL. One that cannot be stopped (it became another user, and the daemon lacks CAP_KILL; or it hangs in the kernel) is a fault (WNG-0483) and counts as failed here; nothing waits for it. The daemon collects the processes that it leaves behind, as process 1 of a container, too.",
    ),
    paragraph(
      `When it ends by itself it is restarted after a growing pause. After ${PROCESS_FAILURES_MAX} failures within ${PROCESS_FAILURE_WINDOW_MS / 1000} s the function counts as failed on that server (WNG-0203) and moves. After a pause of ${PROCESS_RETRY_MS_MIN / 1000} s, then 4, 8 and so on up to ${PROCESS_RETRY_MS_MAX / 1000}, it may be retried there if it runs nowhere and finds room there: a retry stops nothing, and one failure ends it. A function that runs elsewhere is not moved for it. If running functions stay where they are (preempt), the failure is forgotten after ${PROCESS_RETRY_MS_MAX / 1000} s; with reset it counts as long as another server has the function, since forgetting it would move the function. A process that lives for ${PROCESS_STABLE_MS / 1000} s ends the fault. 'wingman resume' ends all pauses.`,
    ),
  ].join("\n\n");
