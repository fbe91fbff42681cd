/** `wingman-rig acceptance` against real servers, each with its console on a serial cable. Needs root and `ip`. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linesOf } from "../../src/rig/line-stream.ts";
import { formatStep } from "../../src/rig/step-text.ts";
import type { StepResult } from "../../src/rig/procedure-step.ts";
import { Flight, ownersOf, type Server, TABLE as SHORT_TABLE } from "../system/flight.ts";
import { SerialCable } from "./serial-cable.ts";

const RIG = join(import.meta.dir, "../../dist/wingman-rig");

interface Report {
  passed: boolean;
  failure: string | null;
  steps: StepResult[];
}

let flight: Flight;
let directory: string;
let cables: { a: SerialCable; b: SerialCable };
let table: object;
beforeEach(() => {
  flight = new Flight();
  directory = mkdtempSync(join(tmpdir(), "wingman-acceptance-"));
  cables = { a: new SerialCable(), b: new SerialCable() };
  const device = join(directory, "console");
  writeFileSync(device, "");
  table = {
    ...SHORT_TABLE,
    partNumber: "WNG5E00010001",
    keepAlive: { ...SHORT_TABLE.keepAlive, lostAfterPeriods: 50 },
    maintenance: { console: { device }, log: { inhibitSeconds: 0 }, groundInput: join(directory, "on-ground") },
  };
  setGround(true);
  for (const id of ["a", "b"] as const) {
    // One device name, which the configuration gives to all, and another line behind it on each server.
    const mount = `mount --bind ${cables[id].serverEnd.path} ${device} && exec "$@"`;
    flight[id].launcher = ["sh", "-c", mount, "sh"];
  }
});
afterEach(async () => {
  await flight.close();
  await cables.a.close();
  await cables.b.close();
  rmSync(directory, { recursive: true, force: true });
});

function setGround(isOnGround: boolean): void {
  writeFileSync(join(directory, "on-ground"), isOnGround ? "1\n" : "0\n");
}

async function started(): Promise<void> {
  flight.a.start(table);
  flight.b.start(table);
  await flight.settled();
}

function configFile(): string {
  const file = join(directory, "aircraft.json");
  writeFileSync(file, JSON.stringify(table));
  return file;
}

const consoleOf = (id: "a" | "b", cable = cables[id]): string[] => ["--console", `${id}=${cable.rigEnd.path}`];

/** The rig, with somebody who does what it asks for. */
async function accept(options: readonly string[], operator: (order: string) => void | Promise<void> = () => {}) {
  const rig = Bun.spawn([RIG, "acceptance", ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const orders: string[] = [];
  const errors: string[] = [];
  const listening = (async () => {
    for await (const line of linesOf(rig.stderr)) {
      const [, order] = /^OPERATOR: (.*)$/.exec(line) ?? [];
      if (order === undefined) errors.push(line);
      else {
        orders.push(order);
        await operator(order);
      }
    }
  })();
  const out = await rig.stdout.text();
  await listening;
  return { code: await rig.exited, out, err: errors.join("\n"), orders };
}

function reportOf(out: string): Report {
  return JSON.parse(out) as Report;
}

/** Checks that failed, in words. */
function failuresOf({ steps }: Report): string[] {
  return steps.flatMap(({ number, checks }) =>
    checks.flatMap(({ what, expected, measured, passed }) =>
      passed ? [] : [`${number} ${what}: ${measured} instead of ${expected}`],
    ),
  );
}

async function obey(order: string): Promise<void> {
  const [, id = ""] = /server ([ab]) /.exec(order) ?? [];
  const server: Server = id === "a" ? flight.a : flight.b;
  if (order.endsWith(' to "in the air"')) setGround(false);
  else if (order.endsWith(' back to "on ground"')) setGround(true);
  else if (order.endsWith(" off now")) {
    server.host.plug(false);
    await server.stop("SIGKILL");
  } else if (order.endsWith(" on again")) {
    server.host.plug(true);
    server.start(table);
  } else throw new Error(`nobody understands ${order}`);
}

test("the whole procedure, with an operator: every step passes, and the aircraft is as it was", async () => {
  await started();
  const { code, out, err, orders } = await accept(
    [...consoleOf("a"), ...consoleOf("b"), "--config", configFile(), "--json"],
    obey,
  );
  const report = reportOf(out);
  if (process.env["SHOW"]) console.log(report.steps.map(formatStep).join("\n"));
  expect(failuresOf(report)).toEqual([]);
  expect(err).toBe("");
  expect(report.failure).toBeNull();
  expect(code).toBe(0);
  expect(report.passed).toBe(true);
  expect(report.steps.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(orders).toEqual([
    'set the ground input of server a to "in the air"',
    'set the ground input of server a back to "on ground"',
    expect.stringMatching(/^switch server [ab] off now$/),
    expect.stringMatching(/^switch server [ab] on again$/),
  ]);
  const [a, b] = await flight.settled();
  expect([a.phase, b.phase]).toEqual(["active", "active"]);
  expect(Object.values(ownersOf(a))).not.toContain(null);
});
