/** Disks after power cuts: everything up to the last flush, and each later sector by chance. */
import { closeSync, openSync, writeSync } from "node:fs";
import type { SeededRandom } from "../../test/harness/seeded-random.ts";
import { copySparse } from "./disk-copy.ts";
import type { DiskEntry, DiskRecord } from "./disk-record.ts";

const SECTOR_BYTES = 512;

export interface PowerCut {
  /** Number of completed entries of the record. */
  readonly entries: number;
  /** Number of sectors that waited for a flush, and of those that reached the disk. */
  readonly unflushed: number;
  readonly kept: number;
}

/**
 * Numbers of entries after which the power is cut: after every flush, and `count` others at random.
 */
export function cutPlaces(record: DiskRecord, count: number, random: SeededRandom): number[] {
  const places = new Set<number>();
  record.entries.forEach(({ kind }, index) => {
    if (kind === "flush") places.add(index + 1);
  });
  const most = Math.min(record.entries.length, places.size + count);
  while (places.size < most) places.add(1 + random.below(record.entries.length));
  return [...places].sort((one, other) => one - other);
}

/**
 * Makes the disk of each cut in `image`, one after the other, and passes it to `look`.
 * @param pristine the disk before the first entry
 */
export async function eachCut(
  record: DiskRecord,
  pristine: string,
  image: string,
  places: readonly number[],
  random: SeededRandom,
  look: (cut: PowerCut) => Promise<void>,
): Promise<void> {
  const durable = `${image}.durable`;
  await copySparse(pristine, durable);
  const waiting: DiskEntry[] = [];
  let next = 0;
  for (const entries of places) {
    const flushed: DiskEntry[] = [];
    for (; next < entries; next++) {
      const entry = record.entries[next] as DiskEntry;
      if (entry.kind === "flush") flushed.push(...waiting.splice(0));
      else if (entry.kind === "write" && entry.isForced) flushed.push(entry);
      else if (entry.kind === "write") waiting.push(entry);
    }
    write(durable, record, flushed, () => true);
    await copySparse(durable, image);
    let unflushed = 0;
    let kept = 0;
    write(image, record, waiting, () => {
      const isKept = random.below(2) === 0;
      unflushed++;
      if (isKept) kept++;
      return isKept;
    });
    await look({ entries, unflushed, kept });
  }
}

/** Writes the sectors of entries that `isKept` accepts. */
function write(
  image: string,
  record: DiskRecord,
  entries: readonly DiskEntry[],
  isKept: () => boolean,
): void {
  const fd = openSync(image, "r+");
  try {
    for (const entry of entries) {
      const data = record.data(entry);
      for (let at = 0; at < data.length; at += SECTOR_BYTES)
        if (isKept()) writeSync(fd, data, at, SECTOR_BYTES, entry.at + at);
    }
  } finally {
    closeSync(fd);
  }
}
