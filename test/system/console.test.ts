/**
 * The console of real servers, over a serial line (a pseudo-terminal) and over `wingman console`.
 * Needs root and `ip`.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Flight, ownersOf, type Server, TABLE, WINGMAN } from "../harness/real-servers.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { Terminal } from "../harness/terminal.ts";
import { until } from "../harness/until.ts";
import { Random } from "../simulation/random.ts";

const LIMIT_MS = 180_000;
const FLOOD_BYTES = 1_000_000;
/**
 * Five periods, a tenth of the detection time: a machine that is busy with other tests can delay a
 * keep-alive by 33 ms.
 */
const LATE_US_MAX = 100_000;

let flight: Flight;
let terminal: Terminal;
let directory: string;
beforeEach(() => {
  flight = new Flight();
  terminal = new Terminal();
  directory = scratchDirectory("system-console");
});
afterEach(async () => {
  terminal.close();
  await flight.close();
  rmSync(directory, { recursive: true, force: true });
});

const groundInput = (): string => join(directory, "on-ground");

async function started(): Promise<void> {
  // With a detection time of 1 s: a machine that is busy with other tests must not lose a server.
  const table = {
    ...TABLE,
    keepAlive: { ...TABLE.keepAlive, lostAfterPeriods: 50 },
    // every function fits either of them
    servers: TABLE.servers.map((server) => ({ ...server, resource: 200 })),
  };
  const withConsole = (device: string): object => ({
    ...table,
    maintenance: { console: { device, baud: 115_200 }, groundInput: groundInput() },
  });
  flight.a.start(withConsole(terminal.path));
  flight.b.start(withConsole(join(directory, "none")));
  await flight.settled();
  // The maintenance process comes when it comes: nothing that flies waits for it.
  for (const server of [flight.a, flight.b])
    await until("its console", () => console(server, "show", "version").code === 0);
}

/** The answer of `wingman console`. */
function console(server: Server, ...command: string[]): { code: number; out: string; err: string } {
  const child = Bun.spawnSync([WINGMAN, "console", "--run-dir", server.runDirectory, ...command]);
  return { code: child.exitCode, out: child.stdout.toString(), err: child.stderr.toString() };
}

/** Types a command at a's serial line; its answer. */
async function ask(command: string): Promise<string> {
  await terminal.type(`${command}\r`);
  await terminal.until(`${command}\r\n`);
  return await terminal.until(/(^|\n)(OK|ERR [A-Z]+)\r\nwingman a> /);
}

test(
  "a mechanic looks, moves, drains and resumes at the serial line; a move needs the aircraft on ground",
  async () => {
    await started();
    await terminal.until("PRESS ENTER\r\n");
    await terminal.type("\r");
    expect(await terminal.until("wingman a> ")).toContain(
      "SERVER a  SYSTEM system-test  STATE ACTIVE\r\n",
    );
    await ask("terminal length 0");
    expect(await ask("show servers")).toMatch(/\nb +alive /);
    const functions = JSON.parse((await ask("show functions | json")).split("\r\n")[0] ?? "");
    const games = functions.find(({ id }: { id: string }) => id === "games").owner;
    const other = games === "a" ? "b" : "a";

    expect(await ask(`move games ${other} confirm`)).toMatch(/\r\nERR GROUND\r\n/);
    writeFileSync(groundInput(), "1\n");
    await until("the aircraft is on ground", () => {
      const { code } = console(flight.a, "clear", "faults", "confirm");
      return code === 0;
    });
    expect(await ask(`move games ${other}`)).toContain("ERR CONFIRM");
    expect(await ask(`move games ${other} confirm`)).toEndWith("OK\r\nwingman a> ");
    await flight.settledWith("games", other);

    expect(await ask("drain")).toEndWith("OK\r\nwingman a> ");
    await until(
      "a is empty",
      () => !Object.values(ownersOf(flight.a.state() ?? flight.fail())).includes("a"),
    );
    // b is the last one that serves now: not in the air.
    await until("b sees it", () =>
      console(flight.b, "show", "servers").out.includes("a       draining"),
    );
    expect(console(flight.b, "drain").err).toContain("(CONFIRM)");
    rmSync(groundInput());
    await until("b is in the air", () =>
      console(flight.b, "clear faults confirm").err.includes("(GROUND)"),
    );
    expect(console(flight.b, "drain", "confirm").err).toContain("(GROUND)");
    expect(await ask("resume")).toEndWith("OK\r\nwingman a> ");
    await until("a takes part again", () => flight.a.state()?.phase === "active");
    expect(await ask("show log -n 100")).toMatch(/MOVE TO/);
    expect(await ask("show storage")).toContain("maintenance.log");
  },
  LIMIT_MS,
);

test(
  "wingman console beside a real server; its socket goes with the daemon",
  async () => {
    await started();
    const shown = console(flight.b, "show", "functions");
    expect(shown).toMatchObject({ code: 0, err: "" });
    expect(shown.out).toContain("announcements");
    expect(console(flight.b, "show", "nothing")).toMatchObject({ code: 1, out: "" });
    expect(console(flight.b, "show version | json").out).toContain('"server":"b"');
    // The line that is not there is in the log, and nothing else suffers.
    await until("the record", () =>
      console(flight.b, "show", "log").out.includes("CONSOLE NOT OPENED"),
    );
    expect(await flight.b.stop()).toBe(0);
    expect(console(flight.b, "show", "version").err).toMatch(
      /^wingman: console: not running: there is no /,
    );
  },
  LIMIT_MS,
);

test(
  "a flood of rubbish on the serial line: the engine sends on, and the console answers afterwards",
  async () => {
    await started();
    await terminal.until("PRESS ENTER\r\n");
    const owners = ownersOf(flight.a.state() ?? flight.fail());
    const before = flight.a.state()?.keepAlive ?? flight.fail();
    const random = new Random(7);
    await terminal.send(Uint8Array.from({ length: FLOOD_BYTES }, () => random.below(256)));
    terminal.text = "";
    const beganMs = performance.now();
    await terminal.type("\rshow version\r");
    await terminal.until(/TABLE DIGEST +[0-9a-f]{64}\r\n(.+\r\n)+OK\r\n/);
    expect(performance.now() - beganMs).toBeLessThan(1000);
    const after = flight.a.state()?.keepAlive ?? flight.fail();
    // The engine has real-time priority and waits for no other process: half a millisecond is
    // usual, with the flood and without.
    expect(after.sent).toBeGreaterThan(before.sent);
    expect(after.lateUs.max).toBeLessThan(Math.max(2 * before.lateUs.max, LATE_US_MAX));
    expect(ownersOf(flight.b.state() ?? flight.fail())).toEqual(owners);
    expect(flight.b.log).not.toContain("SERVER LOST");
  },
  LIMIT_MS,
);
