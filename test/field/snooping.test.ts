/** A snooping switch without a querier forgets the group: servers still stay connected. */
import { afterEach, expect, test } from "bun:test";
import { run } from "../harness/command.ts";
import { until } from "../harness/until.ts";
import { Field } from "./field.ts";

let field: Field;
afterEach(() => field.close());

/** Hundredths of a second. */
const FORGETS_AFTER = 150;
const ROUNDS = 3;

test("the group's membership ages out: asked for again before anybody is lost, and named", async () => {
  field = new Field();
  const { a, b } = field;
  const snooping = {
    mcast_snooping: 1,
    mcast_querier: 1, // it asks at its start, and then not for ten minutes
    mcast_query_interval: 60_000,
    mcast_query_response_interval: 10,
    mcast_membership_interval: FORGETS_AFTER,
  };
  const options = Object.entries(snooping).flatMap(([name, value]) => [name, String(value)]);
  run("ip", "-n", a.host.bridge, "link", "set", "br0", "type", "bridge", ...options);
  field.start();
  await field.settled();
  const flaps = (): string[] =>
    [a, b].flatMap(({ log }) => log.match(/SERVER LOST|OWNED TWICE|LEASE RAN OUT/g) ?? []);
  await until("the switch has forgotten the group", () => {
    const isNamed = field.servers.some((server) => field.faults(server).includes("WNG-0128"));
    return isNamed || flaps().length > 0;
  });
  await Bun.sleep(ROUNDS * FORGETS_AFTER * 10);
  expect(flaps()).toEqual([]);
}, 60_000);
