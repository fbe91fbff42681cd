/** Two real servers move to another table; four take minutes (`wingman-rig adopt`). */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import type { StepResult } from "../../src/rig/procedure-step.ts";
import { standIn } from "../harness/part.ts";
import { patientAircraft, RigBench } from "./rig-bench.ts";

const DEADLINE_MS = 400_000;
const bench = new RigBench("table-move");
type Aircraft = ReturnType<typeof patientAircraft>;

function configure(name: string, change: (aircraft: Aircraft) => void): string {
  const aircraft = patientAircraft();
  change(aircraft);
  writeFileSync(bench.file(name), JSON.stringify(aircraft));
  return name;
}

/** Other priorities, another detection time, and one function more. */
function changeTable(aircraft: Aircraft): void {
  aircraft.keepAlive.lostAfterPeriods = 49;
  const last = aircraft.functions.at(-1);
  last.priority = last.priority === 1 ? 2 : 1;
  aircraft.functions.push({ ...last, id: "one-more", required: 1, vips: ["10.44.1.99/16"] });
}

beforeAll(() => {
  bench.pack(
    "from",
    configure("aircraft.json", () => undefined),
  );
  bench.pack("to", configure("other-table.json", changeTable));
}, DEADLINE_MS);
afterEach(() => bench.stop());
afterAll(() => bench.close());

test(
  "one server waits with the other table and is adopted, the other one leaves and comes back with it",
  async () => {
    const { code, out, err, isGone } = await bench.run("adopt", ...bench.parts(), "--json");
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
      "3 Server a waits with the other table",
      "4 The servers of the table before leave: b",
      "5 Server b joins with the other table",
      "6 All servers fly the other table",
      "7 Each function answered by exactly one server",
      "8 Nothing left behind",
    ]);
    const gaps = document.steps.flatMap(({ checks }) =>
      checks.filter(({ what }) => /^gap .* all the time$/.test(what)),
    );
    expect(gaps).toHaveLength(2 * 3); // of each step in which something moves, by two seats
    for (const { expected } of gaps) expect(expected).toBe("at most 50 ms");
    expect(document.passed).toBe(document.steps.every(({ passed }) => passed));
    expect(code).toBe(document.passed ? 0 : 1);
    expect(isGone).toBe(true);
  },
  DEADLINE_MS,
);

test(
  "unsuitable parts for a move are reported before anything starts",
  async () => {
    const changes: [string, string, (aircraft: Aircraft) => void][] = [
      ["as-it-is", "adopt: --to: found table digest ", () => undefined],
      [
        "servers",
        "--to: found servers a, b, c",
        ({ servers }) => servers.push({ id: "c", resource: 9 }),
      ],
      ["functions", "--to: found as function 1 ", ({ functions }) => functions.reverse()],
      [
        "commands",
        "--to: found a table that differs in which functions have a command",
        ({ functions }) => Object.assign(functions[0], { command: ["/bin/true"] }),
      ],
    ];
    writeFileSync(bench.file("small"), standIn(4001, "small"));
    for (const [name, , change] of changes)
      bench.pack(name, configure(`${name}.json`, change), bench.file("small"), "small");
    const pair = (to: string, trust = "key.pub.pem") => bench.parts(to, trust, "as-it-is");
    const cases: [string[], number, string][] = [
      [[], 2, "adopt: --from is missing, expected the directory of the part"],
      [pair("servers", "stranger.pub.pem"), 1, "adopt: --from "],
      [[...pair("servers"), "--config", "x"], 2, 'adopt: unknown option "--config"'],
      ...changes.map(([name, words]): [string[], number, string] => [pair(name), 2, words]),
    ];
    for (const [options, code, words] of cases) {
      const answer = await bench.run("adopt", ...options);
      expect(answer).toMatchObject({ code, out: "", isGone: true });
      expect(answer.err).toStartWith("wingman-rig: ");
      expect(answer.err).toContain(words);
      expect(answer.err).not.toContain("    at ");
    }
  },
  DEADLINE_MS,
);
