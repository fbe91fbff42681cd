/** `wingman log replay`: the decisions of a downloaded log, repeated on the ground. */
import { EXIT_DONE, EXIT_FAILED, RuntimeError, UsageError } from "../command-line/errors.ts";
import { parseOptions, requireConfig, wholeNumberOption } from "../command-line/options.ts";
import { outputFile, writeWhole } from "../command-line/output-file.ts";
import type { AircraftConfig } from "../config/model.ts";
import { type Decisions, type Replayed, replayed } from "../manage/log/decisions.ts";
import {
  decisionsHtml,
  outcomeOf,
  tableText,
  verdictOf,
  whenOf,
} from "../manage/log/decisions-shown.ts";
import { readLog } from "./log-file.ts";

const OPTIONS = { config: "value", number: "value", json: "flag", html: "value" } as const;

/**
 * Makes every decision of the log in a file again and says whether it comes to the same answer; one
 * decision alone, with `--number`, as the situation that `wingman plan --from` reads. Exit 1 when
 * one does not come to the same.
 * @throws UsageError, InputFileError, RuntimeError
 */
export function logReplay(args: string[]): number {
  const { options, operands } = parseOptions("log replay", args, OPTIONS, 1);
  const [file] = operands;
  if (file === undefined) throw new UsageError("log replay: expected a file");
  if (options.html !== undefined && (options.json || options.number !== undefined))
    throw new UsageError("log replay: expected --html, or --json and --number");
  const decisions = readLog("log replay", file).decisions();
  const { config } = requireConfig(options.config);
  const all = replayed(config, decisions.whole);
  if (options.number !== undefined) return printSituation(file, all, options.number);
  if (options.html !== undefined) writeHtml(config, all, options.html);
  else if (options.json) console.log(JSON.stringify(all.map(documentOf), null, 2));
  else console.log(textOf(file, config, decisions, all));
  return all.every(({ isSame }) => isSame) ? EXIT_DONE : EXIT_FAILED;
}

function printSituation(file: string, all: readonly Replayed[], text: string): number {
  if (all.length === 0) throw new RuntimeError(`log replay: ${file}: it contains no decision`);
  const number = wholeNumberOption("log replay", "number", text, 1, all.length);
  const { decision, situation, isSame } = all[number - 1] as Replayed;
  if (situation === null)
    throw new RuntimeError(
      `log replay: decision ${number} was made from ${tableText(decision.table)}, not from that of the configuration`,
    );
  console.log(JSON.stringify(situation, null, 2));
  return isSame ? EXIT_DONE : EXIT_FAILED;
}

function documentOf({ decision, situation, plan, isSame }: Replayed) {
  const { number, sequence, powerOn, leg, bootUs, utcMs, server, table, digest } = decision;
  return {
    ...{ number, sequence, powerOn, leg, bootUs, utcMs, server, table },
    ...{ digest: digest.toString(16).padStart(8, "0"), isSame, situation, plan },
  };
}

function textOf(
  file: string,
  config: AircraftConfig,
  { torn, leftOut }: Decisions,
  all: readonly Replayed[],
): string {
  const foreign = all.filter(({ plan }) => plan === null).length;
  const different = all.filter(({ isSame, plan }) => !isSame && plan !== null).length;
  const lines = all.map((one) => {
    const { decision, plan } = one;
    const alive = plan === null ? "" : `alive: ${plan.alive.join(", ") || "none"}. `;
    return `${String(decision.number).padStart(4)}  ${whenOf(one)}  ${alive}${outcomeOf(config, one)}\n      ${verdictOf(one)}`;
  });
  const missing = [
    ...(torn === 0 ? [] : [`${torn} with missing records`]),
    ...(foreign === 0
      ? []
      : [`${foreign} made from another table: name the configuration that flew with --config`]),
    ...(leftOut === 0 ? [] : [`${leftOut} left out by the server, too many in a row`]),
  ];
  return [
    ...lines,
    ...missing.map((words) => `Not repeated: ${words}.`),
    `${file}: ${all.length - foreign} decisions repeated, ${different} with another answer.`,
  ].join("\n");
}

/** @throws RuntimeError */
function writeHtml(config: AircraftConfig, all: readonly Replayed[], file: string): void {
  const out = outputFile("log replay: --html", file);
  if (all.length === 0) throw new RuntimeError("log replay: the log contains no decision");
  const content = Buffer.from(decisionsHtml(config, all), "utf8");
  writeWhole("log replay: --html", out, content);
  console.log(`${out}: ${content.length} bytes, ${all.length} decisions`);
}
