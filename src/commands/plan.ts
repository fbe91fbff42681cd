/**
 * `wingman plan`: what the allocation that flies would answer to a failure, asked on the ground.
 */

import { POLICY_NAMES, type PolicyName } from "../allocation/policies.ts";
import { type Book, bookOf } from "../book/book.ts";
import { bookCsv } from "../book/book-csv.ts";
import { bookHtml } from "../book/book-html.ts";
import { bookText } from "../book/book-text.ts";
import { type Change, scopeText, whatOf } from "../book/book-words.ts";
import { EXIT_DONE, InputFileError, UsageError } from "../command-line/errors.ts";
import { parseOptions, requireConfig } from "../command-line/options.ts";
import { outputFile, writeWhole } from "../command-line/output-file.ts";
import { NO_BREAK, paragraph } from "../command-line/paragraph.ts";
import type { AircraftConfig, ServerConfig } from "../config/model.ts";
import { nearestName } from "../config/nearest.ts";
import { alternatives, quoted } from "../config/problem.ts";
import { loadSituation } from "../config/situation-file.ts";
import { type Plan, type Situation, WhatIf } from "../config/what-if.ts";

const OPTIONS = {
  config: "value",
  policy: "value",
  down: "value",
  from: "value",
  json: "flag",
  book: "flag",
  csv: "flag",
  html: "value",
} as const;

/**
 * Prints the plan for the situation of `--from` (or the plan with all servers alive) without the
 * servers of `--down`; with `--book` the answers to every change that may come next.
 *
 * @throws UsageError, InputFileError, RuntimeError
 */
export async function plan(args: string[]): Promise<number> {
  const { options } = parseOptions("plan", args, OPTIONS);
  const policy = policyOption(options.policy);
  const format = formatOf(options);
  const { config } = requireConfig(options.config);
  const whatIf = new WhatIf(config, policy ?? config.allocation);
  const start = startOf(options.from, config, whatIf);
  const situation = { ...start, down: [...start.down, ...downOption(options.down, config)] };
  if (options.book) {
    await printBook(bookOf(config, whatIf.policy, situation), format, options.html);
  } else {
    const { plan: answer, why } = whatIf.explain(situation);
    console.log(
      format === "json" ? json({ ...answer, why }) : planText(answer, why, situation, config),
    );
  }
  return EXIT_DONE;
}

type Format = "text" | "json" | "csv" | "html";

/** @throws UsageError */
function formatOf(options: {
  book: boolean;
  json: boolean;
  csv: boolean;
  html: string | undefined;
}): Format {
  const { book, json, csv, html } = options;
  const given = [json && "--json", csv && "--csv", html !== undefined && "--html"] as const;
  const [format, more] = given.filter((name) => name !== false);
  if (more !== undefined) throw new UsageError("plan: expected one of --json, --csv and --html");
  if (!book && (format === "--csv" || format === "--html"))
    throw new UsageError(`plan: ${format} is for the book: expected --book with it`);
  return format === undefined ? "text" : (format.slice(2) as Format);
}

/** To stdout, or as HTML to a file. @throws RuntimeError */
async function printBook(book: Book, format: Format, file: string | undefined): Promise<void> {
  if (format === "html" && file !== undefined) {
    const out = outputFile("plan: --html", file);
    const content = Buffer.from(bookHtml(book), "utf8");
    writeWhole("plan: --html", out, content);
    console.log(`${out}: ${content.length} bytes, ${scopeText(book)}`);
  } else if (format === "csv") {
    await new Promise<void>((resolve) => process.stdout.write(bookCsv(book), () => resolve()));
  } else {
    console.log(format === "json" ? json(book) : bookText(book));
  }
}

function json(document: unknown): string {
  return JSON.stringify(document, null, 2);
}

function policyOption(name: string | undefined): PolicyName | undefined {
  if (name === undefined) return undefined;
  const known = POLICY_NAMES.find((policy) => policy === name);
  if (known !== undefined) return known;
  throw new UsageError(
    `plan: --policy: found ${quoted(name)}, expected ${alternatives(POLICY_NAMES)}`,
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

const NOTES: Readonly<Record<Change["what"], string>> = {
  stays: "",
  "taken over": "taken over",
  moves: "moved",
  starts: "started",
  stops: "STOPPED",
  idle: "not running",
};

function planText(
  answer: Plan,
  why: Readonly<Record<string, string>>,
  situation: Situation,
  config: AircraftConfig,
): string {
  const down = config.servers.filter(({ id }) => !answer.alive.includes(id)).map(({ id }) => id);
  const byPriority = config.functions.toSorted((a, b) => b.priority - a.priority);
  const rows = byPriority.map(({ id, priority, required, furtherRequired }) => {
    const amounts = [required, ...furtherRequired].map(String);
    const before = situation.owners[id] ?? null;
    const after = answer.assignment[id] ?? null;
    const what = whatOf(before, after, answer.alive);
    const note = NOTES[what];
    return {
      id,
      what,
      cells: [id, String(priority), ...amounts, before ?? "-", after ?? "-", note],
    };
  });
  const reasons = rows
    .filter(({ what }) => what !== "stays")
    .map(({ id }) => paragraph(`${id}: ${why[id]}`, "", "    "));
  const remaining = config.servers
    .filter(({ id }) => answer.alive.includes(id))
    .map((server) => remainingText(server, answer, config));
  const running = Object.values(answer.assignment).filter((server) => server !== null).length;
  const counts = (["taken over", "moves", "starts", "stops"] as const).map(
    (kind) => `${rows.filter(({ what }) => what === kind).length} ${NOTES[kind].toLowerCase()}`,
  );
  return [
    paragraph(
      `Policy ${answer.policy}. Alive: ${list(answer.alive)}. Down: ${list(down)}.`,
      "",
      "    ",
    ),
    "",
    table(
      ["FUNCTION", "PRIORITY", ...requiredTitles(config), "BEFORE", "AFTER", ""],
      rows.map(({ cells }) => cells),
    ),
    "",
    ...(reasons.length === 0 ? [] : [...reasons, ""]),
    paragraph(`Remaining: ${list(remaining)}`, "", "    "),
    `${running} of ${rows.length} functions run; ${counts.join(", ")}; ${answer.steps} steps.`,
  ].join("\n");
}

/** A column for each dimension. */
function requiredTitles({ dimensions }: AircraftConfig): string[] {
  if (dimensions.length <= 1) return ["REQUIRED"];
  return dimensions.map((name) => name.toUpperCase());
}

/** `a 60 of 100`, or `a 60 of 100 cpu and 5 of 40 streams`. */
function remainingText(
  { id, resource, furtherResources }: ServerConfig,
  { remaining, remainingOf }: Plan,
  { dimensions }: AircraftConfig,
): string {
  const of = remainingOf?.[id];
  if (of === undefined) return [id, remaining[id], "of", resource].join(NO_BREAK);
  const resources = [resource, ...furtherResources];
  const parts = dimensions.map((name, place) => `${of[name]} of ${resources[place]} ${name}`);
  return `${id} ${alternatives(parts, "and")}`.replaceAll(" ", NO_BREAK);
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
