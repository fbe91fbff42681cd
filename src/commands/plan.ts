/**
 * `wingman plan`: what the allocation that flies would answer to a failure, asked on the ground.
 */

import { EXIT_DONE, InputFileError, UsageError } from "../command-line/errors.ts";
import { parseOptions, requireConfig } from "../command-line/options.ts";
import { NO_BREAK, paragraph } from "../command-line/paragraph.ts";
import type { AircraftConfig } from "../config/model.ts";
import { nearestName } from "../config/nearest.ts";
import { alternatives, quoted } from "../config/problem.ts";
import { loadSituation } from "../config/situation-file.ts";
import { failures, type Plan, type Situation, WhatIf } from "../config/what-if.ts";
import { POLICY_NAMES, type PolicyName } from "../core/policies.ts";

const OPTIONS = {
  config: "value",
  policy: "value",
  down: "value",
  from: "value",
  json: "flag",
  book: "flag",
} as const;

/**
 * One reaction of the contingency book: the plan for servers that fail on top of the situation
 * asked about.
 */
interface BookEntry extends Plan {
  lost: string[];
}

/**
 * Prints the plan for the situation of `--from` (or the plan with all servers alive) without the
 * servers of `--down`; with `--book` the plans for every further single and double failure.
 *
 * @throws UsageError, InputFileError
 */
export async function plan(args: string[]): Promise<number> {
  const { options } = parseOptions("plan", args, OPTIONS);
  const policy = policyOption(options.policy);
  const { config } = requireConfig(options.config);
  const whatIf = new WhatIf(config, policy ?? config.allocation);
  const start = startOf(options.from, config, whatIf);
  const situation = { ...start, down: [...start.down, ...downOption(options.down, config)] };
  const answer = whatIf.plan(situation);
  if (options.book) {
    const book = bookOf(answer, situation, whatIf);
    console.log(
      options.json ? json({ policy: whatIf.policy, book }) : bookText(book, config, whatIf),
    );
  } else {
    console.log(options.json ? json(answer) : planText(answer, situation, config));
  }
  return EXIT_DONE;
}

function json(document: unknown): string {
  return JSON.stringify(document, null, 2);
}

function policyOption(name: string | undefined): PolicyName | undefined {
  if (name === undefined) return undefined;
  const known = POLICY_NAMES.find((policy) => policy === name);
  if (known !== undefined) return known;
  const reason = name === "planned" ? " (not available in this release)" : "";
  throw new UsageError(
    `plan: --policy: found ${quoted(name)}${reason}, expected ${alternatives(POLICY_NAMES)}`,
  );
}

function downOption(list: string | undefined, config: AircraftConfig): string[] {
  const known = config.servers.map(({ id }) => id);
  const names = list === undefined ? [] : list.split(",").map((name) => name.trim());
  for (const name of names) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    const expected = nearest === null ? `one of the servers ${alternatives(known)}` : nearest;
    throw new UsageError(
      `plan: --down: found an unknown server ${quoted(name)}, expected ${expected}`,
    );
  }
  return names;
}

function startOf(file: string | undefined, config: AircraftConfig, whatIf: WhatIf): Situation {
  if (file === undefined)
    return { owners: whatIf.planWithAllServers().assignment, down: [], cannotRun: {} };
  const result = loadSituation(file, config);
  if (!result.ok) throw new InputFileError(result);
  return result.situation;
}

function bookOf(base: Plan, situation: Situation, whatIf: WhatIf): BookEntry[] {
  return failures(base.alive).map((lost) => {
    const after = { ...situation, owners: base.assignment, down: [...situation.down, ...lost] };
    return { lost, ...whatIf.plan(after) };
  });
}

function planText(answer: Plan, situation: Situation, config: AircraftConfig): string {
  const down = config.servers.filter(({ id }) => !answer.alive.includes(id)).map(({ id }) => id);
  const changed = new Map([
    ...answer.started.map((id) => [id, "started"] as const),
    ...answer.moved.map(({ function: id }) => [id, "moved"] as const),
    ...answer.stopped.map((id) => [id, "STOPPED"] as const),
  ]);
  const rows = config.functions
    .toSorted((a, b) => b.priority - a.priority)
    .map(({ id, priority, required }) => {
      const before = situation.owners[id] ?? null;
      const after = answer.assignment[id] ?? null;
      const note =
        changed.get(id) ?? (after !== null ? "" : before === null ? "not running" : "LOST");
      return [id, String(priority), String(required), before ?? "-", after ?? "-", note];
    });
  const remaining = config.servers
    .filter(({ id }) => answer.alive.includes(id))
    .map(({ id, resource }) => [id, answer.remaining[id], "of", resource].join(NO_BREAK));
  const running = Object.values(answer.assignment).filter((server) => server !== null).length;
  const { started, moved, stopped, steps } = answer;
  return [
    paragraph(
      `Policy ${answer.policy}. Alive: ${list(answer.alive)}. Down: ${list(down)}.`,
      "",
      "    ",
    ),
    "",
    table(["FUNCTION", "PRIORITY", "REQUIRED", "BEFORE", "AFTER", ""], rows),
    "",
    paragraph(`Remaining: ${list(remaining)}`, "", "    "),
    `${running} of ${rows.length} functions run; ` +
      `${started.length} started, ${moved.length} moved, ${stopped.length} stopped; ${steps} steps.`,
  ].join("\n");
}

function bookText(book: readonly BookEntry[], config: AircraftConfig, whatIf: WhatIf): string {
  const entries = book.map((entry) => {
    const out = whatIf.notRunning(entry);
    const starts = entry.started.map((id) => [id, "on", entry.assignment[id]].join(NO_BREAK));
    const moves = entry.moved.map(({ function: id, from, to }) =>
      [id, "from", from, "to", to].join(NO_BREAK),
    );
    const parts = [
      ["started", starts],
      ["moved", moves],
      ["stopped", entry.stopped],
      ["not running", out],
    ] as const;
    return [
      `${entry.lost.join("+")} lost: ${config.functions.length - out.length} of ${config.functions.length} run`,
      ...parts
        .filter(([, names]) => names.length > 0)
        .map(([what, names]) => paragraph(`${what}: ${list(names)}`, "  ", "      ")),
    ].join("\n");
  });
  return [`Contingency book, policy ${whatIf.policy}`, ...entries].join("\n\n");
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(", ");
}

/** Columns as wide as their widest cell, two spaces between them. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? "").length)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
