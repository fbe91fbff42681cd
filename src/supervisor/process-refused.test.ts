/** A function whose process cannot be started: out of descriptors, or without a program. */
import { afterEach, beforeEach, expect, mock, spyOn, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DESCRIPTION } from "../../test/harness/function-description.ts";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { until } from "../../test/harness/until.ts";
import { libc } from "../io/libc.ts";
import { CONTROL_PROCESS_EXITED, CONTROL_PROCESS_FAILED, REASON_START } from "../wire/control.ts";
import { LaunchGate } from "./launch-gate.ts";
import { FunctionProcess } from "./process.ts";

let directory: string;
let gate: LaunchGate;
let reports: number[];
let log: string[];

beforeEach(() => {
  directory = scratchDirectory("refused");
  gate = new LaunchGate(1);
  [reports, log] = [[], []];
});
afterEach(() => {
  mock.restore();
  rmSync(directory, { recursive: true });
});

/** A function whose launcher does not exist. */
function functionProcess(always = false): FunctionProcess {
  return new FunctionProcess(
    { ...DESCRIPTION, always },
    {
      ownCommand: [join(directory, "nothing")],
      launchGate: gate,
      report: (kind) => reports.push(kind),
      record: () => {},
      log: (text) => log.push(text),
    },
  );
}

const FAILED = [CONTROL_PROCESS_EXITED, CONTROL_PROCESS_EXITED, CONTROL_PROCESS_FAILED];

async function failed(): Promise<void> {
  await until(
    () => `its last failure; reports ${reports}; ${log.join("\n")}`,
    () => reports.includes(CONTROL_PROCESS_FAILED),
  );
}

test.each(["socketpair", "fcntl"] as const)(
  "out of descriptors at %s: a failure like any other, and the next launch has its turn",
  async (call) => {
    spyOn(libc, call).mockReturnValue(-1);
    const refused = functionProcess();
    refused.start(REASON_START);
    await failed();
    expect(reports).toEqual(FAILED);
    expect(log.filter((text) => text.includes(`cannot be started: ${call}`))).toHaveLength(3);
    let hasTurn = false;
    gate.request(() => {
      hasTurn = true;
    });
    await until("the turn of another function", () => hasTurn);
    await refused.leave();
  },
);

test("no attempt leaves a descriptor open", async () => {
  const descriptors = (): number => readdirSync("/proc/self/fd").length;
  const first = functionProcess();
  first.start(REASON_START);
  await failed(); // what the runtime opens once is open now
  const before = descriptors();
  for (let round = 0; round < 3; round++) {
    reports.length = 0;
    const refused = functionProcess();
    refused.start(REASON_START);
    await failed();
    await refused.leave();
  }
  await until(
    () => `${before} descriptors, found ${descriptors()}`,
    () => descriptors() <= before,
    5000,
  );
});

test.each([
  ["that always runs", true],
  ["of a VIP", false],
])("a new engine learns of a failed process: one %s", async (_, always) => {
  const refused = functionProcess(always);
  refused.begin();
  if (!always) refused.start(REASON_START);
  await failed();
  refused.engineLost();
  reports.length = 0;
  refused.begin();
  expect(reports).toEqual([CONTROL_PROCESS_FAILED]);
  await refused.leave();
});
