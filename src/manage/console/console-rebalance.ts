/** The console's `rebalance`: evens out the load, one move after the other. */
import { type Maintenance, MaintenanceError } from "../maintenance.ts";
import {
  type AskedServer,
  carryOut,
  planLines,
  remainingLines,
  settledPlan,
} from "../rebalancing.ts";
import type { CommandResult, ConsoleCommand } from "./console-command.ts";
import { CONFIRM, confirmation, unconfirmed } from "./console-confirmation.ts";

export const REBALANCE: ConsoleCommand = {
  words: ["rebalance"],
  synopsis: `[${CONFIRM}]`,
  summary: "even out the load, with the fewest moves",
  text:
    "Functions move one after the other, and the clients of each lose it for a moment. Without confirm the moves are only listed. " +
    "The answer comes after the last move, or when something has changed. Ctrl-C does not stop the moves.",
  isChange: true,
  hasDocument: false,
  run: (maintenance, _settings, args) => rebalance(maintenance, confirmation(args, "rebalance")),
};

async function rebalance(maintenance: Maintenance, isConfirmed: boolean): Promise<CommandResult> {
  const asked = askedServer(maintenance);
  const plan = await settledPlan(asked);
  const { length: count } = plan.moves;
  if (count === 0) return { lines: () => ["NOTHING TO MOVE", ...planLines(plan)] };
  if (!isConfirmed) {
    const moves = `${count} function${count === 1 ? " moves" : "s move, one after the other"}`;
    return { lines: () => planLines(plan), failure: unconfirmed(moves, "rebalance") };
  }
  const lines: string[] = [];
  try {
    await carryOut(plan, asked, (move) => {
      lines.push(`${move.function} MOVED FROM ${move.from} TO ${move.to}`);
    });
    lines.push(...remainingLines("remaining: ", plan.after));
  } catch (error) {
    if (!(error instanceof MaintenanceError)) throw error;
    return { lines: () => lines, failure: error };
  }
  return { lines: () => lines };
}

function askedServer(maintenance: Maintenance): AskedServer {
  return {
    config: maintenance.config,
    status: async () => {
      const status = maintenance.status();
      if (status !== null) return status;
      throw new MaintenanceError(
        "ENGINE",
        "found no state of this server, expected a running engine",
      );
    },
    move: (functionId, serverId) => maintenance.move(functionId, serverId),
  };
}
