/**
 * Real daemons: a killed engine is restarted once, and gets its lease, although the other server
 * does not hear it yet.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Flight, ownersOf, TABLE } from "../harness/real-servers.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";

let flight: Flight;
beforeEach(() => {
  flight = new Flight();
});
afterEach(async () => {
  await flight.close();
});

const KILLS = 3;

/** A machine that stalls for as long as a lease lasts ends running engines, too. */
function isOverloaded(log: string): boolean {
  return /WNG-030[158]/.test(log);
}

describe.each([
  [20, 25],
  [20, 10],
  [10, 10],
])("%d ms × %d", (periodMs, lostAfterPeriods) => {
  test("SIGKILL of the owner's engine: one new start, no lease that runs out, and both agree again", async () => {
    const keepAlive = { ...TABLE.keepAlive, periodMs, lostAfterPeriods };
    const table = { ...TABLE, keepAlive, clients: { lease: "required" } };
    flight.a.start(table);
    flight.b.start(table);
    for (let kill = 0; kill < KILLS; kill++) {
      const [state] = await flight.settled();
      const owner = ownersOf(state).announcements === "a" ? flight.a : flight.b;
      const { enginePid } = owner;
      signal(enginePid, "SIGKILL");
      const next = await until("the engine runs again", () => {
        const pid = owner.enginePid;
        return Number.isNaN(pid) || pid === enginePid ? null : pid;
      });
      await flight.settled();
      if (isOverloaded(owner.log)) continue;
      const last = await until("the engine tells its process", () => owner.enginePid || null);
      expect(last, owner.log).toBe(next); // the first one that was started
    }
    for (const { log } of [flight.a, flight.b]) {
      const starts = log.split("engine started").slice(1);
      for (const start of starts) {
        const [untilContact = ""] = start.split("WNG-0110");
        expect(untilContact, log).not.toContain("WNG-0305");
      }
    }
  });
});
