/**
 * Name of a file that goes to a terminal: a receiver skips one whose name it has already, so no two
 * downloads have the same. Server, leg, and when: `wingman-a-leg12-20261128T194633120Z-log.bin`; in
 * ms since the machine was switched on while the clock was never set.
 *
 * @param content `log.bin`
 */
export function downloadName(
  serverId: string,
  leg: number,
  content: string,
  utcMs: number | null,
  bootUs: number,
): string {
  const when =
    utcMs === null
      ? `up${Math.floor(bootUs / 1000)}ms`
      : new Date(utcMs).toISOString().replace(/[-:.]/g, "");
  return `wingman-${serverId}-leg${leg}-${when}-${content}`;
}
