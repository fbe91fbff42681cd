/**
 * Rebalancing between two real daemons: one comes back empty, and functions move to it one after
 * the other. Needs root and `ip`.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Flight, ownersOf, type Server, TABLE, WINGMAN } from "../harness/real-servers.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { until } from "../harness/until.ts";
import { Answers } from "./answers.ts";

/** Each server has room for everything. */
const ROOMY = { ...TABLE, servers: TABLE.servers.map((server) => ({ ...server, resource: 200 })) };
const ADDRESSES = ["10.44.1.1", "10.44.1.2", "10.44.1.3", "10.44.1.4"];
/** 40, 50, 40 and 30: the two of 40 leave as much on either server, and come first. */
const MOVES = [
  { function: "announcements", from: "a", to: "b" },
  { function: "map", from: "a", to: "b" },
];
const EVEN = { announcements: "b", "safety-video": "a", map: "b", games: "a" };
/**
 * Consecutive questions, a millisecond or more apart, without an answer during a planned move; see
 * move-by-hand.
 */
const UNANSWERED_MAX = 5;
const ASKED_MIN = 20;

let flight: Flight;
let directory: string;
beforeEach(() => {
  flight = new Flight();
  directory = scratchDirectory("system-rebalance");
});
afterEach(async () => {
  await flight.close();
  rmSync(directory, { recursive: true, force: true });
});

/** While it is there, the process of the announcements is not ready on b. */
const hold = (): string => join(directory, "hold");

/** The announcements have a process that reports when it is ready. */
function withProcess(timeoutMs: number): object {
  const program = `import os, socket, time
while os.environ["WINGMAN_SERVER"] == "b" and os.path.exists(${JSON.stringify(hold())}):
  time.sleep(0.02)
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(
  b"READY=1", "\\0" + os.environ["NOTIFY_SOCKET"][1:])
time.sleep(1e6)`;
  const command = ["/usr/bin/env", "python3", "-c", program];
  const process = { command, stopGraceMs: 100, ready: { notify: true, timeoutMs } };
  const functions = ROOMY.functions.map((row, index) =>
    index === 0 ? { ...row, ...process } : row,
  );
  return { ...ROOMY, functions };
}

/** b died, came back, and is empty. */
async function withEmptyB(table: object = ROOMY): Promise<void> {
  flight.a.start(table);
  flight.b.start(table);
  await flight.settled();
  await flight.b.end();
  await until("a has everything", () => {
    const state = flight.a.state();
    return state?.functions.every(({ owner, ready }) => owner === "a" && ready) === true;
  });
  flight.b.start(table);
  await flight.settled();
}

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** `wingman rebalance` beside a daemon; this process goes on meanwhile. */
class Rebalance {
  out = "";
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #read: Promise<void>;

  constructor(asked: Server, ...options: string[]) {
    const command = [WINGMAN, "rebalance", "--run-dir", asked.runDirectory, ...options];
    this.#child = Bun.spawn(command, { stdio: ["ignore", "pipe", "pipe"] });
    this.#read = this.#collect();
  }

  async #collect(): Promise<void> {
    for await (const chunk of this.#child.stdout) this.out += new TextDecoder().decode(chunk);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async ended(): Promise<Ended> {
    await Promise.all([this.#read, this.#child.exited]);
    const { exitCode, stderr } = this.#child;
    return { code: exitCode, out: this.out, err: await new Response(stderr).text() };
  }
}

const rebalance = (asked: Server, ...options: string[]): Promise<Ended> =>
  new Rebalance(asked, ...options).ended();

/** A seat that repeatedly asks for every address, with the longest series without an answer. */
class Watch {
  asked = 0;
  readonly unansweredMax = new Map<string, number>(ADDRESSES.map((address) => [address, 0]));
  readonly #unanswered = new Map<string, number>();
  readonly #seat = new Answers(flight.seat, "10.44.9.1", ADDRESSES);
  readonly #done: Promise<void>;
  #isOver = false;

  constructor() {
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      for (const [address, macs] of await this.#seat.round(1)) {
        const count = macs.size > 0 ? 0 : (this.#unanswered.get(address) ?? 0) + 1;
        this.#unanswered.set(address, count);
        this.unansweredMax.set(address, Math.max(count, this.unansweredMax.get(address) ?? 0));
      }
      this.asked++;
    }
  }

  /** Requests that two answered. */
  async end(): Promise<string[]> {
    this.#isOver = true;
    await this.#done;
    this.#seat.close();
    return this.#seat.twice;
  }
}

const movesIn = (log: string): string[] => log.match(/MOVE CARRIED OUT: \S+/g) ?? [];

test("a server that came back empty gets its half, one function after the other; a second call moves nothing", async () => {
  await withEmptyB();
  const { a, b } = flight;
  const before = ownersOf(a.state() ?? flight.fail());
  expect(Object.values(before)).toEqual(["a", "a", "a", "a"]); // by itself nothing has moved

  // The plan is for everybody, in the air, too, and the same at both servers.
  const wanted = {
    ...{ ok: true, dryRun: true, policy: "planned", alive: ["a", "b"], mostEven: true },
    moves: MOVES.map((move) => ({ ...move, done: false })),
    ...{ before: { a: 40, b: 200 }, after: { a: 120, b: 120 }, fewest: true },
    spread: { before: 25_600, after: 0 },
  };
  for (const server of [a, b]) {
    const { code, out } = await rebalance(server, "--dry-run", "--json");
    expect([code, JSON.parse(out)]).toEqual([0, wanted]);
  }
  expect(await rebalance(a, "--dry-run")).toEqual({
    code: 0,
    out:
      "announcements leaves a and runs on b\nmap leaves a and runs on b\n" +
      "remaining now: a 40, b 200\nremaining then: a 120, b 120\n",
    err: "",
  });
  const refused = await rebalance(a);
  expect([refused.code, refused.out]).toEqual([1, ""]);
  expect(refused.err).toMatch(
    /^wingman: rebalance: stopped after 0 of 2 moves: refused unless on ground: .*on-ground is missing/,
  );
  expect(ownersOf(a.state() ?? flight.fail())).toEqual(before);

  b.land();
  const watch = new Watch();
  await until("the seat has asked", () => watch.asked > ASKED_MIN);
  const moved = await rebalance(b);
  await until("the seat has asked on", () => watch.asked > 2 * ASKED_MIN);
  expect(await watch.end()).toEqual([]);
  expect(moved).toEqual({
    code: 0,
    out: "announcements moved from a to b\nmap moved from a to b\n" + "remaining: a 120, b 120\n",
    err: "",
  });
  for (const [address, count] of watch.unansweredMax)
    expect([address, count <= UNANSWERED_MAX, count]).toEqual([address, true, count]);
  const [state] = await flight.settled();
  expect(ownersOf(state)).toEqual(EVEN);
  await until("both moves are logged", () => movesIn(b.log).length >= 2);
  expect(movesIn(b.log)).toEqual(["MOVE CARRIED OUT: announcements", "MOVE CARRIED OUT: map"]);

  a.land();
  for (const server of [a, b]) {
    const again = await rebalance(server);
    const out = "nothing to move\nremaining now: a 120, b 120\n";
    expect(again).toEqual({ code: 0, out, err: "" });
    const json = JSON.parse((await rebalance(server, "--json")).out);
    expect(json).toMatchObject({ ok: true, dryRun: false, moves: [] });
  }
  await until("both moves are logged", () => movesIn(a.log + b.log).length >= 2);
  expect(movesIn(a.log + b.log)).toHaveLength(2);
});

test("killed in the middle of a move and called again, at the other server: the rest moves, each once", async () => {
  await withEmptyB(withProcess(20_000));
  const { a, b } = flight;
  a.land();
  b.land();
  writeFileSync(hold(), "");
  const killed = new Rebalance(a);
  await until("the announcements start on b", () =>
    a.state()?.functions.some(({ owner, state }) => owner === "b" && state === "starting"),
  );
  killed.kill();
  expect(await killed.ended()).toMatchObject({ code: null, out: "" });
  const again = new Rebalance(b);
  await Bun.sleep(300);
  expect(ownersOf(b.state() ?? flight.fail())).toEqual({ ...EVEN, map: "a" }); // it waits
  rmSync(hold());
  expect(await again.ended()).toEqual({
    code: 0,
    out: "map moved from a to b\nremaining: a 120, b 120\n",
    err: "",
  });
  const [state] = await flight.settled();
  expect(ownersOf(state)).toEqual(EVEN);
  const moved = movesIn(a.log + b.log).toSorted();
  expect(moved).toEqual(["MOVE CARRIED OUT: announcements", "MOVE CARRIED OUT: map"]);
  expect((await rebalance(a)).out).toStartWith("nothing to move\n");
});

test("it stops where a function is not ready in time on its new server", async () => {
  await withEmptyB(withProcess(500));
  flight.a.land();
  writeFileSync(hold(), "");
  expect(await rebalance(flight.a)).toEqual({
    code: 1,
    out: "",
    err: "wingman: rebalance: stopped after 0 of 2 moves: announcements is not ready on b after 500 ms\n",
  });
  expect(ownersOf(flight.a.state() ?? flight.fail())).toEqual({ ...EVEN, map: "a" });
});

test("it stops when a server fails meanwhile, and reports it; running functions go on", async () => {
  await withEmptyB();
  const { a, b } = flight;
  a.land();
  const running = new Rebalance(a, "--json");
  await until("the first move is done", () => a.log.includes("MOVE CARRIED OUT: announcements"));
  await b.end();
  const { code, out } = await running.ended();
  const told = JSON.parse(out);
  expect([code, told.ok]).toEqual([1, false]);
  expect(told.problem).toEqual({
    // STATE: the engine that was asked for the next move has seen it first
    code: expect.stringMatching(/^(CHANGED|STATE)$/),
    message: expect.stringMatching(
      /^stopped after [01] of 2 moves: (server b takes no functions now, |announcements runs on a, |the server .* is not alive and active$)/,
    ),
  });
  await until("a has everything again", () => {
    const state = a.state();
    return state?.functions.every(({ owner }) => owner === "a") === true;
  });
});

test("by the console: it lists the moves, makes them when that is confirmed, and all is in the log", async () => {
  await withEmptyB();
  const { a, b } = flight;
  const console = (...words: string[]) => b.command("console", ...words);
  await until("its console", () => console("show", "ground").code === 0);
  const listed = console("rebalance");
  expect([listed.code, listed.out]).toEqual([
    1,
    "announcements leaves a and runs on b\nmap leaves a and runs on b\n" +
      "remaining now: a 40, b 200\nremaining then: a 120, b 120\n",
  ]);
  expect(listed.err).toContain(
    "2 functions move, one after the other; to carry it out: rebalance confirm (CONFIRM)",
  );
  expect(console("rebalance", "confirm").err).toMatch(/stopped after 0 of 2 moves: .* \(GROUND\)/);
  b.land();
  await until("the aircraft is on ground", () => console("clear", "faults", "confirm").code === 0);
  expect(console("rebalance", "confirm")).toEqual({
    code: 0,
    out: "announcements MOVED FROM a TO b\nmap MOVED FROM a TO b\nremaining: a 120, b 120\n",
    err: "",
  });
  expect(ownersOf(a.state() ?? flight.fail())).toEqual(EVEN);
  const logged = () => console("show", "log", "-n", "200").out.match(/MOVE TO b/g) ?? [];
  await until("both moves are in the log", () => logged().length >= 2);
  expect(console("rebalance", "confirm").out).toStartWith("NOTHING TO MOVE\n");
});

test("refused where a move has no meaning, where no function runs, and where no server runs", async () => {
  expect((await rebalance(flight.a)).err).toMatch(/^wingman: rebalance: not running: /);
  flight.a.start({ ...ROOMY, allocation: "reset" });
  flight.b.start({ ...ROOMY, allocation: "reset" });
  await flight.settled();
  const { code, err } = await rebalance(flight.a, "--dry-run");
  expect([code, err]).toEqual([
    1,
    "wingman: rebalance: this allocation ignores where functions run now: a move would not last\n",
  ]);
  const json = JSON.parse((await rebalance(flight.a, "--json")).out);
  expect(json).toMatchObject({ ok: false, dryRun: false, problem: { code: "POLICY" } });
});

test("a drained server is asked for nothing, and gives nothing to move", async () => {
  await withEmptyB();
  const { a, b } = flight;
  expect(b.drain().code).toBe(0);
  expect((await rebalance(b, "--dry-run")).err).toContain(
    "the server that was asked is not active",
  );
  await until("a sees it", () => a.command("status").out.includes("draining"));
  const alone = JSON.parse((await rebalance(a, "--json")).out);
  expect(alone).toMatchObject({ ok: true, alive: ["a"], moves: [] });
});
