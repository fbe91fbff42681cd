/** Requests to a server in flight: to give less of its resource, and to move nothing. */
import { expect, test } from "bun:test";
import { FunctionTable, PROCESS_NONE } from "../../src/allocation/function-table.ts";
import { POLICY_NAMES, policyNamed } from "../../src/allocation/policies.ts";
import { CONTROL_LEAVE } from "../../src/wire/control.ts";
import type { Host } from "../simulation/host.ts";
import { NominalWorld } from "../simulation/nominal-world.ts";
import { play } from "./story.ts";

const SYSTEM = `
  servers a 100, b 100
  functions f 40 p9, g 40 p8, h 40 p7, i 30 p2
  start a b
  wait 500 ms
  all agree`;

test.each(POLICY_NAMES)(
  "%s: what no longer fits moves, and no less important one is left",
  (policy) => {
    const world = play(`
    policy ${policy}
    ${SYSTEM}
    capacity a 60
    wait 500 ms
    all agree`);
    const { table } = world.aircraft;
    const load = world.hosts.map(({ load }) => load);
    expect(load[0]).toBeLessThanOrEqual(60);
    // 160 are left for 150: as much as fits in whole functions is there, and the most important
    // ones.
    const owners = world.owners();
    expect(owners.slice(0, 3)).not.toContain(-1);
    expect(table.functionCount).toBe(4);
  },
);

test("planned: lowered to nothing is handed over to the last function, and given back it is even again", () => {
  play(`
    policy planned
    servers a 100, b 100
    functions f 40 p9, g 40 p8, h 20 p7
    start a b
    wait 500 ms
    a: f h | b: g
    capacity a 0
    wait 500 ms
    all agree
    a: - | b: f g h
    quiet for 3 s
    capacity a 100
    wait 500 ms
    all agree
    quiet for 3 s`);
});

test("planned: what fits nowhere is stopped, the least important first, and comes back", () => {
  play(`
    policy planned
    servers a 100, b 50
    functions f 50 p9, g 50 p8, h 50 p7
    start a b
    wait 500 ms
    a: f g | b: h
    capacity a 60
    wait 500 ms
    a: f | b: g | nowhere: h
    all agree
    crash b
    wait 500 ms
    a: f | nowhere: g h
    start b
    wait 500 ms
    a: f | b: g | nowhere: h
    capacity a 100
    wait 500 ms
    a: f h | b: g
    all agree
    quiet for 3 s`);
});

test("it outlives its engine, and an engine that starts knows of it before it takes anything", () => {
  play(`
    servers a 100, b 100
    functions f 50 p9, g 50 p8
    start a b
    wait 500 ms
    a: f | b: g
    capacity a 40
    wait 500 ms
    a: - | b: f g
    kill a
    wait 2 s
    all agree
    a: - | b: f g
    crash b
    wait 500 ms
    a: - | nowhere: f g`);
});

test("planned: nothing moves to make room on a server that is back while it is held, and then it does", () => {
  play(`
    policy planned
    servers a 60, b 40
    functions f 30 p6, g 60 p5
    start a b
    wait 500 ms
    a: g | b: f
    crash b
    wait 500 ms
    a: f | nowhere: g
    hold a
    start b
    wait 500 ms
    all agree
    a: f | nowhere: g
    hold b; hold a ends
    wait 500 ms
    a: f | nowhere: g
    hold b ends
    wait 500 ms
    all agree
    a: g | b: f`);
});

test("reset: nothing moves back to a server that is back while it is held, and then it does", () => {
  play(`
    policy reset
    servers a 100, b 100
    functions f 60 p9, g 40 p8
    start a b
    wait 500 ms
    a: f | b: g
    crash b
    wait 500 ms
    a: f g
    hold a
    start b
    wait 500 ms
    all agree
    a: f g | b: -
    hold a ends
    wait 500 ms
    all agree
    a: f | b: g`);
});

test("held functions still move when their server fails, drains or gives too little", () => {
  play(`
    servers a 100, b 100, c 100
    functions f 50 p9
    start a b c
    wait 500 ms
    a: f
    hold c
    drain a
    wait 500 ms
    b: f
    crash b
    wait 500 ms
    c: f
    resume a
    wait 500 ms
    c: f
    capacity c 40
    wait 500 ms
    a: f | c: -
    quiet for 2 s`);
});

const row = { required: 50, priority: 9, servers: 7, process: PROCESS_NONE, stopGraceMs: 0 };

/**
 * Servers of the previous version would plan with all of a's resource, and a with less: they would
 * disagree. So the limit has no effect while one of them flies; it takes effect when that one has
 * left, although its layout is still supported in case it comes back.
 */
test.each(POLICY_NAMES)(
  "%s: the capacity of a server counts while all running servers understand it",
  (policy) => {
    const table = new FunctionTable([100, 100, 100], [row]);
    const world = new NominalWorld({ table, policy: policyNamed(policy) });
    const [a, , c] = world.hosts as [Host, Host, Host];
    c.isOlder = true;
    world.startAll();
    world.run(500);
    world.setInputs(a, 60, true);
    world.run(1000);
    expect([world.owners(), world.agrees()]).toEqual([[0], true]);
    expect(world.engine(0).sender.message).toMatchObject({ version: 5, withheld: 0, holds: 0 });
    world.command(c, CONTROL_LEAVE);
    world.run(1000);
    expect([world.owners(), world.agrees()]).toEqual([[1], true]);
    expect(world.engine(0).sender.message).toMatchObject({ version: 5, withheld: 60, holds: 1 });
    world.start(c);
    world.run(1000);
    expect(world.agrees()).toBe(true);
    expect(world.engine(0).sender.message).toMatchObject({ version: 5, withheld: 0, holds: 0 });
    expect(world.engine(1).membership.latest(0)).toMatchObject({ withheld: 0, holds: 0 });
    world.command(c, CONTROL_LEAVE);
    world.run(500);
    c.isOlder = false;
    world.start(c);
    world.run(1000);
    expect(world.agrees()).toBe(true);
    expect(world.engine(1).membership.latest(0)).toMatchObject({
      version: 6,
      withheld: 60,
      holds: 1,
    });
  },
);
