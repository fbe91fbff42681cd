/**
 * Networks cut in part, with three and more servers: every two servers that are joined by any way
 * hear each other (core/relay).
 */
import { describe, expect, test } from "bun:test";
import { play } from "./story.ts";

test("one cable pair is cut: the third server sends their messages on, and everything goes on as before", () => {
  play(`servers a 100, b 100, c 100
    functions f 60 p9, g 60 p8, h 60 p7
    start a b c
    wait 500 ms
    a: f | b: g | c: h
    cut a-c
    wait 500 ms
    all agree
    nobody is told
    a: f | b: g | c: h
    quiet for 5 s
    join a-c
    wait 500 ms
    all agree
    quiet for 5 s`);
});

test("a draining server is not heard directly by the new owner: its function is still handed over", () => {
  play(`servers a 100, b 100, c 100
    functions f 60 p9 on a+c
    start c b
    wait 500 ms
    c: f
    start a
    wait 500 ms
    cut a-c
    wait 200 ms
    drain c
    wait 50 ms
    a: f
    quiet for 5 s`);
});

test("a server starts that one of the others does not hear directly: it waits for what that one owns", () => {
  play(`servers a 100, b 100, c 100
    functions f 60 p9, g 60 p8, h 60 p7
    start a b
    wait 500 ms
    a: f | b: g | nowhere: h
    cut b-c
    start c
    wait 500 ms
    all agree
    a: f | b: g | c: h
    quiet for 5 s`);
});

test("servers in a row, each of which hears its neighbours only, agree and take over from each other", () => {
  play(`servers a 100, b 100, c 100, d 100
    functions f 60 p9, g 60 p8, h 60 p7, i 60 p6 on a+d
    recovered after 3
    cut a-c
    cut a-d
    cut b-d
    start a b c d
    wait 1 s
    all agree
    a: f | b: g | c: h | d: i
    crash a
    wait 300 ms
    b: f | c: h | d: i | nowhere: g
    b sees a lost; c sees a lost; d sees a lost`);
});

test("one direction is cut between two of three: both go on", () => {
  const world = play(`servers a 100, b 100, c 100
    functions f 60 p9, g 60 p8, h 60 p7
    start a b c
    wait 500 ms
    cut a>c
    wait 500 ms
    all agree
    a: f | b: g | c: h
    quiet for 5 s`);
  expect(world.owners()).toEqual([0, 1, 2]);
});

test("two tables, one side heard in part: both sides count the same, and the larger goes on (simulator, seed 208240)", () => {
  const world = play(`servers a 100, b 100, c 100
    functions f 30 p9, g 30 p8
    start b c
    wait 500 ms
    cut a-b
    cut a-c
    start a with another table
    wait 500 ms
    a is active; b is active; c is active
    join a-b
    wait 100 ms
    b is active; c is active; a is listening`);
  expect(world.owners()).not.toContain(0);
});

test("a server that yields to another table releases its VIPs, one after the other, before the others take over (simulator, seed 326488)", () => {
  // P1 is checked in every turn: b and c are never parted.
  play(`servers a 100, b 100, c 100
    functions f 30 p9 on a, g 30 p8 on c, h 30 p7 on c, i 30 p6 on b+c
    VIPs a turn 1
    cut a-c
    start c
    wait 500 ms
    c: g h i | nowhere: f
    start a b with another table
    wait 500 ms
    a: f | c: g h i
    a is active; b is listening; c is active
    join a-c
    wait 300 ms
    a is active; b is active; c is listening
    a: f | b: i | nowhere: g h
    quiet for 2 s`);
});

describe("a server that hears nobody, and is heard, shows what it claims before it answers for it", () => {
  // P1 is checked in every turn: b is heard all the time.
  const ways = [
    ["drained, and resumed", "drain b", "resume b"],
    ["its process failed, and is tried again", "process of f on b fails", "resume b"],
    ["cut off from its clients, and joined again", "carrier of b lost", "carrier of b back"],
  ] as const;
  for (const ticks of [0, 20]) {
    test.each(ways)(`%s (lease ticks ${ticks} ms)`, (_, goes, comesBack) => {
      play(`servers a 100, b 100
        functions f 60 p9 process
        networks 2
        lost after 5
        lease ticks ${ticks}
        start b
        wait 500 ms
        start a
        wait 500 ms
        b: f
        cut a>b
        wait 500 ms
        a sees b alive; b sees a lost
        all fly on
        ${goes}
        wait 500 ms
        a: f
        ${comesBack}
        wait 500 ms
        b: f
        f was away for 101 ms at most
        all fly on
        join a>b
        wait 500 ms
        all agree
        b: f
        quiet for 5 s`);
    });
  }
});

describe("one direction is cut between the last two, and the one that is not heard serves: the other takes over, alone", () => {
  for (const ticks of [0, 20]) {
    test.each([
      ["", ""],
      [", and fails again", "kill a"],
      [", and is drained", "drain b; resume b"],
    ])(`lease ticks ${ticks} ms%s`, (_, step) => {
      play(`servers a 100, b 100
        functions f 60 p9, g 20 p8
        lost after 5
        lease ticks ${ticks}
        start a
        wait 500 ms
        start b
        wait 500 ms
        a: f g
        cut a>b
        wait 3 s
        a sees b joining; b sees a lost
        a is active; b is active
        ${step}
        wait 2 s
        b: f g
        quiet for 5 s
        join a>b
        wait 500 ms
        all agree
        b: f g
        quiet for 5 s`);
    });
  }
});

describe("the server that joined two of which one does not hear the other fails: one takes over, alone", () => {
  for (const ticks of [0, 20])
    test(`lease ticks ${ticks} ms`, () => {
      for (let us = 0; us < 10_000; us += 250)
        play(`servers a 100, b 100, c 100
          functions f 60 p9
          lost after 5
          lease ticks ${ticks}
          start c
          wait 500 ms
          start a b
          wait 500 ms
          c: f
          cut a>b
          wait 500 ms
          wait ${us} µs
          crash c
          wait 500 ms
          b: f
          quiet for 2 s`);
    });
});

describe("neither of the others hears one of three, and they start again one by one: it answers for nothing that they own", () => {
  // P1 is checked in every turn: what each of the others hears, a third server vouches for.
  for (const ticks of [0, 20])
    test.each(["kill", "crash"])(`lease ticks ${ticks} ms, %s`, (how) => {
      const ends = (server: string): string =>
        how === "kill" ? `kill ${server}` : `crash ${server}; wait 500 ms; start ${server}`;
      play(`servers a 100, b 100, c 100
        functions f 40 p9, g 30 p8, h 20 p7
        lost after 5
        lease ticks ${ticks}
        start a b c
        wait 1 s
        a: f | b: g | c: h
        cut a>b
        cut a>c
        wait 2 s
        b: g | c: f h
        ${ends("b")}
        wait 3 s
        quiet for 3 s
        ${ends("c")}
        wait 3 s
        quiet for 3 s
        ${ends("b")}
        wait 3 s
        quiet for 3 s
        join a>b
        join a>c
        wait 1 s
        all agree
        quiet for 5 s`);
    });
});
