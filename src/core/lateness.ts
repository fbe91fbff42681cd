/** How late keep-alives were sent, counted in buckets; preallocated. */
import { LATENESS_BUCKETS, latenessBucket } from "../wire/status-snapshot.ts";

export class Lateness {
  readonly histogram = new Uint32Array(LATENESS_BUCKETS);
  maxUs = 0;

  count(latenessUs: number): void {
    this.histogram[latenessBucket(latenessUs)]++;
    if (latenessUs > this.maxUs) this.maxUs = latenessUs;
  }
}
