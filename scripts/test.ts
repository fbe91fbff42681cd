/**
 * Runs every test: builds the executables, checks types and style, then runs the suites one after
 * the other, each in a process of its own. The last line is `N passed, N failed` (`, N skipped`
 * when there were any); exit 1 when anything failed.
 *
 *   bun scripts/test.ts [SUITE …]      a suite is `check`, `unit`, or a folder of test/
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
const BIN = join(ROOT, "node_modules", ".bin");
const TEST_TIMEOUT_MS = 180_000;

interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

async function run(command: string[]): Promise<number> {
  return await Bun.spawn(command, {
    cwd: ROOT,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  }).exited;
}

/** A tool whose exit code is its verdict counts as one test. */
async function runCheck(command: string[]): Promise<Outcome> {
  const code = await run(command);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

async function runSuite(suite: string, scratch: string): Promise<Outcome> {
  const report = join(scratch, `${suite}.xml`);
  const folders = suite === "unit" ? ["./src", "./scripts"] : [`./test/${suite}`];
  const code = await run([
    process.execPath,
    "test",
    ...folders,
    `--timeout=${TEST_TIMEOUT_MS}`,
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    "--dots",
  ]);
  return readReport(report, code);
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
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const root = /<testsuites[^>]*>/.exec(text)?.[0] ?? "";
  const total = (name: string): number =>
    Number(new RegExp(` ${name}="(\\d+)"`).exec(root)?.[1] ?? "0");
  const failed = total("failures");
  const skipped = total("skipped");
  const passed = total("tests") - failed - skipped;
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed, skipped };
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

const scratch = mkdtempSync(join(tmpdir(), "wingman-test-"));
const total: Outcome = { passed: 0, failed: 0, skipped: 0 };
const lines: string[] = [];
function add(name: string, outcome: Outcome, beganMs: number): void {
  total.passed += outcome.passed;
  total.failed += outcome.failed;
  total.skipped += outcome.skipped;
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
  lines.push(
    `${name}: ${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped} skipped in ${seconds} s`,
  );
}

try {
  let beganMs = performance.now();
  add("build", await runCheck([process.execPath, "scripts/build.ts"]), beganMs);
  for (const suite of wanted.length > 0 ? wanted : known) {
    beganMs = performance.now();
    process.stdout.write(`\n== ${suite}\n`);
    if (suite === "check") {
      add("types", await runCheck([join(BIN, "tsc"), "--noEmit"]), beganMs);
      beganMs = performance.now();
      // What runs in the browser knows a document, and nothing of Bun.
      add(
        "types of the page",
        await runCheck([join(BIN, "tsc"), "--noEmit", "-p", "src/manage/web/page"]),
        beganMs,
      );
      beganMs = performance.now();
      add("style", await runCheck([join(BIN, "biome"), "check", "."]), beganMs);
    } else add(suite, await runSuite(suite, scratch), beganMs);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const skipped = total.skipped === 0 ? "" : `, ${total.skipped} skipped`;
process.stdout.write(
  `\n${lines.join("\n")}\n${total.passed} passed, ${total.failed} failed${skipped}\n`,
);
process.exit(total.failed === 0 ? 0 : 1);
