/**
 * A server gives only a part of its resource, and running functions are held: requested by commands
 * and by files, between real daemons.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Flight, ownersOf, type Server, TABLE } from "../harness/real-servers.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";

const PLANNED = {
  ...TABLE,
  allocation: "planned",
  servers: ["a", "b"].map((id) => ({ id, resource: 200 })),
};

let flight: Flight;
beforeEach(() => {
  flight = new Flight();
});
afterEach(async () => {
  await flight.close();
});

function capacityOf(server: Server, id: string): number | undefined {
  return server.state()?.servers.find((each) => each.id === id)?.capacity;
}

/** Everything runs, on one server only, and both see it. */
async function allOn(id: string): Promise<void> {
  await until(`everything runs on ${id}`, () =>
    [flight.a, flight.b].every((server) => {
      const state = server.state();
      if (state === null) return false;
      const isRunning = state.functions.every(({ state: word }) => word === "running");
      return isRunning && Object.values(ownersOf(state)).every((owner) => owner === id);
    }),
  );
}

/** Another engine than `before` takes part on a, and b hears it. */
async function backOnA(before: number): Promise<void> {
  const { a, b } = flight;
  await until("another engine takes part on a", () => {
    const heard = b.state()?.servers.find(({ id }) => id === "a")?.state;
    return a.enginePid !== before && a.state()?.phase === "active" && heard === "alive";
  });
}

test("capacity 0: everything moves; a killed engine, a killed daemon and a machine switched off change nothing", async () => {
  const { a, b } = flight;
  a.start(PLANNED);
  await until("a serves all", () => a.state()?.functions.every(({ owner }) => owner === "a"));
  b.start(PLANNED); // nothing that runs is moved to it
  await allOn("a");
  expect(a.command("capacity").out).toBe("a gives 100 per cent of its resource, 200 of 200\n");
  const asked = a.command("capacity", "0");
  expect(asked).toEqual({
    ...{ code: 0, err: "" },
    out: "a gives 0 per cent of its resource, 0 of 200\n",
  });
  await allOn("b");
  expect([capacityOf(a, "a"), capacityOf(b, "a")]).toEqual([0, 0]);
  expect(b.command("status").out).toContain("attention: a gives 0 per cent of its resource");
  await until("it is stored", () => existsSync(join(a.stateDirectory, "inputs")));

  const { enginePid } = a;
  signal(enginePid, "SIGKILL");
  await backOnA(enginePid);
  await allOn("b");
  expect(capacityOf(b, "a")).toBe(0);

  const { enginePid: killed } = a;
  await a.stop("SIGKILL");
  a.start(PLANNED);
  await backOnA(killed);
  await allOn("b");
  expect([capacityOf(a, "a"), capacityOf(b, "a")]).toEqual([0, 0]);

  expect(await a.stop("SIGTERM")).toBe(0);
  rmSync(a.runDirectory, { recursive: true, force: true });
  a.start(PLANNED);
  await until("a is back", () => a.state()?.phase === "active");
  await allOn("b");
  await a.logs("gives 0 per cent of its resource");

  // Without a everything would stop: announced first, and done in the air when confirmed.
  await b.stop("SIGKILL");
  await until("a is alone", () => a.state()?.servers[1]?.state !== "alive");
  expect(a.state()?.functions.every(({ owner }) => owner === null)).toBe(true);
  expect(a.command("capacity", "100").code).toBe(0);
  await until("a serves all", () => a.state()?.functions.every(({ owner }) => owner === "a"));
  const refused = a.command("capacity", "0");
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("to carry it out: wingman capacity 0 --confirm");
  expect(a.vips().length).toBeGreaterThan(0);
  expect(a.command("capacity", "0", "--confirm").code).toBe(0);
  await until("it has let go of everything", () => a.vips().length === 0);
  expect(a.command("capacity", "100", "--confirm").code).toBe(0);
  await until("what is given back is stored", () => !existsSync(join(a.stateDirectory, "inputs")));
});

test("the input files: the stricter request counts, and an invalid one changes nothing", async () => {
  const { a, b } = flight;
  const capacityInput = join(flight.a.stateDirectory, "thermal");
  a.start({ ...PLANNED, maintenance: { capacityInput } });
  b.start(PLANNED);
  await flight.settled();
  await until("a named file that is missing is told", () => a.log.includes('found "no file"'));
  writeFileSync(capacityInput, "0\n");
  await allOn("b");
  const told = a.command("capacity", "50");
  expect(told.out).toBe(`a gives 0 per cent of its resource, 0 of 200, set by ${capacityInput}\n`);
  writeFileSync(capacityInput, "cold");
  await until("that is told", () => a.log.includes('found "cold", expected a whole number'));
  expect(capacityOf(b, "a")).toBe(0);
  writeFileSync(capacityInput, "80");
  await until("the command counts again", () => capacityOf(b, "a") === 50);

  writeFileSync(join(b.runDirectory, "hold"), "1");
  await until("a knows that b holds", () => a.state()?.held);
  expect(a.command("hold").out).toBe("running functions are held by b\n");
  expect(a.command("hold", "on").out).toBe("running functions are held by a, b\n");
  expect(a.command("hold", "off").out).toBe("running functions are held by b\n");
  rmSync(join(b.runDirectory, "hold"));
  await until("nothing is held", () => a.state()?.held === false);
});

test("hold: nothing moves back to a server that is back, whatever is restarted, and then it does", async () => {
  const { a, b } = flight;
  const table = { ...PLANNED, allocation: "reset" };
  a.start(table);
  b.start(table);
  await flight.settled();
  expect(b.vips().length).toBeGreaterThan(0);
  expect(await b.stop("SIGTERM")).toBe(0);
  await until("a serves all", () => a.state()?.functions.every(({ owner }) => owner === "a"));
  expect(a.command("hold", "on")).toEqual({
    code: 0,
    err: "",
    out: "running functions are held by a\n",
  });
  b.start(table);
  await until("b is back", () => b.state()?.phase === "active" && b.state()?.held);
  await Bun.sleep(1500);
  await allOn("a");
  expect(a.command("hold", "off").out).toBe("nothing is held\n");
  await until("b has its part again", () => b.vips().length > 0);
});
