import { expect, test } from "bun:test";
import { until } from "../../test/harness/until.ts";
import { type FrontEnd, ReopenedFrontEnd } from "./front-end.ts";

const AGAIN_MS = 5;

/** A front end that fails as often as it is told to; counts what is done to it. */
function trial(failures: number): { frontEnd: FrontEnd; seen: string[]; hangUp: () => void } {
  const seen: string[] = [];
  let closed = (): void => {};
  const frontEnd: FrontEnd = {
    what: "console /dev/ttyS9",
    failedCode: 462,
    start(whenClosed) {
      seen.push("start");
      if (failures-- > 0) throw new Error("no such device");
      closed = whenClosed;
      return () => seen.push("close");
    },
  };
  return { frontEnd, seen, hangUp: () => closed() };
}

test("a front end that cannot be opened is reported once and retried", async () => {
  const { frontEnd, seen, hangUp } = trial(3);
  const told: string[] = [];
  const door = new ReopenedFrontEnd(
    frontEnd,
    ({ what }, { message }) => told.push(`${what}: ${message}`),
    AGAIN_MS,
  );
  await door.start();
  await until("the fourth start", () => seen.length === 4);
  expect(told).toEqual(["console /dev/ttyS9: no such device"]);
  hangUp();
  await until("another start", () => seen.length === 5);
  await Bun.sleep(1);
  door.stop();
  expect(seen).toEqual(["start", "start", "start", "start", "start", "close"]);
  expect(told.length).toBe(1);
});

test("after the stop nothing is opened", async () => {
  const { frontEnd, seen, hangUp } = trial(0);
  const door = new ReopenedFrontEnd(frontEnd, () => {}, AGAIN_MS);
  await door.start();
  door.stop();
  hangUp();
  await Bun.sleep(4 * AGAIN_MS);
  expect(seen).toEqual(["start", "close"]);
});

test("what opens too late is closed at once", async () => {
  const seen: string[] = [];
  const late = Promise.withResolvers<() => void>();
  const door = new ReopenedFrontEnd(
    { what: "page", failedCode: 463, start: () => late.promise },
    () => {},
    AGAIN_MS,
  );
  const starting = door.start();
  door.stop();
  late.resolve(() => seen.push("close"));
  await starting;
  expect(seen).toEqual(["close"]);
});
