/** Conditions under which a real daemon does not start, and its messages. Needs root and `ip`. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Flight, TABLE } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";

let flight: Flight;
beforeEach(() => {
  flight = new Flight();
});
afterEach(async () => {
  await flight.close();
});

test("a second daemon on the same client interface is refused", async () => {
  flight.a.start(TABLE);
  await until("a is active", () => flight.a.state()?.phase === "active");
  const twin = flight.a.twin(flight.a.host);
  twin.start(TABLE);
  expect(await twin.exited()).toBe(1);
  await twin.logs("eth0 is in use by another wingman");
  expect(flight.a.vips().length).toBeGreaterThan(0);
  expect(flight.a.log).not.toContain("REMOVED BY HAND");
});

test("a second start in the same run directory is refused and disturbs nothing", async () => {
  flight.a.start(TABLE);
  await until("a is active", () => flight.a.state()?.phase === "active");
  const config = join(flight.a.runDirectory, "config.json");
  const second = Bun.spawnSync([
    ...[
      "ip",
      "netns",
      "exec",
      flight.a.host.namespace,
      join(import.meta.dir, "../../dist/wingman"),
      "run",
    ],
    ...[
      "--server",
      "a",
      "--config",
      config,
      "--run-dir",
      flight.a.runDirectory,
      "--state-dir",
      "/tmp",
    ],
  ]);
  expect(second.exitCode).toBe(1);
  expect(second.stderr.toString()).toContain(`already running as pid ${flight.a.pid}`);
  expect(flight.a.state()?.phase).toBe("active");
});

test("a lease that does not fit the detection time is a wrong configuration", async () => {
  const keepAlive = { ...TABLE.keepAlive, periodMs: 10, lostAfterPeriods: 2 };
  flight.a.start({ ...TABLE, keepAlive, clients: { lease: "required" } });
  expect(await flight.a.exited()).toBe(2);
  await flight.a.logs("clients.lease");
});

test("a wrong configuration: every problem, exit 2, nothing started", async () => {
  const wrong = {
    ...TABLE,
    functions: [{ id: "x", required: 500, priority: 11, vips: ["10.44.1.1/16"], colour: 1 }],
  };
  flight.a.start(wrong);
  expect(await flight.a.exited()).toBe(2);
  await flight.a.logs("functions[0].priority");
  await flight.a.logs("functions[0].required");
  await flight.a.logs("functions[0].colour");
  expect(existsSync(flight.a.runDirectory)).toBe(false);
  expect(flight.a.vips()).toEqual([]);
});
