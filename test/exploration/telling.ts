/** The way to a state as a story (scenarios/story) that flies without saving and restoring. */
import type { NominalOptions } from "../simulation/nominal-world.ts";
import type { Explorer } from "./explorer.ts";
import { functionName, serverName } from "./moves.ts";
import { TICK } from "./visited.ts";

/** @param way moves by their places, and TICK */
export function storyOf(explorer: Explorer, way: readonly number[], property = ""): string[] {
  const { world, moves, wishes, restTicks } = explorer;
  const tickMs = world.tickUs / 1000;
  const lines = aircraftOf(wishes.options);
  if (wishes.burstTicks !== undefined) lines.push(`silence lasts ${wishes.burstTicks}`);
  let ticks = 0;
  const wait = (): void => {
    if (ticks > 0) lines.push(`wait ${ticks * tickMs} ms`);
    ticks = 0;
  };
  if (wishes.from === "rest") {
    lines.push("start all");
    ticks = restTicks;
    wait();
  }
  for (const move of way) {
    if (move === TICK) {
      ticks++;
      continue;
    }
    wait();
    lines.push(moves[move]?.line as string);
  }
  wait();
  // Conditions that do not hold at the end, where nothing on the way is a violation by itself.
  if (property === "P6") lines.push("quiet for 1 s");
  if (property === "P2") {
    for (const { index } of world.hosts) lines.push(`${serverName(index)} is active`);
    lines.push("all agree");
  }
  return lines;
}

function aircraftOf(options: NominalOptions): string[] {
  const { table } = options;
  const servers = Array.from(
    { length: table.serverCount },
    (_, server) => `${serverName(server)} ${table.resource[server]}`,
  );
  const functions = Array.from(
    { length: table.functionCount },
    (_, index) => `${functionName(index)} ${table.required[index]} p${table.priority[index]}`,
  );
  const { leaseTicksMs, networks = 1 } = options;
  return [
    `servers ${servers.join(", ")}`,
    `functions ${functions.join(", ")}`,
    `policy ${options.policy.name}`,
    `period ${options.periodMs}`,
    `lost after ${options.lostAfterPeriods}`,
    `recovered after ${options.recoveredAfterPeriods}`,
    ...(networks > 1 ? [`networks ${networks}`] : []),
    ...(leaseTicksMs === undefined ? [] : [`lease ticks ${leaseTicksMs}`]),
    "in ticks",
  ];
}
