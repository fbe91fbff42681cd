/**
 * A programming error ends the process: the kernel and the other servers can handle a server that
 * is gone, but not one that continues with a broken table. Assertions stay on in flight.
 */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/**
 * Throws {@link AssertionError} when `condition` is false. `message` is a constant: no garbage in
 * the flight loop.
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
