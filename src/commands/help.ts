/** `wingman help`: the manual inside the executable. */

import { codeLabel } from "../catalogue/record-text.ts";
import { EXIT_DONE, UsageError } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { reflowed } from "../command-line/paragraph.ts";
import { nearestName } from "../config/nearest.ts";
import { alternatives, quoted } from "../config/problem.ts";
import { CONSOLE_COMMANDS } from "../manage/console/console-commands.ts";
import { askedCode, codeLabels, codeText, nearestCode } from "./manual/fault-topics.ts";
import { TOPICS } from "./manual/manual.ts";

/**
 * Prints a topic, or what a maintenance code means (`WNG-0111`, `wng-111`, `111`); without one, the
 * overview.
 * @throws UsageError when there is no such topic or code; it names the nearest one.
 */
export async function help(args: string[]): Promise<number> {
  const { operands } = parseOptions("help", args, {}, 1);
  const name = operands[0] ?? "overview";
  const code = askedCode(name);
  if (code !== null) {
    console.log(explained(code));
    return EXIT_DONE;
  }
  const topic = TOPICS.find((candidate) => candidate.name === name);
  if (topic === undefined) {
    if (CONSOLE_COMMANDS.some((command) => command.words[0] === name))
      throw new UsageError(
        `help: ${quoted(name)} is a command of the console: see 'wingman help console'`,
      );
    const names = TOPICS.map((candidate) => candidate.name);
    const nearest = nearestName(name, [...names, ...codeLabels()]);
    const hint = nearest === null ? `expected ${alternatives(names)}` : `did you mean ${nearest}?`;
    throw new UsageError(`help: unknown topic ${quoted(name)}; ${hint}`);
  }
  console.log(reflowed(topic.text()));
  return EXIT_DONE;
}

function explained(code: number): string {
  const text = codeText(code);
  if (text !== null) return text;
  const nearest = nearestCode(code);
  const hint =
    nearest === null ? "'wingman help faults' lists all codes" : `did you mean ${nearest}?`;
  throw new UsageError(`help: unknown code ${codeLabel(code)}; ${hint}`);
}
