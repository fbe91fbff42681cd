/** Drain, resume and leave; functions that fail, addresses that disappear. */
import { expect, test } from "bun:test";
import { play } from "./story.ts";

const ALL_UP = `
  servers a 100, b 100
  functions pa 30 p10, seats 40 p9, tv 40 p7, map 20 p3, games 30 p2
  start a b
  wait 300 ms
  a: pa tv | b: seats map games`;

test("drain: what finds room on the other server moves there, the least important is stopped for it", () => {
  play(`${ALL_UP}
    drain a
    wait 5 ms
    a is draining
    told pa: moved, drain
    told games: stopping, preempted
    told tv: stopping, drain
    b: pa seats map | nowhere: tv games
    quiet for 5 s
    resume a
    wait 5 ms
    all agree
    a: tv games | b: pa seats map`);
});

test("drain: a function is without an address for less than one millisecond when there is room", () => {
  play(`servers a 100, b 100
    functions pa 30 p10
    start a b
    wait 305 ms
    a: pa
    drain a
    wait 400 µs
    b: pa
    told pa: moved, drain`);
});

test("leave: hand over, then good-bye", () => {
  play(`${ALL_UP}
    leave b
    wait 5 ms
    b is gone
    a sees b leaving
    a: pa seats map | nowhere: tv games
    quiet for 5 s`);
});

test("all servers drain: everything is stopped in good order", () => {
  play(`${ALL_UP}
    drain a; drain b
    wait 5 ms
    nowhere: pa seats tv map games
    quiet for 5 s
    resume b
    wait 5 ms
    b: pa seats map | nowhere: tv games`);
});

test("two of three servers drain at once", () => {
  play(`servers a 100, b 100, c 100
    functions f 30 p5, g 30 p5, h 30 p5
    start a b c
    wait 300 ms
    a: f | b: g | c: h
    drain a; drain c
    wait 5 ms
    b: f g h
    quiet for 5 s`);
});

test("the server that a draining one hands over to crashes", () => {
  play(`servers a 100, b 100, c 100
    functions f 30 p5 process grace 100, g 30 p5 process grace 100, h 30 p5
    start a b c
    wait 300 ms
    a: f | b: g | c: h
    drain a
    wait 150 µs
    crash b
    wait 100 ms
    c: f g h
    quiet for 5 s`);
});

test("a server crashes in the middle of a hand-over to it, at every moment", () => {
  for (let us = 0; us <= 1000; us += 50) {
    play(`servers a 100, b 100
      functions f 30 p5, g 30 p6
      start a b
      wait 300 ms
      a: g | b: f
      drain a
      wait ${us} µs
      crash b
      resume a
      wait 60 ms
      a: f g
      quiet for 1 s`);
  }
});

test("a server crashes while it hands over, at every moment", () => {
  for (let us = 0; us <= 1000; us += 50) {
    play(`servers a 100, b 100
      functions f 30 p5, g 30 p6
      start a b
      wait 300 ms
      a: g | b: f
      drain a
      wait ${us} µs
      crash a
      wait 60 ms
      b: f g
      quiet for 1 s`);
  }
});

test("reset: full servers swap functions through late hand-over, and end as the policy says", () => {
  play(`servers a 100, b 100, c 100
    policy reset
    functions f 50 p9, g 50 p8, h 50 p7, i 50 p6, j 50 p5
    start a b
    wait 300 ms
    a: f h | b: g i | nowhere: j
    start c
    wait 2 s
    all agree
    a: f i | b: g j | c: h
    quiet for 5 s`);
});

test("a process that failed moves its function to another server; resume lets it come back", () => {
  play(`servers a 100, b 100
    functions pa 30 p10 process
    start a b
    wait 300 ms
    a: pa
    process of pa on a fails
    wait 5 ms
    b: pa
    a logs 203
    told pa: moved, process failed
    quiet for 5 s
    process of pa on b fails
    wait 5 ms
    nowhere: pa
    quiet for 5 s
    resume a
    wait 5 ms
    a: pa
    quiet for 5 s`);
});

test("a process that failed on the only server that may run it stops its function, and the room is used", () => {
  play(`servers a 100, b 100
    functions pa 90 p10 process on a, map 60 p3 on a
    start a b
    wait 300 ms
    a: pa | nowhere: map
    process of pa on a fails
    wait 5 ms
    a: map | nowhere: pa
    quiet for 5 s`);
});

test("an address removed by hand is put back and logged", () => {
  const world = play(`${ALL_UP}
    address of pa on a is removed
    b: seats map games | a: tv | nowhere: pa
    wait 1 ms
    a: pa tv | b: seats map games
    a logs 211
    nobody is told
    quiet for 5 s`);
  expect(world.engine(0).handover.failed[0]).toBe(0);
});

test("an address removed by hand while the function is being moved changes nothing", () => {
  for (let us = 0; us <= 500; us += 25) {
    play(`servers a 100, b 100
      functions f 30 p5, g 30 p6
      start a b
      wait 300 ms
      a: g | b: f
      drain a
      wait ${us} µs
      address of g on a is removed; address of g on b is removed
      wait 5 ms
      b: f g
      quiet for 1 s`);
  }
});

test("an address that the kernel refuses moves the function to another server", () => {
  play(`servers a 100, b 100
    functions pa 30 p10
    start b
    wait 300 ms
    b: pa
    address of pa on a is refused from now on
    start a
    wait 300 ms
    drain b
    wait 2 s
    a logs 210
    nowhere: pa
    resume b
    wait 5 ms
    b: pa
    quiet for 5 s`);
});
