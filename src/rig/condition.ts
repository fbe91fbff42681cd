/**
 * How often a condition is looked at: often enough for people, rarely enough not to disturb what is
 * measured.
 */
const LOOK_MS = 20;

/** Waits until `isMet`. Returns whether it was within `deadlineMs`. */
export async function waitFor(
  deadlineMs: number,
  isMet: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const deadline = performance.now() + deadlineMs;
  while (!(await isMet())) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(LOOK_MS);
  }
  return true;
}
