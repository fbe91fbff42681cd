/** How to launch a function's process: the arguments for `wingman launch` (commands/launch). */

import type { FunctionConfig, ProcessSettings, Vip } from "../config/model.ts";
import { REASON_NAMES, REASON_START } from "../wire/control.ts";
import { cleanEnvironment } from "./own-executable.ts";

/** Descriptor in the launched process that reports whether the program was executed. */
const EXECUTION_FD = 3;

export interface ProcessDescription {
  readonly functionId: string;
  readonly serverId: string;
  /** Absolute path and arguments. */
  readonly command: readonly string[];
  /**
   * Started once and kept running, wherever the VIP is; otherwise started and stopped with the VIP.
   */
  readonly always: boolean;
  readonly stopGraceMs: number;
  readonly vips: readonly Pick<Vip, "text" | "address">[];
  /** The policy never moves a running function: forgetting a failure moves nothing. */
  readonly keepsRunning: boolean;
  readonly settings: ProcessSettings;
  /** When the process is ready; null: as soon as it runs. */
  readonly ready: FunctionConfig["ready"];
}

/** Arguments after this program's own command. */
export function launchArguments({ command, settings }: ProcessDescription): string[] {
  return [
    ...["launch", "--parent", String(process.pid), "--settings", JSON.stringify(settings)],
    ...["--report-fd", String(EXECUTION_FD), "--", ...command],
  ];
}

/**
 * @param reason REASON_* of wire/control
 * @param more further variables set by Wingman
 */
export function launchEnvironment(
  { functionId, serverId, vips, settings }: ProcessDescription,
  reason: number,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const own = settings.environment.map((text) => {
    const at = text.indexOf("=");
    return [text.slice(0, at), text.slice(at + 1)];
  });
  return cleanEnvironment({
    ...Object.fromEntries(own),
    ...more,
    WINGMAN_FUNCTION: functionId,
    WINGMAN_SERVER: serverId,
    WINGMAN_VIPS: vips.map(({ text }) => text.replace(/\/\d+$/, "")).join(","),
    WINGMAN_REASON: REASON_NAMES[reason] ?? REASON_NAMES[REASON_START],
  });
}

/**
 * Parses the launcher's message when it cannot execute the program: errno, a space, and the reason.
 */
export function launchRefusal(text: string): { errno: number; reason: string } {
  const [, errno = "0", reason = text] = /^(\d+) (.*)$/s.exec(text) ?? [];
  return { errno: Number(errno), reason };
}
