/**
 * Whether the kernel takes the processor from a system call when a real-time thread wakes. One that
 * does not lets the flight loop wait for as long as another program's call takes.
 */

/** Kernel documentation, "preempt=": none, voluntary, lazy, full; and the real-time kernel. */
export type Preemption = "none" | "voluntary" | "lazy" | "full" | "real-time";

const BY_CONFIGURATION: readonly (readonly [option: string, preemption: Preemption])[] = [
  ["CONFIG_PREEMPT_RT", "real-time"],
  ["CONFIG_PREEMPT_NONE", "none"],
  ["CONFIG_PREEMPT_VOLUNTARY", "voluntary"],
  ["CONFIG_PREEMPT_LAZY", "lazy"],
  ["CONFIG_PREEMPT", "full"],
];

/**
 * @param version as `uname -v`
 * @param commandLine of /proc/cmdline
 * @param configuration the kernel's; "" when it is not there
 * @param setting content of the scheduler's file `preempt` in debugfs, such as
 * `none (voluntary) full`; "" when it is not there
 * @returns null: nothing says so
 */
export function preemptionOf(
  version: string,
  commandLine: string,
  configuration: string,
  setting: string,
): Preemption | null {
  if (/\bPREEMPT_RT\b/.test(version)) return "real-time";
  const [, now] = /\((none|voluntary|lazy|full)\)/.exec(setting) ?? [];
  if (now !== undefined) return now as Preemption;
  const isDynamic = /\bPREEMPT_DYNAMIC\b/.test(version);
  if (!isDynamic && /\bPREEMPT\b/.test(version)) return "full";
  const [, wanted] = /(?:^|\s)preempt=(none|voluntary|lazy|full)\b/.exec(commandLine) ?? [];
  if (isDynamic && wanted !== undefined) return wanted as Preemption;
  const found = BY_CONFIGURATION.find(([option]) =>
    new RegExp(`^${option}=y$`, "m").test(configuration),
  );
  return found?.[1] ?? null;
}
