/**
 * The client interface is missing, or has no address, at boot or in flight: everything but the
 * flight goes on and reports it, and service returns with the interface.
 */
import { afterEach, expect, test } from "bun:test";
import type { Server } from "../harness/real-servers.ts";
import { ServiceManager, WATCHDOG_MS } from "../harness/service-manager.ts";
import { until } from "../harness/until.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
let manager: ServiceManager | null = null;
afterEach(async () => {
  manager?.close();
  manager = null;
  await field.close();
});

function watched(server: Server): ServiceManager {
  manager = new ServiceManager(server.host);
  server.environment = manager.environment;
  return manager;
}

/** The service manager hears from the daemon for longer than its watchdog waits. */
async function isFed(heard: ServiceManager): Promise<void> {
  for (let rounds = 0; rounds < 2 * Math.ceil(WATCHDOG_MS / 500); rounds++) {
    const before = heard.count("WATCHDOG=1");
    await until("it is fed", () => heard.count("WATCHDOG=1") > before, WATCHDOG_MS);
    await Bun.sleep(500);
  }
}

const serves = (server: Server): boolean =>
  server.state()?.functions.some(({ owner }) => owner === server.id) ?? false;

async function servesAgain(server: Server): Promise<void> {
  await until(`${server.id} serves`, () => serves(server));
  await field.settled();
  await until("one server answers for each VIP", async () => {
    const answers = await field.answers("10.44.1.1", "10.44.1.2", "10.44.1.3", "10.44.1.4");
    return [...answers.values()].every(({ size }) => size === 1);
  });
  await field.noFault(server);
}

test("it is missing at boot: supervisor and console stay and name it, and are fed", async () => {
  field = new Field();
  const { a, b, network } = field;
  const heard = watched(a);
  network.takeOut(a.host);
  a.start(FIELD_TABLE);
  b.start(FIELD_TABLE);
  expect(await field.fault(a, "WNG-0446")).toContain("CLIENT INTERFACE MISSING");
  await isFed(heard);
  expect(heard.status).toContain("no interface eth0");
  expect(a.isRunning).toBe(true);
  network.putIn(a.host, "10.44.0.1/16");
  await servesAgain(a);
  expect(heard.count("READY=1")).toBe(1);
}, 60_000);

test("no keep-alive interface is there: it does not serve alone beside the others", async () => {
  field = new Field();
  const { a, b } = field;
  const keepAlive = { ...FIELD_TABLE.keepAlive, interfaces: ["eth7"] };
  a.start({ ...FIELD_TABLE, keepAlive, clients: { interface: "eth0" } });
  b.start(FIELD_TABLE);
  expect(await field.fault(a, "WNG-0448")).toContain("KEEP-ALIVE INTERFACES MISSING");
  expect(a.log).toContain("no interface eth7: waiting for it; there are: ");
  expect(a.log).toContain("eth0");
  await until("the other serves", () => serves(b));
  expect(a.vips()).toEqual([]);
  expect(await a.stop()).toBe(0);
}, 60_000);

test.each(["off", "preferred"])(
  "it is out in flight, and in again, lease %s: the other serves, then both; no fault stays",
  async (lease) => {
    field = new Field();
    const { a, b, network } = field;
    const heard = watched(a);
    field.start({ ...FIELD_TABLE, clients: { lease } });
    await field.settled();
    const { pid } = a;
    for (let round = 0; round < 2; round++) {
      network.takeOut(a.host);
      await field.fault(a, "CLIENT");
      await until("the other has everything", () =>
        b.state()?.functions.every(({ owner }) => owner !== "a"),
      );
      await isFed(heard);
      network.putIn(a.host, "10.44.0.1/16");
      await servesAgain(a);
    }
    expect(a.pid).toBe(pid);
  },
  60_000,
);

test("it has no address at boot, gets one, and loses it in flight: it serves all the time", async () => {
  field = new Field();
  const { a } = field;
  a.host.ip("addr", "flush", "dev", "eth0");
  field.start();
  await field.settled();
  await servesAgain(a);
  a.host.ip("addr", "add", "10.44.0.1/16", "dev", "eth0");
  a.host.ip("addr", "del", "10.44.0.1/16", "dev", "eth0");
  await servesAgain(a);
  expect(a.log).not.toMatch(/SERVER LOST|RELEASED|ENGINE ENDED/);
}, 60_000);
