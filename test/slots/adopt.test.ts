/**
 * `wingman adopt` on real servers: a flies from slots, b with the previous table. A call where it
 * makes no sense is refused, and nothing is changed.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { ROLLED_BACK_BY_HAND } from "../../src/catalogue/roll-back-reason.ts";
import { SlotStore } from "../../src/slots/slot-store.ts";
import type { Answer } from "../harness/command.ts";
import { Flight, ownersOf, TABLE } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { SlotsDirectory, WINGMAN } from "./slots-directory.ts";

const directory = new SlotsDirectory();
const store = new SlotStore(directory.slots);
/** Another priority makes another table. */
const OTHER_TABLE = {
  ...TABLE,
  functions: TABLE.functions.map((row) => (row.id === "games" ? { ...row, priority: 3 } : row)),
};
const LONG_S = 60;
const SHORT_S = 10;
let flight: Flight;

/** The part with the table of b is in slot a and good, the other one in slot b. */
beforeAll(() => {
  flight = new Flight();
  flight.a.executable = join(directory.slots, "current/wingman");
  directory.configure("aircraft.json", TABLE);
  directory.configure("other.json", OTHER_TABLE);
  directory.clear();
  const parts = [directory.packReal("old"), directory.packReal("new", "other.json")];
  for (const command of [["install", parts[0]], ["activate"], ["good"], ["install", parts[1]]])
    expect(directory.part(...(command as string[]))).toMatchObject({ code: 0, err: "" });
  flight.b.start(TABLE);
});
beforeEach(async () => {
  await flight.a.stop();
  if (store.current === "b") store.rollBack(ROLLED_BACK_BY_HAND);
});
afterAll(async () => {
  await flight.close();
  directory.close();
});

/** The server flies from its slots. */
function start(table: object, trialS = LONG_S): void {
  flight.a.start({ ...table, parts: { slots: directory.slots, trialS } });
}

function adopt(): Answer {
  const options = ["--config", "aircraft.json", "--run-dir", flight.a.runDirectory];
  return directory.run([WINGMAN, "adopt", ...options]);
}

const isHeldBack = (): boolean => {
  const state = flight.a.state();
  return state?.phase === "listening" && state.servers[1]?.state === "incompatible";
};

const refused = (words: string) => ({ code: 1, out: "", err: expect.stringContaining(words) });

test("a part that has not been started is not kept", async () => {
  expect(adopt()).toEqual(refused("adopt: not running"));
  start(TABLE);
  await flight.settled();
  expect(adopt()).toEqual(refused("adopt: no part is on trial here"));
  store.activate();
  expect(adopt()).toEqual(refused("adopt: slot b is on trial, but is not running: found "));
  expect(store.trial?.slot).toBe("b");
});

test("the newcomer waits, and names the servers it waits for; its part is kept only on ground, and it serves when the old table has left", async () => {
  store.activate();
  start(OTHER_TABLE);
  await until("a is held back", isHeldBack);
  expect(flight.a.command("status").out).toContain(
    "attention: takes no part while b holds another table ('wingman help adopt')",
  );
  expect(flight.b.command("status").out).toContain("attention: a holds another table: no peer");
  expect(flight.a.command("health").out).toContain("not healthy: server b holds another table");
  for (const text of ["0", "", "x"]) {
    directory.setGround(text);
    expect(adopt()).toEqual(refused("adopt: on ground only"));
  }
  directory.setGround("1");
  expect(store.trial?.slot).toBe("b");
  const waits = "it takes no part until these have left: b\n";
  expect(adopt()).toEqual({ code: 0, out: `slot b is kept: ${waits}`, err: "" });
  expect(adopt()).toEqual({ code: 0, out: `slot b is kept already: ${waits}`, err: "" });
  await until("the log has it", () => flight.a.log.includes("the part in slot b is good"));
  expect([store.current, store.trial]).toEqual(["b", null]);
  expect(isHeldBack()).toBe(true);

  expect(flight.a.drain("--no-wait").code).toBe(0);
  await until("it is drained", () => flight.a.state()?.draining);
  expect(adopt().out).toContain("it is drained: 'wingman resume' before the last of them leaves");
  expect(flight.a.command("resume").code).toBe(0);
  await until("it is resumed", () => flight.a.state()?.draining === false);

  expect(await flight.b.stop()).toBe(0);
  await until("a serves what is important", () => {
    const state = flight.a.state();
    return state !== null && ["announcements", "safety-video"].every((id) => ownersOf(state)[id]);
  });
  expect(flight.a.state()?.servers[1]?.state).toBe("leaving");
  expect(flight.a.command("health")).toMatchObject({ code: 0 });
  // A server that now starts with the old table waits in turn, and there is nothing to keep here.
  flight.b.start(TABLE);
  await until("b waits, and a knows", () => {
    const states = [flight.a.state(), flight.b.state()];
    return states[1]?.phase === "listening" && states[0]?.servers[1]?.state === "incompatible";
  });
  expect(adopt()).toEqual(refused("it is active, and its part is kept; these hold another table"));
});

test("with the table of the others nothing is kept that has not shown itself", async () => {
  await until("b serves", () => flight.b.state()?.phase === "active");
  store.activate();
  store.confirm();
  store.activate(); // slot a
  start(TABLE);
  await until("a is active", () => flight.a.state()?.phase === "active");
  expect(adopt()).toEqual(refused("adopt: no server that is heard holds another table: slot a"));
  await until("it is kept by itself", () => store.trial === null);
  expect(store.current).toBe("a");
});

test("other problems are not excused by the table", async () => {
  store.activate();
  start(OTHER_TABLE);
  await until("a is held back", isHeldBack);
  flight.a.host.plug(false);
  await until("it is cut off", () => flight.a.state()?.phase === "isolated");
  expect(adopt()).toEqual(
    refused("adopt: slot b is not healthy: it is isolated, and takes no part"),
  );
  expect(store.trial).not.toBeNull();
  flight.a.host.plug(true);
  await until("a is held back again", isHeldBack);
});

test("not adopted: after the time of a trial the previous part flies again", async () => {
  store.activate();
  start(OTHER_TABLE, SHORT_S);
  expect(await flight.a.exited()).toBe(0);
  expect(flight.a.log).toContain("server b holds another table");
  expect([store.current, store.trial]).toEqual(["a", null]);
  expect(adopt()).toEqual(refused("adopt: not running"));
});
