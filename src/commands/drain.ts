import { EXIT_DONE, RuntimeError } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { READY_TIMEOUT_MS_DEFAULT } from "../limits.ts";
import { RequestError } from "../supervisor/control-request.ts";
import { RunningDaemon } from "../supervisor/running-daemon.ts";
import type { StatusDocument } from "../supervisor/status-document.ts";
import { StatusError } from "../supervisor/status-reader.ts";
import { CONTROL_DRAIN } from "../wire/control.ts";
import { requireAllowed } from "./interlocked.ts";

/** Beyond the longest grace time of a function, draining has this long. */
const DRAIN_MS_MAX = 60_000;
const POLL_MS = 50;
const PROGRESS_MS = 1000;

/**
 * `wingman drain [--confirm] [--no-wait] [--run-dir DIR]`: the server hands all its functions over
 * and takes no others until `resume`. What would stop a function is done with `--confirm` and on
 * ground only.
 *
 * Waits until it owns none, and until those that it has handed over can be used where they are now;
 * with `--no-wait` only until the engine has accepted. Exit code 1 when no daemon runs, it refuses,
 * or functions are left when the time is over. One that is not ready elsewhere in time is named; it
 * is no reason to fail.
 */
export async function drain(args: string[]): Promise<number> {
  const { options } = parseOptions("drain", args, {
    confirm: "flag",
    "no-wait": "flag",
    "run-dir": "value",
  });
  const daemon = new RunningDaemon(options["run-dir"]);
  try {
    const graceMs = Math.max(0, ...daemon.config().functions.map(({ stopGraceMs }) => stopGraceMs));
    await requireAllowed(daemon, "drain", options.confirm);
    const handedOver = functionsLeft(await daemon.status());
    await daemon.request(CONTROL_DRAIN);
    if (options["no-wait"]) return EXIT_DONE;
    await untilDrained(daemon, DRAIN_MS_MAX + graceMs);
    await untilReady(daemon, handedOver);
    return EXIT_DONE;
  } catch (error) {
    if (error instanceof RequestError || error instanceof StatusError)
      throw new RuntimeError(`drain: ${error.message}`);
    throw error;
  }
}

async function untilDrained(daemon: RunningDaemon, limitMs: number): Promise<void> {
  const startedAtMs = performance.now();
  let progressAtMs = startedAtMs + PROGRESS_MS;
  for (;;) {
    const status = await daemon.status();
    const left = functionsLeft(status);
    if (status.draining && left.length === 0) return;
    const nowMs = performance.now();
    if (nowMs - startedAtMs > limitMs)
      throw new RequestError(`after ${limitMs / 1000} s: ${leftText(status, left)}`);
    if (process.stderr.isTTY === true && nowMs >= progressAtMs) {
      process.stderr.write(`draining: ${leftText(status, left)}\n`);
      progressAtMs += PROGRESS_MS;
    }
    await Bun.sleep(POLL_MS);
  }
}

/** Each has the time that its own readiness may take. */
async function untilReady(daemon: RunningDaemon, handedOver: readonly string[]): Promise<void> {
  const limitsMs = daemon
    .config()
    .functions.filter(({ id }) => handedOver.includes(id))
    .map(({ ready }) => ready?.timeoutMs ?? READY_TIMEOUT_MS_DEFAULT);
  const endMs = performance.now() + Math.max(0, ...limitsMs);
  for (;;) {
    const { functions } = await daemon.status();
    // Until its new server has taken it, its process may still be stopping here.
    const starting = functions.filter(
      ({ id, state }) => (state === "starting" || state === "stopping") && handedOver.includes(id),
    );
    if (starting.length === 0) return;
    if (performance.now() >= endMs) {
      const names = starting.map(({ id }) => id).join(", ");
      process.stderr.write(`wingman: drain: handed over, but not ready yet: ${names}\n`);
      return;
    }
    await Bun.sleep(POLL_MS);
  }
}

/** Functions that this server still owns. */
function functionsLeft(status: StatusDocument): string[] {
  return status.functions.filter(({ owner }) => owner === status.server).map(({ id }) => id);
}

function leftText(status: StatusDocument, left: readonly string[]): string {
  if (!status.draining) return "the server is no longer draining";
  return `${left.length} of its functions left: ${left.slice(0, 8).join(", ")}${left.length > 8 ? ", …" : ""}`;
}
