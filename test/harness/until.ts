/** Nothing is judged by its duration: this only ends a test that hangs. */
const PATIENCE_MS = 50_000;
const POLL_MS = 5;

/** A result of a probe: anything but these. */
type Found<T> = Exclude<T, undefined | null | false>;

/**
 * Waits until `probe` finds something, looking again and again, and gives what it found: a test
 * that asks a second time may get another answer. A probe that takes long is at work half of the
 * time at most.
 *
 * @param what is awaited, for the error; a function when it is to tell what is there by then.
 * @throws Error when nothing is found for so long that nothing will be.
 */
export async function until<T>(
  what: string | (() => string),
  probe: () => T | Promise<T>,
  patienceMs = PATIENCE_MS,
): Promise<Found<T>> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const beganMs = performance.now();
    const found = await probe();
    if (found !== undefined && found !== null && found !== false) return found as Found<T>;
    const nowMs = performance.now();
    if (nowMs > endMs) {
      const words = typeof what === "string" ? what : what();
      throw new Error(`waited ${Math.round(patienceMs / 1000)} s in vain: ${words}`);
    }
    await Bun.sleep(Math.max(POLL_MS, nowMs - beganMs));
  }
}
