/**
 * Each network is monitored separately: one that carries nothing is named although the other does.
 */
import { afterEach, expect, test } from "bun:test";
import type { Server } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { Field, TWO_NETWORKS } from "./field.ts";

let field: Field;
afterEach(() => field.close());

/** Servers that one hears on a network, as its status says. */
const heardOn = (server: Server, name: string): string[] =>
  server.state()?.networks.find((network) => network.interface === name)?.heard ?? [];

async function hears(server: Server, name: string, ...others: string[]): Promise<void> {
  await until(
    () => `${server.id} hears ${others} on ${name}, but: ${heardOn(server, name)}`,
    () => heardOn(server, name).join() === others.join(),
  );
}

test("the second network carries nothing while its carrier is up: a fault for each server", async () => {
  field = new Field({ servers: 2, secondNetwork: true });
  const { a, b } = field;
  field.start(TWO_NETWORKS);
  await field.settled();
  for (const name of ["eth0", "eth1"]) {
    await hears(a, name, "b");
    await hears(b, name, "a");
  }
  field.cutSecond(b, true);
  expect(await field.fault(a, "WNG-0126")).toContain("b eth1");
  expect(await field.fault(b, "WNG-0126")).toContain("a eth1");
  await hears(a, "eth1");
  const own = a.state()?.servers.find(({ id }) => id === "a")?.networks;
  expect(own).toEqual([
    { interface: "eth0", carrier: true, heard: ["b"] },
    { interface: "eth1", carrier: true, heard: [] },
  ]);
  expect(a.command("status").out).toMatch(/eth1 +up +nobody/);
  const tested = a.command("console", "test").out;
  expect(tested).toMatch(/network eth0 +PASS/);
  expect(tested).toMatch(/network eth1 +FAIL +up, not heard: b/);
  field.cutSecond(b, false);
  await field.noFault(a);
  await field.noFault(b);
  expect(a.command("console", "test").out).toMatch(/network eth1 +PASS/);
}, 60_000);

test("the second network has no address, and gets one: joined all the time", async () => {
  field = new Field({ secondNetwork: true });
  const { a, b } = field;
  a.host.ip("addr", "flush", "dev", "eth1");
  field.start(TWO_NETWORKS);
  await field.settled();
  await hears(a, "eth1", "b");
  await hears(b, "eth1", "a");
  a.host.ip("addr", "add", "10.45.0.1/24", "dev", "eth1");
  await hears(a, "eth1", "b");
  await field.noFault(a);
}, 60_000);

test("the second adapter comes after the start, goes and comes again: joined whenever it is there", async () => {
  field = new Field({ secondNetwork: true });
  const { a, b } = field;
  field.fitSecondAdapter(a, false);
  field.start(TWO_NETWORKS);
  await field.settled();
  expect(await field.fault(a, "WNG-0123")).toContain("eth1");
  for (let round = 0; round < 2; round++) {
    field.fitSecondAdapter(a, true);
    await hears(a, "eth1", "b");
    await hears(b, "eth1", "a");
    await field.noFault(a);
    field.fitSecondAdapter(a, false);
    await hears(b, "eth1");
    await field.fault(a, "1 ACTIVE");
  }
}, 60_000);
