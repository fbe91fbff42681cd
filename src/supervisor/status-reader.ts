/** Reads the snapshot of a running engine, see wire/status-snapshot. */
import { closeSync, openSync, readSync } from "node:fs";
import { nowUs } from "../io/monotonic-clock.ts";
import {
  decodeStatusSnapshot,
  STATUS_BYTES,
  STATUS_HEAD_BYTES,
  STATUS_VERSION,
  StatusSnapshot,
  statusSequence,
  statusVersion,
} from "../wire/status-snapshot.ts";

/** A snapshot is written once per period; an engine this late is not well, whatever its period. */
const STALE_MS = 2000;
const STALE_PERIODS = 10;

/** Writing takes microseconds: this many tries, a millisecond apart, outlast any live writer. */
const TRIES_MAX = 100;
/** The same without pauses: a writer needs microseconds, a look about ten. */
const LOOKS_MAX = 20;

/** No snapshot is available. The message says why, for a human. */
export class StatusError extends Error {
  override readonly name = "StatusError";
}

/**
 * One consistent snapshot.
 * @param periodMs the keep-alive period, by which the age of a snapshot is judged
 * @throws StatusError when the engine does not run, does not write, or the file cannot be read
 */
export async function readStatus(file: string, periodMs: number): Promise<StatusSnapshot> {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch (error) {
    throw unreadable(file, error);
  }
  try {
    const snapshot = await readConsistent(descriptor, file);
    requireCurrent(snapshot, file, periodMs);
    return snapshot;
  } finally {
    closeSync(descriptor);
  }
}

/** A snapshot of a running engine, or null; does not wait. */
export function readStatusNow(file: string, periodMs: number): StatusSnapshot | null {
  const snapshot = readSnapshot(file);
  if (snapshot === null) return null;
  try {
    requireCurrent(snapshot, file, periodMs);
    return snapshot;
  } catch (error) {
    if (error instanceof StatusError) return null;
    throw error;
  }
}

/** The same, whether or not the engine that wrote it still runs. */
export function readSnapshot(file: string): StatusSnapshot | null {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return null;
  }
  try {
    for (let look = 0; look < LOOKS_MAX; look++) {
      const view = readWhole(descriptor);
      if (view !== null) return decoded(view);
    }
    return null;
  } finally {
    closeSync(descriptor);
  }
}

/** Why a file of the run directory cannot be read. */
export function unreadable(file: string, error: unknown): StatusError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return new StatusError(`not running: there is no ${file}`);
  if (code === "EACCES" || code === "EPERM")
    return new StatusError(`not permitted to read ${file}`);
  return new StatusError(`${file} cannot be read: ${message}`);
}

/**
 * One look: the snapshot, of any layout, or null while it is being written or does not exist yet.
 */
function readWhole(descriptor: number): DataView | null {
  const view = new DataView(new ArrayBuffer(STATUS_BYTES));
  const sequence = sequenceNow(descriptor);
  const length = readSync(descriptor, view, 0, STATUS_BYTES, 0);
  // One read is one copy by the kernel, during which the engine may write: an even, unchanged
  // sequence excludes that. The sequence in the copy does not help: the processor decides the order
  // in which bytes are copied.
  const settled = sequence % 2 === 0 && sequence === sequenceNow(descriptor);
  // Sequence 0: the engine has made the file, and not yet written its first snapshot.
  return settled && length === STATUS_BYTES && sequence !== 0 ? view : null;
}

function sequenceNow(descriptor: number): number {
  const head = new DataView(new ArrayBuffer(STATUS_HEAD_BYTES));
  readSync(descriptor, head, 0, STATUS_HEAD_BYTES, 0);
  return statusSequence(head);
}

/** Null when no engine of this release wrote it. */
function decoded(view: DataView): StatusSnapshot | null {
  const snapshot = new StatusSnapshot();
  return decodeStatusSnapshot(view, snapshot) ? snapshot : null;
}

async function readConsistent(descriptor: number, file: string): Promise<StatusSnapshot> {
  for (let count = 0; count < TRIES_MAX; count++) {
    const view = readWhole(descriptor);
    if (view !== null) return requireDecoded(view, file);
    await Bun.sleep(1);
  }
  throw new StatusError(
    `${file} holds no complete snapshot: the engine has just started, or died while it wrote`,
  );
}

function requireDecoded(view: DataView, file: string): StatusSnapshot {
  const snapshot = decoded(view);
  if (snapshot !== null) return snapshot;
  const version = statusVersion(view);
  if (version === 0 || version === STATUS_VERSION)
    throw new StatusError(`${file} is no snapshot of an engine`);
  throw new StatusError(
    `${file}: found layout version ${version}, expected ${STATUS_VERSION}: another release is running`,
  );
}

function requireCurrent(snapshot: StatusSnapshot, file: string, periodMs: number): void {
  const pid = snapshot.enginePid;
  if (!processExists(pid))
    throw new StatusError(`not running: the engine that wrote ${file} (pid ${pid}) is gone`);
  const ageMs = (nowUs() - snapshot.writtenUs) / 1000;
  if (ageMs <= Math.max(STALE_MS, STALE_PERIODS * periodMs)) return;
  throw new StatusError(
    `the engine (pid ${pid}) has written no snapshot for ${Math.round(ageMs / 1000)} s`,
  );
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it exists, and is not ours
  }
}
