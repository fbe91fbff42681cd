import { afterEach, expect, test } from "bun:test";
import { until } from "../../test/harness/until.ts";
import { Readiness } from "./readiness.ts";

const HOSTNAME = "127.0.0.1";
const VIPS = [{ address: Uint8Array.of(127, 0, 0, 1) }];
const LATE_MS = 50;
/** Longer than the pause between two looks at a process that was waited for only briefly. */
const NEXT_LOOKS_MS = 200;

const listen = (port: number): Bun.TCPSocketListener =>
  Bun.listen({ hostname: HOSTNAME, port, socket: { data() {} } });

let told: string[] = [];
let readiness: Readiness;
let listener: Bun.TCPSocketListener;
afterEach(() => {
  readiness.end();
  listener.stop(true);
  told = [];
});

/** For a port at which nobody listens; gives its number. */
function readinessOfAFreePort(): number {
  listener = listen(0);
  const { port } = listener;
  listener.stop(true);
  readiness = new Readiness(
    VIPS,
    { port, timeoutMs: LATE_MS },
    (wasLate) => told.push(wasLate ? "ready, was late" : "ready"),
    () => told.push("late"),
  );
  return port;
}

test("wanted again while it is waited for: one wait, which reports once that it is ready", async () => {
  const port = readinessOfAFreePort();
  for (let times = 0; times < 3; times++) readiness.begin();
  listener = listen(port);
  await until("it is ready", () => told.length > 0);
  await Bun.sleep(NEXT_LOOKS_MS);
  expect(told.filter((word) => word !== "late")).toHaveLength(1);
});

test("wanted again when it was late: it has its whole time once more", async () => {
  readinessOfAFreePort();
  readiness.begin();
  await until("it is late", () => readiness.isLate);
  readiness.begin();
  expect(readiness.isLate).toBe(false);
  await until("it is late again", () => readiness.isLate);
  expect(told).toEqual(["late", "late"]);
});
