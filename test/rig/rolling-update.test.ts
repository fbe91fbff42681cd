/**
 * A rolling update of two real servers; four take minutes (`wingman-rig update`). The other build
 * is the same executable with another build digest in it: only its reported build differs.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { chmodSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StepResult } from "../../src/rig/procedure-step.ts";
import { patientAircraft, RigBench, SERVERS, WINGMAN } from "./rig-bench.ts";

const DEADLINE_MS = 400_000;
const OTHER_BUILD = "b0b0b0b0b0b0b0b0";

const bench = new RigBench("rolling-update");
const { file } = bench;
let build = "";

beforeAll(() => {
  writeFileSync(file("aircraft.json"), JSON.stringify(patientAircraft()));
  const faster = patientAircraft();
  faster.keepAlive.lostAfterPeriods = 49;
  writeFileSync(file("other-table.json"), JSON.stringify(faster));
  build = bench.build;
  writeOtherBuild(file("wingman-other"));
  bench.pack("from", "aircraft.json");
  bench.pack("to", "aircraft.json", file("wingman-other"), OTHER_BUILD);
}, DEADLINE_MS);

afterEach(() => bench.stop());
afterAll(() => bench.close());

/** As long as ours; only the digest differs. */
function writeOtherBuild(out: string): void {
  const content = readFileSync(WINGMAN);
  let places = 0;
  for (let at = content.indexOf(build); at >= 0; at = content.indexOf(build, at + 1)) {
    content.write(OTHER_BUILD, at);
    places++;
  }
  if (places === 0) throw new Error(`dist/wingman does not hold its build digest ${build}`);
  writeFileSync(out, content);
  chmodSync(out, 0o755);
}

const update = (...options: string[]) => bench.run("update", ...options);
const { parts } = bench;

test(
  "the servers get the new part one after the other, and one is rolled back, while seats watch",
  async () => {
    const { code, out, err, isGone } = await update(...parts(), "--json");
    expect(err).toBe("");
    const document = JSON.parse(out) as {
      passed: boolean;
      failure: string | null;
      steps: StepResult[];
    };
    expect(document.failure).toBeNull();
    // How long gaps are is for the rig to judge, not for a test on a busy machine.
    const failed = document.steps.flatMap(({ checks }) =>
      checks.filter(({ what, passed }) => !passed && !/\bgap\b/.test(what)),
    );
    expect(failed).toEqual([]);
    expect(document.steps.map(({ number, title }) => `${number} ${title}`)).toEqual([
      "1 All servers up",
      "2 Each function answered by exactly one server",
      ...SERVERS.map((id, index) => `${index + 3} Update of server ${id}`),
      `${SERVERS.length + 3} All servers fly the new part`,
      `${SERVERS.length + 4} Roll-back of server a`,
      `${SERVERS.length + 5} Nothing left behind`,
    ]);
    const [ours, other] = [build.slice(0, 12), OTHER_BUILD.slice(0, 12)];
    const told = document.steps.flatMap(({ checks }) =>
      checks.filter(({ what }) => what.startsWith("builds by")).map(({ measured }) => measured),
    );
    expect(told).toEqual([
      `${other} on a; ${ours} on b`,
      `${other} on a, b`,
      `${other} on a, b`,
      `${ours} on a; ${other} on b`,
    ]);
    const gaps = document.steps.flatMap(({ checks }) =>
      checks.filter(({ what }) => /^gap .* all the time$/.test(what)),
    );
    expect(gaps).toHaveLength(2 * (SERVERS.length + 1)); // of each that went, and of one back, by two seats
    for (const { expected } of gaps) expect(expected).toBe("at most 50 ms");
    expect(document.passed).toBe(document.steps.every(({ passed }) => passed));
    expect(code).toBe(document.passed ? 0 : 1);
    expect(isGone).toBe(true);
  },
  DEADLINE_MS,
);

test(
  "unsuitable parts for a rolling update are reported before anything starts",
  async () => {
    bench.pack("other-table", "other-table.json", file("wingman-other"), OTHER_BUILD);
    bench.pack("damaged", "aircraft.json", file("wingman-other"), OTHER_BUILD);
    truncateSync(join(file("damaged"), "MANIFEST.SIG"), 10);
    const cases: [string[], number, string][] = [
      [[], 2, "update: --from is missing, expected the directory of the part"],
      [parts("from"), 2, `--to: found build ${build}, expected another one than that of --from`],
      [parts("other-table"), 2, "--to: found table digest "],
      [parts("to", "missing.pem"), 2, "expected an Ed25519 public key in PEM"],
      [parts("to", "stranger.pub.pem"), 1, "update: --from "],
      [parts("damaged"), 1, "update: --to "],
      [[...parts(), "--config", "firmware-config/twin-aisle-300.json"], 2, "found system twin-"],
      [[...parts(), "--once"], 2, 'update: unknown option "--once"'],
    ];
    for (const [options, code, words] of cases) {
      const answer = await update(...options);
      expect(answer).toMatchObject({ code, out: "", isGone: true });
      expect(answer.err).toStartWith("wingman-rig: ");
      expect(answer.err).toContain(words);
      expect(answer.err).not.toContain("    at ");
    }
  },
  DEADLINE_MS,
);
