/** `wingman help`: the manual inside the executable. */

import { EXIT_DONE, UsageError } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { reflowed } from "../command-line/paragraph.ts";
import { nearestName } from "../config/nearest.ts";
import { alternatives, quoted } from "../config/problem.ts";
import { TOPICS } from "./manual/manual.ts";

/** Prints a topic; without one, the overview. @throws UsageError when there is no such topic. */
export async function help(args: string[]): Promise<number> {
  const { operands } = parseOptions("help", args, {}, 1);
  const name = operands[0] ?? "overview";
  const topic = TOPICS.find((candidate) => candidate.name === name);
  if (topic === undefined) {
    const names = TOPICS.map((candidate) => candidate.name);
    const nearest = nearestName(name, names);
    const hint = nearest === null ? `expected ${alternatives(names)}` : `did you mean ${nearest}?`;
    throw new UsageError(`help: unknown topic ${quoted(name)}; ${hint}`);
  }
  console.log(reflowed(topic.text()));
  return EXIT_DONE;
}
