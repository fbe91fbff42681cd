/**
 * Runs every test: builds the executables, checks types and style, then runs the suites one after
 * the other, each in a process of its own. The last line is `N passed, N failed` (`, N skipped`
 * when there were any); exit 1 when anything failed. A suite that leaves a process or a network
 * namespace behind has failed once more. What an earlier run left that was killed is removed first,
 * and the line about it says where it was.
 *
 *   bun scripts/test.ts [SUITE …]      a suite is `check`, `unit`, or a folder of test/
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { linesOf } from "../src/rig/line-stream.ts";
import { argumentsOf } from "../src/rig/process-table.ts";
import { beginRun, runDirectory } from "../test/harness/run-mark.ts";
import {
  progressFile,
  type Remains,
  remainsOf,
  remainsText,
  removeDeadRuns,
  removeRun,
} from "../test/harness/run-remains.ts";
import { SuiteOutput } from "./test/suite-output.ts";

const ROOT = join(import.meta.dir, "..");
const BIN = join(ROOT, "node_modules", ".bin");
const TEST_TIMEOUT_MS = 180_000;
/** What a suite has killed may take so long to be gone. */
const GONE_DEADLINE_MS = 5000;
/** What a suite left running holds its output open. */
const OUTPUT_DEADLINE_MS = 1000;

interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
  /** What is to be told besides the numbers. */
  remarks: string[];
}

let isEnding = false;
/** Where this run is: what a signal that ends it, or the next run, says. */
let place = "";
function at(where: string): void {
  if (where === place || isEnding) return;
  place = where;
  writeFileSync(progressFile(mark), place);
}

/** The result of a child is nobody's concern once a signal has ended the run. */
async function unlessEnding<T>(result: T): Promise<T> {
  return isEnding ? await new Promise<never>(() => undefined) : result;
}

/** A tool whose exit code is its verdict counts as one test. */
async function runCheck(command: string[]): Promise<Outcome> {
  const child = Bun.spawn(command, { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
  const isGood = await unlessEnding((await child.exited) === 0);
  return { passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, skipped: 0, remarks: [] };
}

async function runSuite(suite: string): Promise<Outcome> {
  const report = join(directory, `${suite}.xml`);
  const folders = suite === "unit" ? ["./src", "./scripts"] : [`./test/${suite}`];
  const command = [
    process.execPath,
    "test",
    ...folders,
    `--timeout=${TEST_TIMEOUT_MS}`,
    "--reporter=junit",
    `--reporter-outfile=${report}`,
  ];
  // bun tells the outcomes on one stream, and tests print on the other
  const child = Bun.spawn(["sh", "-c", 'exec "$@" 2>&1', "sh", ...command], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: directory },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output = new SuiteOutput((text) => process.stdout.write(text));
  const read = async (): Promise<void> => {
    for await (const line of linesOf(child.stdout)) {
      output.take(line);
      at(`in suite ${suite}, ${output.where}`);
    }
  };
  await Promise.race([read(), child.exited.then(() => Bun.sleep(OUTPUT_DEADLINE_MS))]);
  const code = await unlessEnding(await child.exited);
  const outcome = readReport(report, code);
  const isKilled = child.signalCode !== null;
  if (isKilled) outcome.remarks.push(`killed by ${child.signalCode} ${output.where}`);
  const left = await leftBy();
  if (left !== "") {
    if (!isKilled) outcome.failed++;
    outcome.remarks.push(`left behind: ${left}`);
  }
  return outcome;
}

/** What is still there of a suite that has ended, in words. It is removed. */
async function leftBy(): Promise<string> {
  const isGone = ({ processes, namespaces }: Remains): boolean =>
    processes.length === 0 && namespaces.length === 0;
  const endMs = performance.now() + GONE_DEADLINE_MS;
  let remains = remainsOf(mark);
  while (!isGone(remains) && performance.now() < endMs) {
    await Bun.sleep(20);
    remains = remainsOf(mark);
  }
  const commands = remains.processes.map((pid) => argumentsOf(pid).join(" ").slice(0, 100));
  await removeRun(mark);
  mkdirSync(directory);
  return [remainsText({ ...remains, directories: [] }), ...commands].join("; ");
}

/**
 * The totals of a JUnit report. A suite that left none, or that failed without a failed test,
 * counts as one failure.
 */
function readReport(report: string, code: number): Outcome {
  let text: string;
  try {
    text = readFileSync(report, "utf8");
  } catch {
    return { passed: 0, failed: 1, skipped: 0, remarks: [] };
  }
  const root = /<testsuites[^>]*>/.exec(text)?.[0] ?? "";
  const total = (name: string): number =>
    Number(new RegExp(` ${name}="(\\d+)"`).exec(root)?.[1] ?? "0");
  const failed = total("failures");
  const skipped = total("skipped");
  const passed = total("tests") - failed - skipped;
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped, remarks: [] };
}

function suites(): string[] {
  const folders = readdirSync(join(ROOT, "test")).filter((name) =>
    statSync(join(ROOT, "test", name)).isDirectory(),
  );
  const withTests = folders.filter((name) =>
    readdirSync(join(ROOT, "test", name), { recursive: true, encoding: "utf8" }).some((file) =>
      file.endsWith(".test.ts"),
    ),
  );
  return ["check", "unit", ...withTests.sort()];
}

const wanted = process.argv.slice(2);
const known = suites();
const unknown = wanted.filter((suite) => !known.includes(suite));
if (unknown.length > 0) {
  process.stderr.write(`test: unknown suite ${unknown.join(", ")}; expected ${known.join(", ")}\n`);
  process.exit(2);
}

const mark = beginRun();
const directory = runDirectory(mark);
mkdirSync(directory);
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, async () => {
    if (isEnding) return;
    isEnding = true;
    process.stderr.write(`\ntest: ended by ${signal} ${place}\n`);
    await removeRun(mark);
    process.exit(code);
  });
}
await removeDeadRuns((line) => process.stdout.write(`${line}\n`));

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

async function check(name: string, command: string[]): Promise<void> {
  at(`in ${name}`);
  const beganMs = performance.now();
  add(name, await runCheck(command), beganMs);
}

await check("build", [process.execPath, "scripts/build.ts"]);
for (const suite of wanted.length > 0 ? wanted : known) {
  process.stdout.write(`\n== ${suite}\n`);
  if (suite === "check") {
    await check("types", [join(BIN, "tsc"), "--noEmit"]);
    // What runs in the browser knows a document, and nothing of Bun.
    await check("types of the page", [join(BIN, "tsc"), "--noEmit", "-p", "src/manage/web/page"]);
    await check("style", [join(BIN, "biome"), "check", "."]);
  } else {
    at(`in suite ${suite}, before its first test`);
    const beganMs = performance.now();
    add(suite, await runSuite(suite), beganMs);
  }
}
await removeRun(mark);
const skipped = total.skipped === 0 ? "" : `, ${total.skipped} skipped`;
process.stdout.write(
  `\n${lines.join("\n")}\n${total.passed} passed, ${total.failed} failed${skipped}\n`,
);
process.exit(total.failed === 0 ? 0 : 1);
