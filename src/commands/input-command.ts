/**
 * What `wingman capacity` and `wingman hold` have in common: ask, wait until it counts, and tell.
 */
import { RuntimeError } from "../command-line/errors.ts";
import { RequestError } from "../supervisor/control-request.ts";
import { readInput } from "../supervisor/input-file.ts";
import type { RunningDaemon } from "../supervisor/running-daemon.ts";
import type { ServerStatus } from "../supervisor/status-document.ts";
import { StatusError } from "../supervisor/status-reader.ts";

/** The supervisor says it to the engine at once, which shows it once a period. */
const COUNTS_MS_MAX = 3000;
const POLL_MS = 50;

/** The row of the server itself. Throws StatusError. */
export async function ownServerStatus(daemon: RunningDaemon): Promise<ServerStatus> {
  const { server, servers } = await daemon.status();
  const own = servers.find(({ id }) => id === server);
  if (own === undefined) throw new StatusError(`the state does not name the server ${server}`);
  return own;
}

/** Asks for it, and waits until the server shows it. */
export async function askAndWait(
  daemon: RunningDaemon,
  kind: number,
  argument: number,
  isSo: (own: ServerStatus) => boolean,
): Promise<void> {
  await daemon.request(kind, argument);
  const endMs = performance.now() + COUNTS_MS_MAX;
  while (!isSo(await ownServerStatus(daemon))) {
    if (performance.now() > endMs) {
      throw new RequestError(
        "stored, but not in effect yet: a running server of a former release would not understand it",
      );
    }
    await Bun.sleep(POLL_MS);
  }
}

/** What an input file asks for; `nothing` where it asks for nothing, or is not understood. */
export async function requestInFile(file: string, max: number, nothing: number): Promise<number> {
  const reading = await readInput(file, max, false);
  return reading.kind === "number" ? reading.value : nothing;
}

/** Runs a command; what the daemon refuses ends it with exit code 1. */
export async function reportingErrors(
  name: string,
  command: () => Promise<number>,
): Promise<number> {
  try {
    return await command();
  } catch (error) {
    if (error instanceof RequestError || error instanceof StatusError)
      throw new RuntimeError(`${name}: ${error.message}`);
    throw error;
  }
}
