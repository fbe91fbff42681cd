import { beforeEach, expect, test } from "bun:test";
import { MaintenanceStandIn } from "../../test/harness/maintenance-stand-in.ts";
import type { RebalancePlan } from "../config/rebalancing.ts";
import type { StatusDocument } from "../supervisor/status-document.ts";
import { MaintenanceError } from "./maintenance.ts";
import { type AskedServer, carryOut, planLines, settledPlan } from "./rebalancing.ts";

/**
 * A server whose state a test sets, and which does what a test says when it is asked for a move.
 */
class Asked implements AskedServer {
  readonly #server = new MaintenanceStandIn();
  readonly config = this.#server.config;
  document: StatusDocument = this.#server.allUp();
  readonly moves: string[] = [];
  onMove: (id: string, server: string) => void = (id, server) => this.put(id, server);
  onLook: () => void = () => {};

  /** Everything that runs on b is on a: b came back. */
  emptyB(): this {
    const running = this.#server.withoutB().functions;
    this.document = { ...this.#server.allUp(), functions: running };
    return this;
  }

  put(id: string, owner: string | null, state = "running"): void {
    const { functions } = this.document;
    this.document = {
      ...this.document,
      functions: functions.map((entry) =>
        entry.id === id ? { ...entry, owner, state, ready: state === "running" } : entry,
      ),
    };
  }

  async status(): Promise<StatusDocument> {
    this.onLook();
    return this.document;
  }

  async move(id: string, server: string): Promise<void> {
    this.onMove(id, server);
    this.moves.push(`${id} ${server}`);
  }
}

let asked: Asked;
let done: string[];
beforeEach(() => {
  asked = new Asked().emptyB();
  done = [];
});

const carriedOut = (plan: RebalancePlan): Promise<void> =>
  carryOut(plan, asked, (move) => void done.push(move.function));

/** Code and message of the refusal. */
async function refusalOf(action: Promise<unknown>): Promise<string> {
  try {
    await action;
    return "";
  } catch (error) {
    if (!(error instanceof MaintenanceError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

test("one after the other, and asked again it finds nothing", async () => {
  const plan = await settledPlan(asked);
  // 100 units run on a, of them live-tv with 30 and wifi-portal with 20.
  expect(plan.moves.map(({ function: id, from, to }) => `${id} ${from} ${to}`)).toEqual([
    "live-tv a b",
    "wifi-portal a b",
  ]);
  expect([plan.before, plan.after]).toEqual([
    { a: 0, b: 100 },
    { a: 50, b: 50 },
  ]);
  await carriedOut(plan);
  expect(asked.moves).toEqual(["live-tv b", "wifi-portal b"]);
  expect(done).toEqual(["live-tv", "wifi-portal"]);
  expect((await settledPlan(asked)).moves).toEqual([]);
});

test("while another move is announced, it asks again; a move that is already done is not requested", async () => {
  const plan = await settledPlan(asked);
  let refusals = 3;
  asked.onMove = (id, server) => {
    if (refusals-- > 0) throw new MaintenanceError("PENDING", "another move is under way");
    asked.put(id, server);
  };
  await carriedOut(plan);
  expect([asked.moves, done.length]).toEqual([["live-tv b", "wifi-portal b"], 2]);
  const again = new Asked().emptyB();
  again.put("live-tv", "b"); // whoever was killed had asked for it
  await carryOut(plan, again, () => {});
  expect(again.moves).toEqual(["wifi-portal b"]);
});

test("what the server refuses ends it, with how far it has come", async () => {
  const plan = await settledPlan(asked);
  asked.onMove = (id, server) => {
    if (id === "wifi-portal") throw new MaintenanceError("ROOM", "there is not enough room");
    asked.put(id, server);
  };
  expect(await refusalOf(carriedOut(plan))).toBe(
    "ROOM: stopped after 1 of 2 moves: there is not enough room",
  );
});

test("a move that is given up ends it", async () => {
  const plan = await settledPlan(asked);
  asked.onMove = () => {};
  expect(await refusalOf(carriedOut(plan))).toBe(
    "GIVENUP: stopped after 0 of 2 moves: live-tv was to move to b, and stays on a",
  );
}, 20_000);

test("whatever else changes ends it: a server, a function, the table", async () => {
  const plan = await settledPlan(asked);
  const changes: [change: (document: StatusDocument) => void, told: string][] = [
    [
      ({ servers }) => Object.assign(servers[1] ?? {}, { state: "lost", phase: null }),
      "server b takes no functions now",
    ],
    [
      ({ servers }) => Object.assign(servers[1] ?? {}, { phase: "draining" }),
      "server b takes no functions now",
    ],
    [() => asked.put("games", "a"), "games runs on a"], // it has found room
    [() => asked.put("moving-map", null, "stopped"), "moving-map has stopped"],
    [
      (document) => Object.assign(document, { tableDigest: "11".repeat(32) }),
      "the table is another one",
    ],
  ];
  for (const [change, told] of changes) {
    asked = new Asked().emptyB();
    asked.onMove = (id, server) => {
      asked.put(id, server);
      change(asked.document);
    };
    expect(await refusalOf(carriedOut(plan))).toBe(
      `CHANGED: stopped after 0 of 2 moves: ${told}, which the plan did not know`,
    );
  }
});

test("it waits until nothing is under way, and gives up when that does not come", async () => {
  let looks = 0;
  asked.put("games", "b", "starting");
  asked.onLook = () => {
    if (++looks === 3) asked.put("games", null, "stopped");
  };
  expect((await settledPlan(asked)).moves).toHaveLength(2);
  expect(looks).toBe(3);
  const servers = asked.document.servers.map((server) =>
    server.id === "b" ? { ...server, state: "joining" } : server,
  );
  asked.document = { ...asked.document, servers };
  expect(await refusalOf(settledPlan(asked))).toBe("PENDING: server b is coming back");
}, 30_000);

test("not where a server does not serve, nor where a move would not last", async () => {
  asked.document = { ...asked.document, phase: "isolated" };
  expect(await refusalOf(settledPlan(asked))).toBe(
    "PHASE: the server that was asked is not active",
  );
  asked.config.allocation = "reset";
  expect(await refusalOf(settledPlan(asked))).toMatch(/^POLICY: this allocation ignores /);
});

test("for people: what the search could not prove; long lists go on in the next line", async () => {
  const plan = await settledPlan(asked);
  expect(planLines({ ...plan, fewest: false }).at(-1)).toBe(
    "the search hit its bound: fewer moves may do",
  );
  expect(planLines({ ...plan, mostEven: false, fewest: false }).at(-1)).toBe(
    "the search hit its bound: a more even load may be possible",
  );
  const after = Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`server-${at}`, 1000]));
  for (const line of planLines({ ...plan, after })) expect(line.length).toBeLessThanOrEqual(80);
});
