import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../test/harness/until.ts";
import { formatRecord } from "../catalogue/record-text.ts";
import {
  LOG_CAPACITY_FULL,
  LOG_CAPACITY_INPUT_READ,
  LOG_CAPACITY_INPUT_WRONG,
  LOG_CAPACITY_LOWERED,
  LOG_HELD,
  LOG_HOLD_ENDED,
  LOG_INPUTS_NOT_STORED,
} from "../catalogue/supervisor-code.ts";
import { InputFile, readInput } from "./input-file.ts";
import { ServerInputs } from "./server-inputs.ts";

const NAMES = { servers: [], functions: [], networks: [] };
let directory: string;
let records: [code: number, first: number, second: number][];
let told: number[];
let open: ServerInputs[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "server-inputs-"));
  [records, told, open] = [[], [], []];
});
afterEach(() => {
  for (const inputs of open) inputs.close();
  rmSync(directory, { recursive: true, force: true });
});

const file = (name: string): string => join(directory, name);

function opened(maintenance: { capacityInput?: string; holdInput?: string } = {}): ServerInputs {
  const [ownRecords, ownTold] = [records, told]; // a late call belongs to the test that caused it
  const inputs = new ServerInputs({
    maintenance: maintenance as ConstructorParameters<typeof ServerInputs>[0]["maintenance"],
    runDirectory: { capacityInput: file("capacity"), holdInput: file("hold") },
    stateDirectory: file("state"),
    record: (code, first = 0, second = 0) => ownRecords.push([code, first, second]),
    tell: (number) => ownTold.push(number),
  });
  open.push(inputs);
  return inputs;
}

test("a command is sent and recorded at once, and known to the next daemon", async () => {
  const inputs = opened();
  await inputs.begin();
  expect([told, records]).toEqual([[], []]);
  inputs.setPercent(60);
  inputs.setHeld(true);
  inputs.setHeld(true);
  expect(told).toEqual([40, 40 | 128]);
  expect(records).toEqual([
    [LOG_CAPACITY_LOWERED, 60, 0],
    [LOG_HELD, 0, 0],
  ]);
  await until("it is stored", () => opened().number === (40 | 128));
  const next = opened();
  expect([next.percent, next.isHeld, next.number]).toEqual([60, true, 40 | 128]);
  await next.begin();
  expect(records.slice(2)).toEqual(records.slice(0, 2)); // a new daemon finds it again
  next.setPercent(100);
  next.setHeld(false);
  expect(records.slice(4)).toEqual([
    [LOG_CAPACITY_FULL, 0, 0],
    [LOG_HOLD_ENDED, 0, 0],
  ]);
  await until("it is forgotten", () => opened().percent === 100);
});

test("of command and file the stronger one counts", async () => {
  writeFileSync(file("capacity"), "70\n");
  writeFileSync(file("hold"), "1");
  const inputs = opened();
  await inputs.begin();
  expect([inputs.percent, inputs.isHeld]).toEqual([70, true]);
  inputs.setPercent(80);
  expect(inputs.percent).toBe(70);
  inputs.setPercent(50);
  expect(inputs.percent).toBe(50);
  writeFileSync(file("capacity"), "30");
  rmSync(file("hold"));
  await until("the files are looked at again", () => inputs.percent === 30 && !inputs.isHeld);
  rmSync(file("capacity"));
  await until("a file that is gone asks for nothing", () => inputs.percent === 50);
});

test("content that is no number is a fault that shows it, and the last number stays", async () => {
  writeFileSync(file("thermal"), "70");
  const inputs = opened({ capacityInput: file("thermal") });
  await inputs.begin();
  writeFileSync(file("thermal"), "hot");
  await until("it is told", () => records.length === 2);
  expect(inputs.percent).toBe(70);
  const [code, first, second] = records[1] as (typeof records)[number];
  expect(formatRecord(code, first, second, NAMES)).toBe(
    'WNG-0467 CAPACITY INPUT IS NO NUMBER TO 100: found "hot"',
  );
  rmSync(file("thermal")); // it is named, so it has to be there
  await until("that is told, too", () => records.length === 3);
  expect([records[2]?.[0], inputs.percent]).toEqual([LOG_CAPACITY_INPUT_WRONG, 70]);
  writeFileSync(file("thermal"), "100");
  await until("it is over", () => records.some(([one]) => one === LOG_CAPACITY_INPUT_READ));
  expect(inputs.percent).toBe(100);
});

test("a writer that truncates the file before writing it causes no fault", async () => {
  const found: (string | null)[] = [];
  const input = new InputFile(file("capacity"), 100, false, 100, (one) => found.push(one));
  for (const text of ["60", "", "50", "", ""]) {
    writeFileSync(file("capacity"), text);
    await input.look();
  }
  expect(found).toEqual([""]);
  expect(input.value).toBe(50);
});

test.each([
  ["0", { kind: "number", value: 0 }],
  [" 100 \n", { kind: "number", value: 100 }],
  ["101", { kind: "wrong", found: "101" }],
  ["-1", { kind: "wrong", found: "-1" }],
  ["50 %", { kind: "wrong", found: "50 %" }],
  ["5.5", { kind: "wrong", found: "5.5" }],
  ["", { kind: "wrong", found: "" }],
  ["1000000000", { kind: "wrong", found: "10000000" }],
] as const)("the content %j", async (text, reading) => {
  writeFileSync(file("input"), text);
  expect(await readInput(file("input"), 100, true)).toEqual(reading);
});

test("a directory, no file, and a pipe without a writer", async () => {
  expect(await readInput(directory, 1, true)).toEqual({ kind: "wrong", found: "EISDIR" });
  expect(await readInput(file("none"), 1, true)).toEqual({ kind: "wrong", found: "no file" });
  expect(await readInput(file("none"), 1, false)).toEqual({ kind: "nothing" });
  expect(Bun.spawnSync(["mkfifo", file("pipe")]).exitCode).toBe(0);
  expect(await readInput(file("pipe"), 1, true)).toEqual({ kind: "wrong", found: "" });
});

test("a state directory that refuses is reported; damaged content is ignored", async () => {
  mkdirSync(file("state/inputs.new"), { recursive: true });
  const inputs = opened();
  inputs.setPercent(60);
  await until("it is reported", () => records.some(([code]) => code === LOG_INPUTS_NOT_STORED));
  expect(inputs.percent).toBe(60);
  writeFileSync(file("state/inputs"), "capacity 600\nhold 2\n");
  expect(opened().percent).toBe(100);
});
