/** `wingman rebalance`: back to even load, by single moves through the server on this machine. */
import { EXIT_DONE, EXIT_FAILED, RuntimeError } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import type { RebalanceMove, RebalancePlan } from "../config/rebalancing.ts";
import { groundText, isOnGroundNow } from "../manage/ground-input.ts";
import { refusal } from "../manage/interlock.ts";
import { MaintenanceError } from "../manage/maintenance.ts";
import {
  type AskedServer,
  carryOut,
  planLines,
  remainingLines,
  settledPlan,
} from "../manage/rebalancing.ts";
import { RequestError } from "../supervisor/control-request.ts";
import { RunningDaemon } from "../supervisor/running-daemon.ts";
import { StatusError } from "../supervisor/status-reader.ts";

/**
 * `wingman rebalance [--dry-run] [--json] [--run-dir DIR]`: moves functions, one after the other,
 * until the servers have as even a resource left as can be, by the fewest moves. With `--dry-run`
 * only says which. Moves on ground only, as the console's `move`.
 *
 * Exit code 1 when no daemon runs, it refuses, or something changes on the way.
 */
export async function rebalance(args: string[]): Promise<number> {
  const { options } = parseOptions("rebalance", args, {
    "dry-run": "flag",
    json: "flag",
    "run-dir": "value",
  });
  const isDryRun = options["dry-run"];
  const say = options.json ? (): void => undefined : print;
  const done: RebalanceMove[] = [];
  let plan: RebalancePlan | null = null;
  let problem: MaintenanceError | null = null;
  try {
    const asked = askedServer(new RunningDaemon(options["run-dir"]));
    plan = await settledPlan(asked);
    if (plan.moves.length === 0) say(["nothing to move", ...planLines(plan)]);
    else if (isDryRun) say(planLines(plan));
    else {
      await carryOut(plan, asked, (move) => {
        done.push(move);
        say([`${move.function} moved from ${move.from} to ${move.to}`]);
      });
      say(remainingLines("remaining: ", plan.after));
    }
  } catch (error) {
    problem = problemOf(error);
  }
  if (options.json) console.log(JSON.stringify(document(plan, done, isDryRun, problem), null, 2));
  else if (problem !== null) throw new RuntimeError(`rebalance: ${problem.message}`);
  return problem === null ? EXIT_DONE : EXIT_FAILED;
}

function print(lines: readonly string[]): void {
  for (const line of lines) console.log(line);
}

function document(
  plan: RebalancePlan | null,
  done: readonly RebalanceMove[],
  dryRun: boolean,
  problem: MaintenanceError | null,
): object {
  const moves = plan?.moves.map((move) => ({ ...move, done: done.includes(move) }));
  return {
    ok: problem === null,
    dryRun,
    ...plan,
    ...(moves === undefined ? {} : { moves }),
    ...(problem === null ? {} : { problem: { code: problem.code, message: problem.message } }),
  };
}

function askedServer(daemon: RunningDaemon): AskedServer {
  const config = daemon.config();
  const { groundInput } = daemon;
  const placeOf = (entries: readonly { readonly id: string }[], wanted: string): number =>
    entries.findIndex(({ id }) => id === wanted);
  return {
    config,
    status: () => daemon.status().catch(rethrow),
    move: async (functionId, serverId) => {
      const reason = refusal("move", await isOnGroundNow(groundInput), groundText(groundInput));
      if (reason !== null) throw new MaintenanceError("GROUND", reason);
      const server = placeOf(config.servers, serverId);
      await daemon.move(placeOf(config.functions, functionId), server).catch(rethrow);
    },
  };
}

function rethrow(error: unknown): never {
  throw problemOf(error);
}

/** Whatever is no refusal is a defect, and thrown on. */
function problemOf(error: unknown): MaintenanceError {
  if (error instanceof MaintenanceError) return error;
  if (error instanceof RequestError) return new MaintenanceError(error.code, error.message);
  if (error instanceof StatusError) return new MaintenanceError("ENGINE", error.message);
  throw error;
}
