/**
 * Writes one snapshot after the other into the file given as its argument, like the engine, with
 * pauses about as long as a look. In each of them all counters and all counts of the histogram are
 * equal.
 */
import { MappedFile } from "../../src/io/mapped-file.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { encodeStatusSnapshot, STATUS_BYTES } from "../../src/wire/status-snapshot.ts";
import { snapshot } from "../harness/status-snapshot.ts";

const REST_US = 10;

const view = new DataView(new MappedFile(process.argv[2] ?? "", STATUS_BYTES).buffer);
const made = snapshot();
for (let number = 1; ; number++) {
  made.counters.fill(number);
  made.latenessHistogram.fill(number);
  encodeStatusSnapshot(made, view);
  const untilUs = nowUs() + REST_US;
  while (nowUs() < untilUs);
}
