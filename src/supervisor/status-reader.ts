/** Reads the snapshot of a running engine, see wire/status-snapshot. */
import { closeSync, openSync, readSync } from "node:fs";
import { nowUs } from "../io/monotonic-clock.ts";
import { STATUS_BYTES, STATUS_MAGIC, STATUS_SEQUENCE_AT, STATUS_VERSION } from "../wire/status-snapshot.ts";

/** A snapshot is written once a period; an engine this late is not well, whatever its period. */
const STALE_MS = 2000;
const STALE_PERIODS = 10;

/** Writing takes microseconds: this many tries, a millisecond apart, outlast any writer that lives. */
const TRIES_MAX = 100;

/** There is no snapshot to be had. The message says why, for a human. */
export class StatusError extends Error {
  override readonly name = "StatusError";
}

/**
 * One consistent snapshot.
 * @param periodMs the keep-alive period, by which the age of a snapshot is judged
 * @throws StatusError when the engine does not run, does not write, or the file cannot be read
 */
export async function readStatus(file: string, periodMs: number): Promise<DataView> {
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

/** Why a file of the run directory cannot be read. */
export function unreadable(file: string, error: unknown): StatusError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return new StatusError(`not running: there is no ${file}`);
  if (code === "EACCES" || code === "EPERM") return new StatusError(`not permitted to read ${file}`);
  return new StatusError(`${file} cannot be read: ${message}`);
}

async function readConsistent(descriptor: number, file: string): Promise<DataView> {
  const bytes = new Uint8Array(STATUS_BYTES);
  const view = new DataView(bytes.buffer);
  const sequenceAfter = new DataView(new ArrayBuffer(4));
  for (let count = 0; count < TRIES_MAX; count++) {
    const length = readSync(descriptor, bytes, 0, STATUS_BYTES, 0);
    readSync(descriptor, sequenceAfter, 0, 4, STATUS_SEQUENCE_AT);
    const sequence = view.getUint32(STATUS_SEQUENCE_AT, true);
    const settled = sequence % 2 === 0 && sequence === sequenceAfter.getUint32(0, true);
    // Sequence 0: the engine has made the file, and not written its first snapshot yet.
    if (settled && length === STATUS_BYTES && sequence !== 0) return requireLayout(view, file);
    await Bun.sleep(1);
  }
  throw new StatusError(`${file} holds no complete snapshot: the engine has just started, or died while it wrote`);
}

function requireLayout(view: DataView, file: string): DataView {
  if (view.getUint32(0, true) !== STATUS_MAGIC) throw new StatusError(`${file} is no snapshot of an engine`);
  const version = view.getUint32(4, true);
  if (version === STATUS_VERSION) return view;
  throw new StatusError(
    `${file}: found layout version ${version}, expected ${STATUS_VERSION}: another release is running`,
  );
}

function requireCurrent(view: DataView, file: string, periodMs: number): void {
  const pid = view.getUint32(12, true);
  if (!processExists(pid)) throw new StatusError(`not running: the engine that wrote ${file} (pid ${pid}) is gone`);
  const ageMs = (nowUs() - view.getFloat64(16, true)) / 1000;
  if (ageMs <= Math.max(STALE_MS, STALE_PERIODS * periodMs)) return;
  throw new StatusError(`the engine (pid ${pid}) has written no snapshot for ${Math.round(ageMs / 1000)} s`);
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it exists, and is not ours
  }
}
