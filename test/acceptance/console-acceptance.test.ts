/**
 * `wingman-rig acceptance` against real servers, each with its console on a serial cable. Needs
 * root and `ip`.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { linesOf } from "../../src/rig/line-stream.ts";
import type { StepResult } from "../../src/rig/procedure-step.ts";
import {
  Flight,
  ownersOf,
  type Server,
  TABLE as SHORT_TABLE,
  WINGMAN,
} from "../harness/real-servers.ts";
import { scratchDirectory } from "../harness/run-mark.ts";

import { Terminal } from "../harness/terminal.ts";
import { until } from "../harness/until.ts";
import { SerialCable } from "./serial-cable.ts";

const RIG = join(import.meta.dir, "../../dist/wingman-rig");

/**
 * Of 100: one server alone can run everything except the map; with the other one there is room to
 * move the games.
 */
const FUNCTIONS = SHORT_TABLE.functions.map((entry) =>
  entry.id === "games" ? { ...entry, required: 10 } : entry,
);

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
  directory = scratchDirectory("acceptance");
  cables = { a: new SerialCable(), b: new SerialCable() };
  const device = join(directory, "console");
  writeFileSync(device, "");
  table = {
    ...SHORT_TABLE,
    partNumber: "WNG5E00010001",
    functions: FUNCTIONS,
    keepAlive: { ...SHORT_TABLE.keepAlive, lostAfterPeriods: 50 },
    maintenance: {
      console: { device },
      log: { inhibitSeconds: 0 },
      groundInput: join(directory, "on-ground"),
    },
  };
  for (const id of ["a", "b"] as const) {
    // One device name, which the configuration gives to all, and another line behind it on each
    // server: the daemon sees files of its own.
    const mount = `mount --bind ${cables[id].serverEnd.path} ${device} && exec "$@"`;
    flight[id].launcher = ["unshare", "--mount", "sh", "-c", mount, "sh"];
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

async function started({ isOnGround = true } = {}): Promise<void> {
  setGround(isOnGround);
  flight.a.start(table);
  flight.b.start(table);
  await flight.settled();
  const isBelieved = ({ runDirectory }: Server): boolean => {
    const { stdout } = Bun.spawnSync([
      WINGMAN,
      "console",
      "--run-dir",
      runDirectory,
      "show",
      "ground",
    ]);
    return stdout.toString().startsWith(isOnGround ? "ON GROUND" : "IN THE AIR");
  };
  await until("the ground input is believed", () => isBelieved(flight.a) && isBelieved(flight.b));
}

function configFile(): string {
  const file = join(directory, "aircraft.json");
  writeFileSync(file, JSON.stringify(table));
  return file;
}

const consoleOf = (id: "a" | "b", cable = cables[id]): string[] => [
  "--console",
  `${id}=${cable.rigEnd.path}`,
];

/** The rig, with an operator who follows its instructions. */
async function accept(
  options: readonly string[],
  operator: (order: string) => void | Promise<void> = () => {},
) {
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
  expect(failuresOf(report)).toEqual([]);
  expect(err).toBe("");
  expect(report.failure).toBeNull();
  expect(code).toBe(0);
  expect(report.passed).toBe(true);
  expect(report.steps.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(report.steps.filter(({ notDone }) => notDone !== undefined)).toEqual([]);
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

test("without a configuration or operator, over one console: steps that could not be done are named", async () => {
  await started();
  const { code, out, err, orders } = await accept([...consoleOf("b"), "--skip-power"]);
  expect(err).toBe("");
  expect(orders).toEqual([]);
  expect(out).toContain("no console is connected to a: what is said of it is what the others see");
  expect(out).toMatch(
    /PASS {2}step 4: Planned drain and resume\n {8}did: typed drain on the console of b\n/,
  );
  expect(out).toContain(
    "NOT DONE  step 6: Interlock of disturbing actions, in the air\n        the aircraft is on ground",
  );
  expect(out).toContain(
    "NOT DONE  step 7: Power-off of one server\n        asked for with --skip-power\n",
  );
  expect(out).toMatch(/\d of 9 steps passed \(\d+ checks\); not done: 6, 7, 8\n$/);
  expect(code).toBe(0);
  const [a] = await flight.settled();
  expect(Object.values(ownersOf(a))).not.toContain(null);
});

test("in the air: the interlock needs no operator, and nothing is moved by hand", async () => {
  await started({ isOnGround: false });
  const { code, out } = await accept([
    ...consoleOf("a"),
    ...consoleOf("b"),
    "--skip-power",
    "--json",
  ]);
  const report = reportOf(out);
  expect(failuresOf(report)).toEqual([]);
  expect(code).toBe(0);
  const [move, interlock] = report.steps.slice(4, 6);
  expect(move?.notDone).toContain("ERR GROUND: refused unless on ground");
  expect(interlock?.checks.map(({ measured }) => measured)).toEqual([
    expect.stringMatching(
      /^ERR GROUND: refused unless on ground: it ends faults .* \(\S+on-ground says 0, expected 1\)$/,
    ),
    "OK",
  ]);
});

test("Ctrl-C ends it; a server that is being drained is resumed first", async () => {
  // Functions that are released as late as allowed: the drain lasts for seconds.
  const command = ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"];
  table = {
    ...table,
    functions: FUNCTIONS.map((entry) => ({ ...entry, command, stopGraceMs: 3000 })),
  };
  await started();
  const all = [...consoleOf("a"), ...consoleOf("b"), "--skip-power"];
  const rig = Bun.spawn([RIG, "acceptance", ...all], { stdio: ["ignore", "pipe", "pipe"] });
  const isDraining = (): boolean =>
    [flight.a, flight.b].some((server) => server.state()?.phase === "draining");
  await until("a drain", isDraining);
  rig.kill("SIGINT");
  expect(await rig.stderr.text()).toBe(
    "wingman-rig: interrupted before the end of the procedure\n",
  );
  expect(await rig.exited).toBe(1);
  await until("no drain", () => !isDraining());
});

test("faults of the servers are found", async () => {
  // Another table on b, which both then say of each other, and another aircraft in the rig's own
  // hands.
  flight.a.start(table);
  flight.b.start({ ...table, functions: FUNCTIONS.slice(1) });
  await until("both run", () => flight.a.state() !== null && flight.b.state() !== null);
  const all = [...consoleOf("a"), ...consoleOf("b"), "--skip-power", "--json"];
  const other = await accept([...all, "--config", configFile()]);
  expect(other.code).toBe(1);
  expect(other.err).toBe("wingman-rig: step 1 failed: the following steps would mean nothing");
  expect(failuresOf(reportOf(other.out))).toEqual([
    expect.stringMatching(/^1 digest of the table: a \w{64}, b \w{64}/),
  ]);

  // A server whose keep-alive network is cut behind the switch.
  await flight.b.stop();
  flight.b.start(table);
  await flight.settled();
  flight.b.host.attach(false);
  await until(
    "a misses b",
    () => flight.a.state()?.servers.some(({ state }) => state === "lost") ?? false,
  );
  const cut = await accept([...consoleOf("a"), "--skip-power", "--json"]);
  expect(cut.code).toBe(1);
  expect(failuresOf(reportOf(cut.out))).toContainEqual(
    expect.stringMatching(
      /^2 functions by server, as all consoles show it: a sees b as lost instead of /,
    ),
  );
});

test("a line that is silent, cut, noisy, crossed, or has something else at its end, is reported as such", async () => {
  await started();
  const failures = async (...options: string[]): Promise<string> => {
    const { code, out } = await accept([...options, "--skip-power", "--json"]);
    expect(code).toBe(1);
    return failuresOf(reportOf(out)).join("\n");
  };
  const crossed = await failures(...consoleOf("a", cables.b), ...consoleOf("b", cables.a));
  expect(crossed).toContain(
    "found server b, expected server a: exchange the cables or the arguments",
  );
  expect(crossed).toContain(
    "found server a, expected server b: exchange the cables or the arguments",
  );

  cables.b.isPlugged = false;
  expect(await failures(...consoleOf("a"), ...consoleOf("b"))).toContain(
    'found silence, expected the prompt "wingman b> ": check the cable, that the server is on, and maintenance.console',
  );
  cables.b.isPlugged = true;

  for (const [words, expected] of [
    [
      "\r\nDebian GNU/Linux 13 login: ",
      /found ".* login:", expected the prompt .*: another program is at the other end/,
    ],
    [
      "\u00f8\u0080\u00fe\u001c\u00e0",
      /found \d+ bytes that are no text, .*: the line has another speed than 115200 bit/,
    ],
  ] as const) {
    const elsewhere = new Terminal();
    const speaking = setInterval(() => elsewhere.write(Buffer.from(words, "latin1")), 300);
    expect(await failures("--console", `a=${elsewhere.path}`)).toMatch(expected);
    clearInterval(speaking);
    elsewhere.close();
  }
});

test("a wrong command line is reported in words, with exit code 2", async () => {
  const device = cables.a.rigEnd.path;
  const link = join(directory, "by-id");
  symlinkSync(device, link);
  const file = configFile();
  for (const [options, expected] of [
    [[], "found no --console, expected one for each server: --console a=/dev/ttyUSB0"],
    [
      ["--console", "a"],
      'found "a", expected SERVER=DEVICE with an absolute path, such as a=/dev/ttyUSB0',
    ],
    [["--console", "a=ttyUSB0"], 'found "a=ttyUSB0", expected SERVER=DEVICE with an absolute path'],
    [[...consoleOf("a"), ...consoleOf("a")], "found server a twice, expected each once"],
    [
      [...consoleOf("a"), "--console", `b=${link}`],
      `found "${link}" for b and for a, expected a line of its own`,
    ],
    [
      ["--console", "a=/dev/ttyNone"],
      'found "/dev/ttyNone" for a, which is not there; expected a serial line',
    ],
    [
      ["--console", `a=${file}`],
      `found "${file}" for a, which is no serial line (ENOTTY); expected one`,
    ],
    [
      ["--console", `c=${device}`, "--config", file],
      'found an unknown server "c", expected one of the servers a or b',
    ],
    [
      [...consoleOf("a"), "--baud", "9601"],
      'found "9601", expected 9600, 19200, 38400, 57600 or 115200',
    ],
    [[...consoleOf("a"), "--config", "/nonexistent"], "/nonexistent"],
    [[...consoleOf("a"), "--skip"], "unknown option"],
  ] as const) {
    const { code, out, err } = await accept(options);
    expect(err).toStartWith("wingman-rig: ");
    expect(err).toContain(expected);
    expect([code, out]).toEqual([2, ""]);
  }
});
