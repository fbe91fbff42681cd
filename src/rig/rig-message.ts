/**
 * What the process inside the namespaces tells the one outside: JSON, one document a line, on its
 * standard output.
 */
import type { StepResult } from "./procedure-step.ts";
import type { UpdateOrder } from "./update-order.ts";
import type { MachineState } from "./virtual-server.ts";

/** How the process inside is started: JSON, its only argument. */
export interface AircraftOrder {
  /** The rig's temporary directory. */
  directory: string;
  configFile: string;
  wingman: string[];
  /** End after the procedure. */
  once: boolean;
  /** The rolling update; null: the acceptance procedure. */
  update: UpdateOrder | null;
}

export type RigMessage =
  /** Something that the user may want to know. */
  | { kind: "note"; text: string }
  | { kind: "step"; result: StepResult }
  /** The procedure is over. */
  | { kind: "concluded"; passed: boolean }
  /** All namespaces of the aircraft at this time; said again when there are new ones. */
  | { kind: "namespaces"; names: string[] }
  /**
   * What every server's machine is, in the order of the configuration; said again when one changes.
   */
  | { kind: "machines"; states: MachineState[] }
  /** The rig could not do its work. */
  | { kind: "failed"; message: string };

/**
 * The line on the standard input of the process inside that ends it. The end of the input does the
 * same.
 */
export const STOP_LINE = "quit";
