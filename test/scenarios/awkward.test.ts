/** Awkward cases found by adversarial review of the core, each of which it once got wrong. */

import { expect, test } from "bun:test";
import { FunctionTable, PROCESS_NONE } from "../../src/allocation/function-table.ts";
import { POLICY_NAMES } from "../../src/allocation/policies.ts";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { LOG_SERVER_ID_TWICE } from "../../src/boundary/maintenance-code.ts";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../../src/limits.ts";
import { Random } from "../harness/seeded-random.ts";
import { NominalWorld } from "../simulation/nominal-world.ts";
import { play } from "./story.ts";

test("a server that was unreachable for a while keeps its place: nothing is stopped to make room for its functions", () => {
  play(`servers a 100, b 100, c 100
    functions f 40 p9, g 40 p8, h 60 p7, i 60 p2, j 60 p2
    start a b c
    wait 500 ms
    a: f i | b: g j | c: h
    cut c>a
    cut c>b
    wait 20 ms
    join c>b
    wait 20 ms
    a logs 112
    a sees c alive
    join c>a
    wait 20 ms
    a sees c alive
    wait 1 s
    nobody is told
    a: f i | b: g j | c: h`);
});

test("a newcomer that only this server has lost is not failed: its functions are left alone", () => {
  play(`servers a 100, b 100, c 100
    functions f 60 p9, g 60 p8, h 60 p5
    recovered after 3
    start a b
    wait 300 ms
    a: f | b: g | nowhere: h
    start c
    wait 15 ms
    cut c>a
    wait 200 ms
    a sees c alive; b sees c alive
    join c>a
    wait 300 ms
    all agree
    a: f | b: g | c: h
    quiet for 5 s`);
});

for (const policy of POLICY_NAMES) {
  test(`${policy}: two boxes with one id start together: neither serves, and the others do not count on them`, () => {
    play(`servers a 100, b 100
      policy ${policy}
      functions f 60 p9, g 40 p8
      a second b
      start a b b'
      wait 3 s
      a: f g
      b is listening; b' is listening
      b logs 115; b' logs 115
      quiet for 5 s`);
  });

  test(`${policy}: a server that waits for another table to go is not counted on`, () => {
    play(`servers a 100, b 100, c 100
      policy ${policy}
      functions f 60 p9, g 40 p8
      start c with another table
      wait 300 ms
      cut a-c
      start a
      wait 300 ms
      start b
      wait 3 s
      a is active; b is listening; c is active
      a: f g
      quiet for 5 s`);
  });
}

test("a second box with the id of a running server, its incarnation newer: the running one keeps its functions", () => {
  play(`servers a 100, b 100
    functions f 60 p9, g 60 p8
    start a b
    wait 300 ms
    a: f | b: g
    a second b
    start b'
    wait 3 s
    a: f | b: g
    a sees b alive
    b' is listening`);
});

test("two tables that both serve, after a divided network was joined: one side goes on, the other becomes passive", () => {
  play(`servers a 100, b 100
    functions f 30 p9, g 30 p8
    cut a-b
    start a
    start b with another table
    wait 300 ms
    a is active; b is active
    join a-b
    wait 100 ms
    a is active; b is listening
    a: f g
    quiet for 5 s`);
});

test("one direction is cut: the server that hears the other take its functions releases them", () => {
  for (const [from, to] of [
    ["a", "b"],
    ["b", "a"],
  ]) {
    const world = play(`servers a 100, b 100
      functions f 30 p9, g 30 p8
      start a b
      wait 300 ms
      a: f | b: g
      cut ${from}>${to}
      wait 100 ms`);
    expect(world.hosts.map(({ upCount }) => upCount).sort()).toEqual([0, 2]);
    world.cut(0, 1, false);
    world.run(1000);
    expect(world.agrees()).toBe(true);
    expect(world.owners()).not.toContain(-1);
  }
});

test("a claim is not held up for ever by a server that does not hear the claimant", () => {
  play(`servers a 100, b 100, c 100
    functions f 30 p9 on a+b
    start b
    wait 300 ms
    start a c
    wait 300 ms
    b: f
    cut a>c
    wait 100 ms
    c sees a alive; a sees c alive
    process of f on b fails
    wait 100 ms
    a: f`);
});

test("an address that was removed by hand and cannot be put back moves its function", () => {
  play(`servers a 100, b 100
    functions pa 30 p10
    start a b
    wait 300 ms
    a: pa
    address of pa on a is refused from now on
    address of pa on a is removed
    wait 5 ms
    b: pa
    a logs 210
    quiet for 5 s`);
});

test("all servers come back to one that runs all functions: it announces every address once", () => {
  const rows = Array.from({ length: FUNCTIONS_MAX }, () => ({
    required: 1,
    priority: 5,
    servers: (1 << SERVERS_MAX) - 1,
    process: PROCESS_NONE,
    stopGraceMs: 0,
  }));
  const table = new FunctionTable(Array<number>(SERVERS_MAX).fill(FUNCTIONS_MAX), rows);
  const world = new NominalWorld({ table, policy: PREEMPT });
  const [first, ...others] = world.hosts;
  world.start(first);
  world.run(1500);
  const { announcements } = world.recorder;
  const before = announcements[0];
  for (const host of others) world.start(host);
  world.run(200);
  expect(world.agrees()).toBe(true);
  expect(announcements[0] - before).toBe(FUNCTIONS_MAX);
});

test("servers that lose up to 30 % of the datagrams while they start give nothing out twice", () => {
  for (let seed = 1; seed <= 100; seed++) {
    const random = new Random(seed);
    const percent = random.between(1, 30);
    const rows = [9, 8].map((priority) => ({
      required: 30,
      priority,
      servers: 3,
      process: PROCESS_NONE,
      stopGraceMs: 0,
    }));
    const world = new NominalWorld({
      table: new FunctionTable([100, 100], rows),
      policy: PREEMPT,
    });
    const deliveredAtUs = [0, 0];
    // Never two lost in a row: then it would be a failure, not a loss.
    world.air.filter = (from) => {
      const isLost =
        world.nowUs < deliveredAtUs[from] + 20_000 && random.between(1, 100) <= percent;
      if (!isLost) deliveredAtUs[from] = world.nowUs;
      return !isLost;
    };
    world.startAll();
    world.run(2000); // P1 is checked in every turn
    world.air.filter = null;
    world.run(1000);
    expect(world.agrees()).toBe(true);
  }
});

test("own datagrams that come back, through two networks that are joined somewhere, are no second box", () => {
  const rows = [{ required: 1, priority: 5, servers: 3, process: PROCESS_NONE, stopGraceMs: 0 }];
  const world = new NominalWorld({
    table: new FunctionTable([1, 1], rows),
    policy: PREEMPT,
    networks: 2,
  });
  world.startAll();
  world.run(300);
  world.powerOff(world.hosts[1]);
  world.air.filter = (from, _to, network, datagram) => {
    if (from === 0 && network === 0) world.air.inject(0, datagram, 1, world.nowUs);
    return true;
  };
  world.startAll();
  world.run(300);
  expect(world.agrees()).toBe(true);
  expect(world.recorder.log.filter(({ code }) => code === LOG_SERVER_ID_TWICE)).toEqual([]);
});
