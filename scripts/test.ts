/**
 * Runs every test: builds the executables, checks types and style, then runs the suites, each in a
 * separate process, in two parallel lanes. The last line is `N passed, N failed` (with `, N
 * skipped` if there were any); exit 1 when anything failed. A suite that leaves a process or a
 * network namespace behind counts as one more failure. Leftovers of an earlier, killed run are
 * removed first, and reported with their place.
 *
 *   bun scripts/test.ts [SUITE …]      a suite is `check`, `unit`, or a folder of test/
 */
import { join } from "node:path";
import { beginRun, partOf } from "../test/harness/run-mark.ts";
import { removeDeadRuns, removeRun } from "../test/harness/run-remains.ts";
import { Lane, type Outcome, ROOT, suites } from "./test/suite.ts";
import { Terminal } from "./test/terminal.ts";

const BIN = join(ROOT, "node_modules", ".bin");
/** Suites that measure and delay networks: never two of them at a time. */
const ONE_BY_ONE = ["chaos", "field", "flood", "namespaces", "system"];

const checks: readonly (readonly [string, readonly string[]])[] = [
  ["types", ["tsc", "--noEmit"]],
  // Browser code sees a document, and nothing of Bun.
  ["types of the page", ["tsc", "--noEmit", "-p", "src/manage/web/page"]],
  ["style", ["biome", "check", "."]],
];

const wanted = process.argv.slice(2);
const known = ["check", ...suites()];
const unknown = wanted.filter((suite) => !known.includes(suite));
if (unknown.length > 0) {
  process.stderr.write(`test: unknown suite ${unknown.join(", ")}; expected ${known.join(", ")}\n`);
  process.exit(2);
}
const chosen = wanted.length > 0 ? wanted : known;

const mark = beginRun();
let place = "";
let isEnding = false;
const lanes: Lane[] = [];
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, async () => {
    if (isEnding) return;
    isEnding = true;
    const where = lanes.length > 0 ? lanes.map((lane) => lane.place).join(", and ") : place;
    process.stderr.write(`\ntest: ended by ${signal} ${where}\n`);
    for (const lane of lanes) lane.isEnding = true;
    for (const lane of lanes) await removeRun(lane.mark);
    process.exit(code);
  });
}

/** The result of a child is ignored once a signal has ended the run. */
async function unlessEnding<T>(result: Promise<T>): Promise<T> {
  const got = await result;
  return isEnding ? await new Promise<never>(() => undefined) : got;
}

const total = { passed: 0, failed: 0, skipped: 0 };
const lines: string[] = [];
function add(name: string, outcome: Outcome, beganMs: number): void {
  total.passed += outcome.passed;
  total.failed += outcome.failed;
  total.skipped += outcome.skipped;
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
  const numbers = `${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped} skipped`;
  lines.push([`${name}: ${numbers} in ${seconds} s`, ...outcome.remarks].join("; "));
}

/** A tool whose exit code is its verdict counts as one test. */
async function check(name: string, command: string[]): Promise<void> {
  place = `in ${name}`;
  const beganMs = performance.now();
  const child = Bun.spawn(command, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  const isGood = (await unlessEnding(child.exited)) === 0;
  const outcome = { passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, skipped: 0, remarks: [] };
  add(name, outcome, beganMs);
}

const terminal = new Terminal((text) => process.stdout.write(text));
/** Runs `its`, then what the other lane leaves of `others`. */
async function runLane(lane: Lane, its: readonly string[], others: string[]): Promise<void> {
  const own = [...its];
  for (;;) {
    const suite = own.shift() ?? others.shift();
    if (suite === undefined) return;
    const share = terminal.share();
    share.write(`\n== ${suite}\n`);
    const beganMs = performance.now();
    add(suite, await lane.run(suite, (text) => share.write(text)), beganMs);
    share.end();
  }
}

await removeDeadRuns((line) => process.stdout.write(`${line}\n`));
await check("build", [process.execPath, "scripts/build.ts"]);
if (chosen.includes("check")) {
  process.stdout.write("\n== check\n");
  for (const [name, [tool = "", ...options]] of checks)
    await check(name, [join(BIN, tool), ...options]);
}
const isAlone = (suite: string): boolean => ONE_BY_ONE.includes(suite);
const others = chosen.filter((suite) => suite !== "check" && !isAlone(suite));
lanes.push(new Lane(partOf(mark, 0)), new Lane(partOf(mark, 1)));
const [first, second] = lanes as [Lane, Lane];
await Promise.all([runLane(first, chosen.filter(isAlone), others), runLane(second, [], others)]);
for (const lane of lanes) await removeRun(lane.mark);

const skipped = total.skipped === 0 ? "" : `, ${total.skipped} skipped`;
process.stdout.write(
  `\n${lines.join("\n")}\n${total.passed} passed, ${total.failed} failed${skipped}\n`,
);
process.exit(total.failed === 0 ? 0 : 1);
