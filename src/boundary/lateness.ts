/** Histogram of how late keep-alives were sent; preallocated. */

/** See {@link latenessBucket}. */
export const LATENESS_BUCKETS = 64;

export class Lateness {
  readonly histogram = new Uint32Array(LATENESS_BUCKETS);
  maxUs = 0;

  count(latenessUs: number): void {
    this.histogram[latenessBucket(latenessUs)]++;
    if (latenessUs > this.maxUs) this.maxUs = latenessUs;
  }
}

/**
 * Bucket of a lateness in µs: one bucket per µs for 0…15, then four buckets per doubling; the last
 * one takes all above. Integers only.
 */
export function latenessBucket(latenessUs: number): number {
  if (latenessUs < 16) return latenessUs < 0 ? 0 : latenessUs | 0;
  const value = latenessUs > 0x3fffffff ? 0x3fffffff : latenessUs | 0;
  const doubling = 31 - Math.clz32(value); // 4 for 16…31
  const bucket = 16 + (doubling - 4) * 4 + ((value >> (doubling - 2)) & 3);
  return Math.min(bucket, LATENESS_BUCKETS - 1);
}

/** Upper bound of a bucket: the smallest lateness in µs of the next one. */
export function latenessBucketEnd(bucket: number): number {
  if (bucket < 15) return bucket + 1;
  const next = bucket + 1 - 16;
  return (4 + (next & 3)) << ((next >> 2) + 2);
}
