/** One suite of tests: `bun test` over its directory, and its leftovers on the machine. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { linesOf } from "../../src/rig/line-stream.ts";
import { argumentsOf } from "../../src/rig/process-table.ts";
import { RUN_VARIABLE, runDirectory } from "../../test/harness/run-mark.ts";
import {
  progressFile,
  type Remains,
  remainsOf,
  remainsText,
  removeRun,
} from "../../test/harness/run-remains.ts";
import { SuiteOutput } from "./suite-output.ts";

export const ROOT = join(import.meta.dir, "../..");
const TEST_TIMEOUT_MS = 180_000;
/** Time for killed processes of a suite to be gone. */
const GONE_DEADLINE_MS = 5000;
/** A process that a suite left running keeps its output open. */
const OUTPUT_DEADLINE_MS = 1000;

export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
  /** Remarks in addition to the numbers. */
  remarks: string[];
}

/** The suite `unit`, and every directory of test/ with tests. */
export function suites(): string[] {
  const folders = readdirSync(join(ROOT, "test")).filter((name) =>
    statSync(join(ROOT, "test", name)).isDirectory(),
  );
  const withTests = folders.filter((name) =>
    readdirSync(join(ROOT, "test", name), { recursive: true, encoding: "utf8" }).some((file) =>
      file.endsWith(".test.ts"),
    ),
  );
  return ["unit", ...withTests.sort()];
}

/** Suites that run one after the other, with a common mark on everything they make. */
export class Lane {
  /** Position, reported by a signal that ends the run, or by the next run. */
  place = "";
  /** A signal ends the run: the suite's result no longer matters. */
  isEnding = false;
  readonly #directory: string;

  constructor(readonly mark: string) {
    this.#directory = runDirectory(mark);
    mkdirSync(this.#directory);
  }

  /** Runs a suite to its end. `write` receives its visible output. */
  async run(suite: string, write: (text: string) => void): Promise<Outcome> {
    this.#at(`in suite ${suite}, before its first test`);
    const report = join(this.#directory, `${suite}.xml`);
    const child = this.#start(suite, report);
    const output = new SuiteOutput(write);
    const read = async (): Promise<void> => {
      for await (const line of linesOf(child.stdout)) {
        output.take(line);
        this.#at(`in suite ${suite}, ${output.where}`);
      }
    };
    await Promise.race([read(), child.exited.then(() => Bun.sleep(OUTPUT_DEADLINE_MS))]);
    const code = await child.exited;
    if (this.isEnding) return await new Promise<never>(() => undefined);
    const outcome = readReport(report, code);
    const isKilled = child.signalCode !== null;
    if (isKilled) outcome.remarks.push(`killed by ${child.signalCode} ${output.where}`);
    const left = await this.#leftBehind();
    if (left !== "") {
      if (!isKilled) outcome.failed++;
      outcome.remarks.push(`left behind: ${left}`);
    }
    return outcome;
  }

  #start(suite: string, report: string) {
    const folders = suite === "unit" ? ["./src", "./scripts"] : [`./test/${suite}`];
    const command = [
      ...[process.execPath, "test", ...folders, `--timeout=${TEST_TIMEOUT_MS}`],
      ...["--reporter=junit", `--reporter-outfile=${report}`],
    ];
    // bun reports results on one stream, and tests print on the other
    return Bun.spawn(["sh", "-c", 'exec "$@" 2>&1', "sh", ...command], {
      cwd: ROOT,
      env: { ...process.env, TMPDIR: this.#directory, [RUN_VARIABLE]: this.mark },
      stdio: ["ignore", "pipe", "inherit"],
    });
  }

  #at(place: string): void {
    if (place === this.place || this.isEnding) return;
    this.place = place;
    writeFileSync(progressFile(this.mark), place);
  }

  /** Leftovers of an ended suite, in words. They are removed. */
  async #leftBehind(): Promise<string> {
    const isGone = ({ processes, namespaces }: Remains): boolean =>
      processes.length === 0 && namespaces.length === 0;
    const endMs = performance.now() + GONE_DEADLINE_MS;
    let remains = remainsOf(this.mark);
    while (!isGone(remains) && performance.now() < endMs) {
      await Bun.sleep(20);
      remains = remainsOf(this.mark);
    }
    const commands = remains.processes.map((pid) => argumentsOf(pid).join(" ").slice(0, 100));
    await removeRun(this.mark);
    mkdirSync(this.#directory);
    return [remainsText({ ...remains, directories: [] }), ...commands].join("; ");
  }
}

/**
 * Totals of a JUnit report. A suite without one, or one that failed without a failed test, counts
 * as one failure.
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
