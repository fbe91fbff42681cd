/**
 * Marks behind the file system of a recorded disk: everything acknowledged when a mark is written
 * was acknowledged before every cut after it. A mark has no flush of its own.
 */
import type { DiskRecord } from "./disk-record.ts";
import type { DiskSerial } from "./head-ends.ts";
import type { Machine } from "./machine.ts";

/** A block of the file system: smaller data are not written at once. */
const MARK_BYTES = 4096;

/** @param behind size of the file system in bytes */
export async function writeMark(
  machine: Machine,
  disk: DiskSerial,
  behind: number,
  mark: number,
): Promise<void> {
  const place = behind / MARK_BYTES + mark;
  await machine.shell.run(
    `for disk in /sys/block/vd*; do [ "$(cat $disk/serial)" = ${disk} ] && echo mark | dd of=/dev/\${disk##*/} bs=${MARK_BYTES} seek=${place} conv=sync,notrunc oflag=direct; done; true`,
  );
}

/** Each mark, and its entry in the record. */
export function marksIn(record: DiskRecord, behind: number): { entry: number; mark: number }[] {
  return record.entries.flatMap(({ kind, at }, entry) =>
    kind === "write" && at >= behind ? [{ entry, mark: (at - behind) / MARK_BYTES }] : [],
  );
}
