/**
 * One fault each, with its bounds: a dead owner whose link is up, and a cut that no server can
 * detect.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { leaseMsOf } from "../../src/boundary/timing.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { signalAll } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { twoAnswers } from "../harness/watch/one-answer.ts";
import { Aircraft, tableOf } from "./chaos-aircraft.ts";
import { healGraceMs } from "./chaos-flight.ts";

const TIMING = { periodMs: 20, lostAfterPeriods: 10 };
const ANNOUNCEMENTS = 0;

let aircraft: Aircraft;
beforeEach(() => {
  aircraft = new Aircraft(2, tableOf(2, TIMING, "required"));
});
afterEach(async () => {
  await aircraft.close();
});

const ownerOf = (server: number): number =>
  aircraft.view(server)?.functions[ANNOUNCEMENTS]?.owner ?? -1;

async function settled(): Promise<{ owner: number; other: number }> {
  for (const server of [0, 1]) aircraft.start(server);
  await until("both take part and agree about the owner", () => {
    const running = [0, 1].every(
      (server) => aircraft.view(server)?.functions[ANNOUNCEMENTS]?.state === "running",
    );
    return running && ownerOf(0) === ownerOf(1) && aircraft.view(0)?.servers[1] === "alive";
  });
  const owner = ownerOf(0);
  return { owner, other: 1 - owner };
}

test("SIGKILL of every process of an owner: its VIPs are silent within the lease, and the other server never answers beside it", async () => {
  const { owner, other } = await settled();
  const watch = await aircraft.watch();
  await Bun.sleep(200);
  signalAll(aircraft.processes(owner), "SIGKILL");
  const killedUs = nowUs();
  await until("the other has taken over", () => ownerOf(other) === other);
  await Bun.sleep(500);
  const { tenures, lost } = await watch.end();
  expect(lost).toBe(0);
  const last = Math.max(
    ...tenures.filter(({ server }) => server === owner).map(({ toUs }) => toUs),
  );
  expect(last).toBeGreaterThan(killedUs - 100_000); // it had answered
  expect((last - killedUs) / 1000).toBeLessThanOrEqual(
    leaseMsOf(TIMING.periodMs, TIMING.lostAfterPeriods),
  );
  expect(tenures.some(({ server, vip }) => server === other && vip === ANNOUNCEMENTS)).toBe(true);
  expect(twoAnswers(tenures)).toEqual([]);
});

test("two servers that a cut has parted both serve their side, and soon after the heal one of them alone", async () => {
  await settled();
  const watch = await aircraft.watch();
  const cut = aircraft.servers[1];
  cut?.host.block(true);
  await until(
    "each owns what it can without the other",
    () => ownerOf(0) === 0 && ownerOf(1) === 1,
  );
  await Bun.sleep(300);
  cut?.host.block(false);
  const healedUs = nowUs();
  await until(
    "both agree again",
    () => ownerOf(0) === ownerOf(1) && aircraft.view(0)?.servers[1] === "alive",
  );
  await Bun.sleep(500);
  const { tenures, lost } = await watch.end();
  expect(lost).toBe(0);
  const both = twoAnswers(tenures).filter(({ vip }) => vip === ANNOUNCEMENTS);
  expect(both.length).toBeGreaterThan(0); // no watcher on one side alone would have seen it
  const endUs = Math.max(...both.map(({ toUs }) => toUs));
  expect((endUs - healedUs) / 1000).toBeLessThanOrEqual(healGraceMs(TIMING));
});
