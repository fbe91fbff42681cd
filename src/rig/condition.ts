/**
 * Polling interval of a condition: short enough for people, long enough not to disturb
 * measurements.
 */
const POLL_MS = 20;

/** Waits until `isMet`. Returns whether this happened within `deadlineMs`. */
export async function waitFor(
  deadlineMs: number,
  isMet: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const deadline = performance.now() + deadlineMs;
  while (!(await isMet())) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(POLL_MS);
  }
  return true;
}
