/** Topics of the manual about evidence: properties that always hold, and measurements. */

import { paragraph as broken, NO_BREAK } from "../../command-line/paragraph.ts";
import { LEASE_TICKS_MS } from "../../limits.ts";
import { EXPLORED, type ExploredRow } from "./explored.ts";
import {
  BESIDE_KEEPALIVED,
  type Comparison,
  GAPS,
  TARGETS,
  TRIALS,
  type Trial,
} from "./measured.ts";
import { PROPERTIES, type Property } from "./properties.ts";

/** A paragraph that never breaks a line between a number and its unit. */
const paragraph = (text: string, first = "", rest = first): string =>
  broken(text.replace(/(\d) (?=(?:ms|s|µs|KiB|MB)\b)/g, `$1${NO_BREAK}`), first, rest);

const labelled = (label: string, text: string): string =>
  paragraph(`${label.padEnd(12)}${text}`, "  ", " ".repeat(14));

function propertyText({ name, bound, checkedBy, explored, canaries }: Property): string {
  return [
    name,
    paragraph(bound, "  "),
    labelled("Checked by", checkedBy),
    ...(explored === "" ? [] : [labelled("Explored", explored)]),
    labelled("Canaries", canaries.join("; ")),
  ].join("\n");
}

const FIGURES = ["states", "transitions", "settled", "outage", "margin"] as const;
const WIDTHS = [13, 13, 10, 9, 9] as const;

const figures = (values: readonly string[]): string =>
  values.map((value, column) => value.padStart(WIDTHS[column] ?? 0)).join("");

function exploredText([aircraft, faults, ...measured]: ExploredRow): string {
  return [paragraph(`${aircraft}: ${faults}`, "  ", "    "), figures(measured)].join("\n");
}

export const PROPERTIES_TOPIC = (): string =>
  [
    paragraph(
      `Properties that hold for every server at every instant, and how to verify them. T is periodMs; 10 ms x 5 is a periodMs of 10 and a lostAfterPeriods of 5. The core is the part of the flight executable that decides (src/core). A lease with ticks is one by nftables, which the kernel may end up to ${LEASE_TICKS_MS} ms early; a precise one is by eBPF.`,
    ),
    paragraph(
      "'Checked by' names suites of 'npm test', folders of test/. 'Explored': every placement of a few faults was tried on small aircraft, the rows at the end. 'Canaries' are known mistakes planted in the code, to see the checks find them.",
    ),
    ...PROPERTIES.map(propertyText),
    "How it is checked",
    paragraph(
      "'npm run simulate' flies the core, the wire format and the configuration code of the flight executable in virtual time: 2 to 16 servers, their kernels with addresses and leases; networks that lose, delay, double, reorder, flip and cut each direction by itself; drifting and late clocks; 48 kinds of faults; attackers that replay and forge. Every property is checked after every step. Then some servers are healed, all other faults stay forever, and the healed ones have to settle and be quiet. The stories of test/scenarios and test/patent run in the same world without randomness.",
    ),
    paragraph("The simulator finds each canary in 2,000 flights ('npm test -- canaries')."),
    paragraph(
      "'npm test' also interrupts the power of all servers in the simulator, for 2 to 1,000 ms, with 2 to 16 servers, each policy, no lease, a precise one and one with ticks: every function that fits goes up once and stays, no engine starts over, and everything is settled within recoveredAfterPeriods + 4 periods and the start of the processes after the last server has booted; with preempt and planned 10 periods more, if servers disagreed at first because one planned without another. This holds when servers boot within half of the listening time of each other; those further apart join one after the other, as after a recovery.",
    ),
    paragraph(
      "'npm run soak -- [--minutes N] [--seed S]' does the same to real executables in network namespaces: pauses, kills, cuts, floods and drains at random, while every server is asked for every VIP through its own port of the switch.",
    ),
    "Explored exhaustively",
    paragraph(
      "'npm run explore -- [--servers N] [--faults K] [--kinds a,b] ...' tries every placement of at most K faults in the same world, at every tick of half a period and of every length, breadth first by the number of faults, every distinct state once. A violation is reported with a story that test/scenarios replays; otherwise the longest settling, the longest outage and the smallest lease margin are reported. '--frontier FILE' lets a long exploration be continued later; 'npm test' runs the short ones.",
    ),
    paragraph(
      "For each row below every state was explored without a violation: every placement of that number of faults, from rest unless the row says otherwise; the longest bridged blackout is the loss of one keep-alive each way ('npm run explore -- --burst 2 --row' with the options of the row). Each row has servers x functions, then the kinds of faults, and below them the figures.",
    ),
    [figures(FIGURES), ...EXPLORED.map(exploredText)].join("\n"),
    paragraph(
      "In these rows servers send in phase, faults begin at ticks of half a period, clocks are right, a kernel never ends a lease early, and engines restart without a pause. If more keep-alives in a row are missed in both directions than are bridged, the network counts as divided; after a cut has healed both may answer for as long as P1 says.",
    ),
    paragraph(
      "Two simultaneous faults of one pair of servers may cost an owner its lease if the detection time has no room for them ('wingman check' shows the room). At 40 ms x 3 with a precise lease these are a loss, or a late keep-alive, and a death or another loss; from power-off, with ticks, also a late keep-alive and a one-way cut. Two faults from power-off at 40 ms x 3 are explored exhaustively if the first is a loss, a burst, a blackout, a kill, a restart, a move or a removed address (2.3 to 27.4 million states each, with an earlier core); with any other first fault, and at 10 ms x 5, they are not.",
    ),
  ].join("\n\n");

const heading = ({ title, by }: Pick<Trial, "title" | "by">): string =>
  [paragraph(title), ...(by === "" ? [] : [`  ${by}`])].join("\n");

/** Short figures are printed in columns. */
function columnsText({ rows, ...rest }: Comparison): string {
  const width = Math.max(...rows.map(([what]) => what.length)) + 2;
  const line = (what: string, wingman: string, keepalived: string): string =>
    `  ${what.padEnd(width)}${wingman.padEnd(14)}${keepalived}`;
  return [
    heading(rest),
    paragraph(rest.conditions, "  "),
    line("", "Wingman", "keepalived"),
    ...rows.map(([what, wingman, keepalived]) => line(what, wingman, keepalived)),
  ].join("\n");
}

function comparisonText({ rows, ...rest }: Comparison): string {
  return [
    heading(rest),
    paragraph(rest.conditions, "  "),
    ...rows.map(([what, wingman, keepalived]) =>
      [
        paragraph(what, "", "  "),
        labelled("Wingman", wingman),
        labelled("keepalived", keepalived),
      ].join("\n"),
    ),
  ].join("\n\n");
}

function trialText({ rows, ...rest }: Trial): string {
  const lines = rows.map(([what, seen]) =>
    [paragraph(`- ${what}:`, "  ", "    "), paragraph(seen, "      ")].join("\n"),
  );
  const conditions = rest.conditions === "" ? [] : [paragraph(rest.conditions, "  ")];
  return [heading(rest), ...conditions, ...lines].join("\n");
}

export const MEASURED_TOPIC = (): string =>
  [
    paragraph(
      "Measurements, and the commands that repeat them on your machine. Do not compare figures of two machines, or of two runs.",
    ),
    columnsText(GAPS),
    comparisonText(BESIDE_KEEPALIVED),
    ...TRIALS.map(trialText),
    [
      "Executables: size, requirements, tests",
      ...TARGETS.map(([target, size, needs, tested]) =>
        [`  ${target.padEnd(18)}${size}, needs ${needs}`, paragraph(tested, "      ")].join("\n"),
      ),
    ].join("\n"),
  ].join("\n\n");
