/**
 * Name of a downloaded file. A receiver skips a file whose name it already has, so no two downloads
 * have the same name. It contains server, leg and time:
 * `wingman-a-leg12-20261128T194633120Z-log.bin`; while the clock was never set, the time in ms
 * since the machine was switched on.
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
