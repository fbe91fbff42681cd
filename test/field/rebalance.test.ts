/** Rebalancing on three real servers of different size, requested at two of them at once. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import type { RebalancePlan } from "../../src/config/rebalancing.ts";
import { type Server, WINGMAN } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { FIELD_TABLE, Field } from "./field.ts";

const REQUIRED = [30, 25, 20, 15, 10, 10, 5, 5, 5, 5];
/** Two servers have room for everything that runs. */
const CONFIG = {
  ...FIELD_TABLE,
  servers: [80, 80, 100].map((resource, place) => ({ id: "abc"[place], resource })),
  functions: REQUIRED.map((required, index) => ({
    ...{ id: `f${index}`, required, priority: 9 - (index % 5) },
    vips: [`10.44.1.${index + 1}/16`],
  })),
};

let field: Field;
beforeEach(() => {
  field = new Field({ servers: 3 });
});
afterEach(() => field.close());

/** Every server is asked for its owners. */
const owners = (server: Server): (string | null)[] =>
  server.state()?.functions.map(({ owner }) => owner) ?? [];

/** c died and is back, empty; what is planned then. */
async function withEmptyC(): Promise<RebalancePlan> {
  field.start(CONFIG);
  await field.settled();
  const c = field.server("c");
  await c.end();
  await until("a and b have everything", () => {
    const seen = owners(field.a);
    return seen.length === REQUIRED.length && seen.every((id) => id === "a" || id === "b");
  });
  await field.settled();
  const before = owners(field.a);
  c.start(CONFIG);
  await field.settled();
  expect(owners(field.a)).toEqual(before);
  for (const server of field.servers) server.land();
  return JSON.parse(field.a.command("rebalance", "--dry-run", "--json").out) as RebalancePlan;
}

function expectDone(plan: RebalancePlan): void {
  const moved = new Map(plan.moves.map((move) => [move.function, move.to] as const));
  for (const server of field.servers) {
    const state = server.state();
    const remaining = state?.servers.map(({ id, remaining: left }) => [id, left]) ?? [];
    expect(Object.fromEntries(remaining)).toEqual(plan.after);
    for (const { id, owner } of state?.functions ?? [])
      if (moved.has(id)) expect([id, owner]).toEqual([id, moved.get(id) ?? null]);
  }
  const carriedOut = field.servers.flatMap(({ log }) => log.match(/MOVE CARRIED OUT: \S+/g) ?? []);
  const wanted = plan.moves.map((move) => `MOVE CARRIED OUT: ${move.function}`);
  expect(carriedOut.toSorted()).toEqual(wanted.toSorted());
}

test("a larger server that comes back gets the larger share, asked at a third one", async () => {
  const plan = await withEmptyC();
  // 130 of 260 units are in use: a third of 130 is left on each, as well as 5 divides it.
  expect(Object.values(plan.after).toSorted()).toEqual([40, 45, 45]);
  expect(plan).toMatchObject({ mostEven: true, fewest: true });
  expect(field.server("b").command("rebalance")).toMatchObject({ code: 0, err: "" });
  await field.settled();
  expectDone(plan);
  for (const server of field.servers)
    expect(server.command("rebalance").out).toStartWith("nothing to move\n");
  expectDone(plan);
});

test("asked at two servers at once: each function moves once, and the same comes of it", async () => {
  const plan = await withEmptyC();
  const asked = [field.a, field.server("c")].map(({ runDirectory }) =>
    Bun.spawn([WINGMAN, "rebalance", "--run-dir", runDirectory], {
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
  const ends = await Promise.all(
    asked.map(async (child) => [await child.exited, await new Response(child.stderr).text()]),
  );
  // One of them may find that the other one was quicker.
  for (const [code, err] of ends)
    if (code !== 0) expect(err).toMatch(/^wingman: rebalance: stopped after \d of \d moves: /);
  await field.settled();
  expect(field.a.command("rebalance")).toMatchObject({ code: 0 });
  await field.settled();
  expectDone(plan);
});
