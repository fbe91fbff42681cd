/**
 * Whatever is sent to the ports of a data load: nothing dies, nothing grows, nothing is forgotten.
 * Needs root and `ip`.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SEAT_ADDRESS } from "../field/field.ts";
import { run } from "../harness/command.ts";
import { until } from "../harness/until.ts";
import { LoadingField, TARGET } from "./loading-field.ts";

const CHILD = join(import.meta.dir, "../children/garbage-load.ts");
const DATAGRAMS = 5000;
const ROUNDS = 4;
/** Memory that the garbage collector of a busy process frees later. */
const GROWTH_BYTES_MAX = 24 << 20;

let place: LoadingField;
beforeEach(() => {
  place = new LoadingField();
});
afterEach(async () => {
  await place.end();
});

function managePid(): number {
  const { server } = place;
  return (
    server
      .processes()
      .find((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0")[1] === "manage") ??
    0
  );
}

function figures(pid: number): { residentBytes: number; sockets: number } {
  const [, kib = "0"] =
    /^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1")) ?? [];
  const text = place.server.host.run("cat", "/proc/net/udp");
  return { residentBytes: Number(kib) * 1024, sockets: text.trim().split("\n").length - 1 };
}

test(`${ROUNDS * DATAGRAMS} datagrams: the process lives, has not grown, and serves the next loader`, async () => {
  await place.start();
  const pid = managePid();
  const send = (seed: number): string =>
    run(
      ...[...place.field.seat.enter, process.execPath, CHILD],
      ...[TARGET, String(DATAGRAMS), String(seed)],
    );
  const idle = figures(pid).sockets;
  const quiet = (): Promise<unknown> =>
    until(
      "nothing under way",
      () => place.state()?.operation === null && figures(pid).sockets === idle,
    );
  send(1);
  await quiet();
  const before = figures(pid).residentBytes;
  for (let round = 2; round <= ROUNDS; round++) send(round);
  await quiet();
  const grown = figures(pid).residentBytes - before;
  expect(grown).toBeLessThan(GROWTH_BYTES_MAX);
  expect(managePid()).toBe(pid);
  expect(place.server.state()?.phase).toBe("active");
  expect(place.begin("LCI").status).toBe(1);
  expect(await place.ended()).toMatchObject({ kind: "information", from: SEAT_ADDRESS });
});
