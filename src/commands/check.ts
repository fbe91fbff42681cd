/**
 * `wingman check`: is the configuration right, and what does the aircraft keep when servers fail?
 */

import {
  bridgesLossBeforeDeath,
  leaseDetectionMsMin,
  leaseFits,
  leaseMsOf,
  takeOverMsOf,
} from "../boundary/timing.ts";
import { EXIT_DONE, EXIT_FAILED, InputFileError } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { NO_BREAK, paragraph } from "../command-line/paragraph.ts";
import { type CapacityCase, type CapacityReport, capacityReport } from "../config/capacity.ts";
import { tableDigestText } from "../config/digest.ts";
import { readKeys } from "../config/key-file.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import type { AircraftConfig } from "../config/model.ts";
import { weaknessText } from "../config/outliving.ts";
import { alternatives } from "../config/problem.ts";
import { CRITICAL_PRIORITY, LEASE_TICKS_MS, OUTLIVING_PRIORITY } from "../limits.ts";
import type { Finding, Grade } from "../machine/machine-findings.ts";

const WAKES_MEASURED_MS = 3_000;

/** So many functions are named; more are counted. */
const NAMED_MAX = 3;

/**
 * Prints the report, with `--here` also what this machine is. Exit code 1: it cannot serve on it.
 * With `--json` the problems of a bad configuration are the document; on stderr
 * they stand in any case.
 *
 * @throws UsageError, InputFileError
 */
export async function check(args: string[]): Promise<number> {
  const { options } = parseOptions("check", args, { config: "value", here: "flag", json: "flag" });
  const result = loadConfig(options.config);
  if (!result.ok) {
    if (options.json) console.log(JSON.stringify(result, null, 2));
    throw new InputFileError(result);
  }
  const report = capacityReport(result.config);
  const findings = options.here ? await findingsHere(result) : null;
  if (options.json) {
    const here = findings === null ? {} : { here: findings };
    console.log(JSON.stringify({ ...documentOf(result, report), ...here }, null, 2));
  } else {
    console.log(textOf(result, report));
    if (findings !== null) console.log(findingsText(findings));
  }
  const canServe = findings?.every(({ grade }) => grade !== "stops") ?? true;
  return canServe ? EXIT_DONE : EXIT_FAILED;
}

/** Looks at this machine, for some seconds: how late it wakes has to be seen. */
async function findingsHere({ config, directory }: LoadedConfig): Promise<Finding[]> {
  // Loaded only here: a configuration is checked on machines that do not fly, too.
  const { measureWakes } = await import("../machine/wake-lateness.ts");
  const { readMachine } = await import("../machine/machine-facts.ts");
  const { findingsOf } = await import("../machine/machine-findings.ts");
  return [
    ...findingsOf(readMachine(measureWakes(WAKES_MEASURED_MS)), config),
    ...keyFindings(config, directory),
  ];
}

/** The keys, as 'wingman run' reads them: by the user that asks. */
function keyFindings({ keepAlive }: AircraftConfig, directory: string): Finding[] {
  const keys = readKeys(keepAlive, directory);
  if (!keys.ok)
    return keys.problems.map(({ path, found, expected }) => ({
      ...{ grade: "stops", subject: path, found },
      action: `expected ${expected}; 'wingman run' does not start`,
    }));
  if (keys.key !== null)
    return [{ grade: "good", subject: "key", found: "readable, by its owner only", action: "" }];
  const action = "set keepAlive.keyFile: anyone on the network can take part";
  return [{ grade: "advice", subject: "key", found: "none", action }];
}

const SIGNS: Readonly<Record<Grade, string>> = { good: "  ", advice: "? ", stops: "!!" };

function findingsText(findings: readonly Finding[]): string {
  const lines = findings.map(({ grade, subject, found, action }) => {
    const text = action === "" ? `${subject}: ${found}` : `${subject}: ${found}; ${action}`;
    return paragraph(text, `${SIGNS[grade]} `, "     ");
  });
  return [
    "",
    "This machine (!! keeps Wingman from serving, ? causes trouble later)",
    ...lines,
  ].join("\n");
}

function documentOf({ config, source }: LoadedConfig, report: CapacityReport) {
  return {
    ok: true,
    source,
    system: config.system,
    partNumber: config.partNumber === "" ? null : config.partNumber,
    tableDigest: tableDigestText(config),
    servers: config.servers.map(({ id }) => id),
    functions: config.functions.map(({ id }) => id),
    lease: leaseDocument(config),
    ...report,
  };
}

function textOf({ config, source }: LoadedConfig, report: CapacityReport): string {
  const partNumber =
    config.partNumber === "" ? "no part number" : `part number ${config.partNumber}`;
  const [whole, ...failed] = report.cases;
  return [
    `${source}: valid`,
    `${config.system}, ${partNumber}, table ${tableDigestText(config).slice(0, 16)}`,
    ...sizeText(config, report),
    ...leaseText(config),
    "",
    "A number in brackets behind a function is its priority.",
    "",
    "All servers alive",
    ...(whole === undefined ? [] : caseText([whole], config)),
    ...failureText("One server lost", 1, failed, config),
    ...failureText("Two servers lost at the same time", 2, failed, config),
    "",
    ...redundancy(report, config),
    ...outliving(report, config),
    ...verdict(report, config),
  ].join("\n");
}

function sizeText(
  { servers, functions, dimensions }: AircraftConfig,
  { policy, resource, required, sums = {} }: CapacityReport,
): string[] {
  const further = Object.entries(sums).slice(1);
  const unit = dimensions[0] ?? "units";
  return [
    `${servers.length} servers with ${resource} ${unit}, ` +
      `${functions.length} functions that need ${required}, policy ${policy}`,
    ...further.map(
      ([name, of]) => `${of.resource} ${name}, of which functions need ${of.required}`,
    ),
  ];
}

/** What becomes of `clients.lease` with the detection time of this aircraft. */
function leaseDocument({ keepAlive, clients }: AircraftConfig) {
  const { periodMs, lostAfterPeriods } = keepAlive;
  const fits = leaseFits(periodMs, lostAfterPeriods);
  const takeOverMs = (bridges: number, ticksMs: number): number =>
    takeOverMsOf(periodMs, lostAfterPeriods, bridges, ticksMs);
  const bridgesDeath = (bridges: number, ticksMs: number): boolean =>
    bridgesLossBeforeDeath(periodMs, takeOverMs(bridges, ticksMs), bridges, ticksMs);
  return {
    wanted: clients.lease,
    bridges: clients.leaseBridges,
    // What each choice costs: a lease that ends to the µs, and one that the kernel's ticks may end.
    choices: Array.from({ length: Math.max(1, lostAfterPeriods - 1) }, (_, bridges) => ({
      bridges,
      takeOverMs: takeOverMs(bridges, 0),
      takeOverWithTicksMs: takeOverMs(bridges, LEASE_TICKS_MS),
      lossBeforeDeath: bridgesDeath(bridges, 0),
      lossBeforeDeathWithTicks: bridgesDeath(bridges, LEASE_TICKS_MS),
    })),
    leaseMs: fits && clients.lease !== "off" ? leaseMsOf(periodMs, lostAfterPeriods) : null,
    detectionMs: periodMs * lostAfterPeriods,
    detectionMsMin: leaseDetectionMsMin(periodMs),
    detectionMsMinNftables: leaseDetectionMsMin(periodMs, LEASE_TICKS_MS),
  };
}

function leaseText(config: AircraftConfig): string[] {
  const { wanted, leaseMs, detectionMs, ...lease } = leaseDocument(config);
  const { detectionMsMin, detectionMsMinNftables, ...bridging } = lease;
  if (leaseMs !== null) {
    const least = `${detectionMsMin} ms by eBPF, ${detectionMsMinNftables} ms by nftables`;
    const isExact = detectionMs < detectionMsMinNftables;
    return [
      `VIP lease of ${leaseMs} ms, ${wanted}; failures are detected after ${detectionMs} ms`,
      paragraph(`it needs a detection time of at least ${least}`, "  ", "  "),
      ...(isExact
        ? [
            paragraph(
              "A server that has no eBPF has no lease: 'wingman check --here'",
              "!! ",
              "!! ",
            ),
          ]
        : []),
      ...bridgingText(bridging),
    ];
  }
  const stopped =
    "a server that is paused or killed may go on answering after others have taken over";
  if (wanted === "off") return [paragraph(`VIP lease off: ${stopped}`)];
  const periods = Math.ceil(detectionMsMin / config.keepAlive.periodMs);
  const advice = `one fits from ${detectionMsMin} ms on (keepAlive.lostAfterPeriods ${periods})`;
  return [
    paragraph(
      `NO VIP LEASE FITS a detection time of ${detectionMs} ms: ${stopped}; ${advice}`,
      "!! ",
      "!! ",
    ),
  ];
}

/** At most so many choices are shown: the longest detection times have 98. */
const CHOICES_SHOWN = 5;

type Choice = ReturnType<typeof leaseDocument>["choices"][number];

/** What `clients.leaseBridges` bridges, and what any other choice costs. */
function bridgingText({
  bridges,
  choices,
}: Pick<ReturnType<typeof leaseDocument>, "bridges" | "choices">): string[] {
  const cost = (choice: Choice): string =>
    choice.takeOverMs === choice.takeOverWithTicksMs
      ? `${choice.takeOverMs} ms`
      : `${choice.takeOverMs} ms by eBPF, ${choice.takeOverWithTicksMs} ms by nftables`;
  const others = choices.filter((choice) => choice.bridges !== bridges).slice(0, CHOICES_SHOWN);
  return choices
    .filter((choice) => choice.bridges === bridges)
    .flatMap((chosen) => [
      paragraph(
        `bridged: ${bridges} keep-alive${bridges === 1 ? "" : "s"} in a row lost between two ` +
          "servers in both directions (clients.leaseBridges); beyond that the network counts as " +
          "divided, and only then may two servers answer; functions of a silent server are taken " +
          `over after ${cost(chosen)}; the others serve on without a pause${lossText(chosen)}`,
      ),
      ...others.map((choice) =>
        paragraph(`with ${choice.bridges}: taken over after ${cost(choice)}`, "  ", "  "),
      ),
    ]);
}

/** The effect of a lost keep-alive right before the death of the server that missed it. */
function lossText({ lossBeforeDeath, lossBeforeDeathWithTicks }: Choice): string {
  if (lossBeforeDeathWithTicks) return ", even when a keep-alive was lost just before";
  const kind = lossBeforeDeath ? "by nftables " : "";
  return `; ${kind}one may start over if a keep-alive was lost just before`;
}

function failureText(
  title: string,
  count: number,
  cases: readonly CapacityCase[],
  config: AircraftConfig,
): string[] {
  const matching = cases.filter(({ down }) => down.length === count);
  if (matching.length === 0) return [];
  // Failures that leave the same functions running are one line: 16 servers have 120 pairs.
  const groups = Map.groupBy(matching, ({ notRunning }) => notRunning.join());
  return ["", title, ...[...groups.values()].flatMap((group) => caseText(group, config))];
}

/** `cases` differ only in the servers that are down. */
function caseText(cases: readonly CapacityCase[], config: AircraftConfig): string[] {
  const [first] = cases;
  if (first === undefined) return [];
  const down = alternatives(cases.map((one) => one.down.join("+")));
  const lost = down === "" ? "" : `${down}: `;
  if (first.down.length === config.servers.length) {
    return [
      paragraph(
        `${lost}no server is left; all ${config.functions.length} functions stop`,
        "  ",
        "      ",
      ),
    ];
  }
  const runs = `${lost}${first.running} of ${config.functions.length} run`;
  const stopped =
    first.notRunning.length === 0 ? "" : `; stopped: ${withPriority(first.notRunning, config)}`;
  const lines = [paragraph(`${runs}${stopped}`, "  ", "      ")];
  if (first.critical.length > 0) {
    const warning = `PRIORITY ${CRITICAL_PRIORITY} OR MORE STOPS: ${withPriority(first.critical, config)}`;
    lines.push(paragraph(warning, "  !!  ", "  !!  "));
  }
  return lines;
}

function withPriority(ids: readonly string[], config: AircraftConfig): string {
  const priorities = new Map(config.functions.map(({ id, priority }) => [id, priority]));
  return ids.map((id) => `${id}${NO_BREAK}(${priorities.get(id)})`).join(", ");
}

/** What a failure of a single server stops because no other one could take it. */
function redundancy({ withoutRedundancy }: CapacityReport, config: AircraftConfig): string[] {
  if (withoutRedundancy.length === 0)
    return ["If its server fails, each function finds room on another."];
  const { servers, functions } = config;
  const isBound = functions.some(
    (each) => each.servers.length < servers.length && withoutRedundancy.includes(each.id),
  );
  const why = isBound ? "no other may run it or has room for" : "no other has room for";
  const named = withPriority(withoutRedundancy, config);
  return [paragraph(`If its server fails, ${why}: ${named}`, "", "    ")];
}

/** Each important function that a single failure stops, and what to do. */
function outliving({ weaknesses }: CapacityReport, config: AircraftConfig): string[] {
  if (weaknesses.length === 0) return runText(OUTLIVING_PRIORITY, "every single failure", config);
  return weaknesses.map((weakness) => {
    const who = `${weakness.function}${NO_BREAK}(${weakness.priority})`;
    return paragraph(`${who} ${weaknessText(weakness)}: ${weakness.action}`, "!! ", "!!   ");
  });
}

function verdict({ cases }: CapacityReport, config: AircraftConfig): string[] {
  const possible = cases.filter(({ down }) => down.length < config.servers.length);
  const affected = possible.filter(({ critical }) => critical.length > 0);
  if (affected.length > 0) {
    const stopping = new Set(affected.flatMap(({ critical }) => critical));
    const where = affected.map(({ down }) =>
      down.length === 0 ? "with all servers alive" : down.join("+"),
    );
    const subject = subjectOf(CRITICAL_PRIORITY, [...stopping], config);
    const verb = stopping.size === 1 ? "STOPS" : "STOP";
    const count = `${affected.length} of ${possible.length} cases`;
    return [paragraph(`${subject} ${verb} in ${count}: ${where.join(", ")}`, "!! ")];
  }
  const hasDouble = possible.some(({ down }) => down.length === 2);
  return hasDouble ? runText(CRITICAL_PRIORITY, "every double failure, too", config) : [];
}

/** `pa (10) runs after every single failure.` */
function runText(priority: number, when: string, config: AircraftConfig): string[] {
  const ids = idsFrom(priority, config);
  if (ids.length === 0) return [`There are no functions of priority ${priority} and more.`];
  const verb = ids.length === 1 ? "runs" : "run";
  return [paragraph(`${subjectOf(priority, ids, config)} ${verb} after ${when}.`)];
}

/** Functions of this priority and more, the most important first. */
function idsFrom(priority: number, { functions }: AircraftConfig): string[] {
  return functions
    .filter((each) => each.priority >= priority)
    .toSorted((a, b) => b.priority - a.priority)
    .map(({ id }) => id);
}

/** By their names where they are few: `pa (10)`, `All 4 functions of priority 8 and more`. */
function subjectOf(priority: number, ids: readonly string[], config: AircraftConfig): string {
  if (ids.length <= NAMED_MAX)
    return alternatives(
      ids.map((id) => withPriority([id], config)),
      "and",
    );
  const all = idsFrom(priority, config).length;
  const count = ids.length === all ? `All ${all}` : `${ids.length} of ${all}`;
  return `${count} functions of priority ${priority} and more`;
}
