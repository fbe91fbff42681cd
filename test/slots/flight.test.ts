/**
 * Real executables that fly from slots: a healthy part is kept, an unhealthy one is rolled back
 * automatically.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { SlotStore } from "../../src/slots/slot-store.ts";
import { Flight, TABLE } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { SlotsDirectory } from "./slots-directory.ts";

const directory = new SlotsDirectory();
const store = new SlotStore(directory.slots);
let flight: Flight;

beforeAll(() => {
  flight = new Flight();
  flight.a.executable = join(directory.slots, "current/wingman");
  directory.clear();
  const part = directory.packReal("real");
  for (const command of [["install", part], ["activate"], ["good"], ["install", part]])
    expect(directory.part(...command)).toMatchObject({ code: 0, err: "" });
});
afterAll(async () => {
  await flight.close();
  directory.close();
});

const parts = { slots: directory.slots, trialS: 10 };

test("a healthy part on trial is kept, and logged", async () => {
  expect(directory.part("activate")).toMatchObject({ code: 0 });
  expect(directory.part("boot").out).toBe(`${join(directory.slots, "b/wingman")}\n`);
  flight.b.start(TABLE);
  flight.a.start({ ...TABLE, parts });
  await until("it is kept", () => flight.a.log.includes("the part in slot b is good"));
  expect([store.current, store.trial]).toEqual(["b", null]);
  expect(flight.a.log).toContain("the part in slot b is on trial");
  const health = flight.a.command("health");
  expect(health).toMatchObject({ code: 0, out: "healthy\n" });
  await flight.a.stop();
  expect(flight.a.command("health").code).toBe(1);
});

test("a part with which a function fails is rolled back to the previous one, which logs it", async () => {
  expect(directory.part("activate")).toMatchObject({ code: 0 });
  await flight.b.stop();
  const [first, ...others] = TABLE.functions;
  const failing = [{ ...first, command: ["/bin/false"], start: "always" }, ...others];
  flight.a.start({ ...TABLE, parts, functions: failing });
  await until("its health says why", () =>
    flight.a.command("health").out.includes("function announcements has failed here"),
  );
  expect(await flight.a.exited()).toBe(0);
  expect(flight.a.log).toContain("not healthy in time, back to the other slot");
  expect([store.current, store.trial]).toEqual(["b", null]);
  expect(directory.part("boot").out).toBe(`${join(directory.slots, "b/wingman")}\n`);
  flight.a.start({ ...TABLE, parts });
  await until("it is said", () => flight.a.log.includes("the part in slot a was rolled back"));
  await until("the log has it", () =>
    flight.a.command("console", "show", "faults").out.includes("WNG-0492 PART ROLLED BACK"),
  );
  expect(store.state.rolledBack).toMatchObject({ slot: "a", isLogged: true });
});
