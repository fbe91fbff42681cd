/** The cable of the client interface is pulled: this is noticed before the kernel reports it. */
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { linkState } from "../../src/io/network-interface.ts";
import { readSnapshot } from "../../src/supervisor/status-reader.ts";
import { STATUS_FLAG_CARRIER } from "../../src/wire/status-snapshot.ts";
import type { Server } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { Field, TWO_NETWORKS } from "./field.ts";

const ROUNDS_MAX = 8;

let field: Field;
afterEach(() => field.close());

const hasCarrier = (server: Server): boolean => {
  const snapshot = readSnapshot(join(server.runDirectory, "status"));
  return snapshot !== null && (snapshot.flags & STATUS_FLAG_CARRIER) !== 0;
};

/** The kernel's reports about eth0, which come with a delay. */
const told = (server: Server): string => server.host.inside(() => linkState("eth0"));

/**
 * The kernel gathers what happens to links: after one event it tells the next a second later,
 * unless the two ends of a link have other indexes, which no hardware has.
 */
async function afterAnotherEvent(): Promise<void> {
  const { seat } = field;
  const seatIs = (state: string) =>
    until(state, () => seat.inside(() => linkState("eth0")) === state);
  seat.plug(false);
  await seatIs("no carrier");
  seat.plug(true);
  await seatIs("up");
}

/** @returns whether the server noticed before its kernel told */
async function noticesAtOnce(server: Server): Promise<boolean> {
  await afterAnotherEvent();
  server.host.plug(false);
  await until("the loss is noticed", () => !hasCarrier(server));
  const isAhead = told(server) === "up";
  await until("the other server has everything", () =>
    field.b.state()?.functions.every(({ owner }) => owner === null || owner === "b"),
  );
  server.host.plug(true);
  await until("carrier is back", () => hasCarrier(server));
  await field.settled();
  return isAhead;
}

test("carrier loss within a second of another link event is noticed before the kernel reports it", async () => {
  field = new Field({ secondNetwork: true });
  field.start(TWO_NETWORKS);
  await field.settled();
  let isAhead = false;
  for (let round = 0; round < ROUNDS_MAX && !isAhead; round++)
    isAhead = await noticesAtOnce(field.a);
  expect(isAhead).toBe(true);
  await until("one server answers for each VIP", async () => {
    const answers = await field.answers("10.44.1.1", "10.44.1.2", "10.44.1.3");
    return [...answers.values()].every(({ size }) => size === 1);
  });
  await field.noFault(field.a);
}, 60_000);

test("a cable that is out for less than the kernel's second is in again, and nothing stays behind", async () => {
  field = new Field({ secondNetwork: true });
  field.start(TWO_NETWORKS);
  await field.settled();
  await afterAnotherEvent();
  field.a.host.plug(false);
  await until("the loss is noticed", () => !hasCarrier(field.a));
  field.a.host.plug(true);
  await until("carrier is back", () => hasCarrier(field.a));
  await field.settled();
  await field.noFault(field.a);
}, 60_000);
