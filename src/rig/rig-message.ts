/**
 * Messages from the process inside the namespaces to the one outside: JSON, one document per line,
 * on its standard output.
 */
import type { FunctionGaps } from "./gap-board.ts";
import type { StepResult } from "./procedure-step.ts";
import type { UpdateOrder } from "./update-order.ts";
import type { MachineState } from "./virtual-server.ts";

/** Start order for the process inside: JSON, its only argument. */
export interface AircraftOrder {
  /** The rig's temporary directory. */
  directory: string;
  configFile: string;
  wingman: string[];
  /** End after the procedure. */
  once: boolean;
  /** There is a page: the seats are asked for what they see, all the time. */
  hasPage: boolean;
  /** The rolling update, or the move to another table; null: the acceptance procedure. */
  update: UpdateOrder | null;
}

/** Gaps of every function, in the order of the configuration. */
export interface SeenGaps {
  functions: FunctionGaps[];
  /** What began before does not count; CLOCK_MONOTONIC. */
  sinceUs: number;
  /** Longest distance of two calls of one address. */
  everyMs: number;
}

export type RigMessage =
  /** Something that the user may want to know. */
  | { kind: "note"; text: string }
  | { kind: "step"; result: StepResult }
  /** The procedure is over. */
  | { kind: "concluded"; passed: boolean }
  /**
   * State of every server's machine, in the order of the configuration; repeated when one changes.
   */
  | { kind: "machines"; states: MachineState[] }
  /** What the seats see, for the page; said again when it changes. */
  | { kind: "gaps"; seen: SeenGaps }
  /** The rig could not do its work. */
  | { kind: "failed"; message: string };

/**
 * Line on the standard input of the process inside that ends it. The end of the input does the
 * same.
 */
export const STOP_LINE = "quit";
