/** A server falls silent, comes back, leaves, or loses its link. */
import { expect, test } from "bun:test";
import { play } from "./story.ts";

const AIRCRAFT = `
  servers a 100, b 100
  functions pa 30 p10, seats 40 p9, tv 40 p7, map 20 p3, games 30 p2`;
const ALL_UP = `
  start a b
  wait 300 ms
  all agree
  a: pa tv | b: seats map games`;

test("a server that fell silent has failed after the detection time and not one microsecond before", () => {
  // b was heard at 300,100 µs for the last time: periods begin at 0, and a datagram is under way
  // for 100 µs.
  play(`${AIRCRAFT}${ALL_UP}
    crash b
    wait 30099 µs
    a sees b alive
    wait 1 µs
    a sees b lost
    a logs 111
    wait 1 ms
    told seats: moved, server failed`);
});

for (const lostAfter of [2, 3, 7, 100]) {
  test(`the detection time is ${lostAfter} periods when the configuration says so`, () => {
    play(`${AIRCRAFT}
      lost after ${lostAfter}${ALL_UP}
      crash b
      wait ${lostAfter * 10_000 + 99} µs
      a sees b alive
      wait 1 µs
      a sees b lost`);
  });
}

test("preempt: the more important functions of the failed server displace less important ones, whose clients are notified", () => {
  const world = play(`${AIRCRAFT}${ALL_UP}
    crash b
    wait 200 ms
    told tv: stopping, preempted
    a: pa seats map | nowhere: tv games`);
  const { notices } = world.recorder;
  const stop = notices.findIndex(({ index, event }) => index === 2 && event === 1);
  const start = notices.findIndex(({ index, event }) => index === 1 && event === 2);
  expect(stop).toBeGreaterThan(-1);
  expect(start).toBeGreaterThan(stop); // told before the room is used
  expect(notices[stop]?.wasUp).toBe(true); // and before the address goes (S13, S14)
});

test("preempt: a function is told to stop before its address goes, and its successor comes after its process has ended", () => {
  const aircraft = `
    servers a 100, b 100
    functions pa 60 p10, tv 60 p5 process grace 200
    stop takes 80
    start a b
    wait 300 ms
    a: pa | b: tv
    crash a`;
  play(`${aircraft}
    wait 32 ms
    told tv: stopping, preempted
    b: tv | nowhere: pa
    wait 70 ms
    b: tv | nowhere: pa
    wait 20 ms
    b: pa | nowhere: tv`);
});

test("recovery: after recoveredAfterPeriods keep-alives in a row, with 10 of them not before 90 ms", () => {
  play(`${AIRCRAFT}${ALL_UP}
    crash b
    wait 200 ms
    start b
    wait 90 ms
    a sees b joining
    b is listening
    wait 11 ms
    a sees b alive
    b is active
    wait 5 ms
    a: pa seats map | b: tv games
    told tv: started, recovery
    quiet for 5 s`);
});

test("recovery: a lost keep-alive restarts the count", () => {
  play(`${AIRCRAFT}${ALL_UP}
    crash b
    wait 200 ms
    start b
    wait 55 ms
    cut b>a
    wait 10 ms
    join b>a
    wait 80 ms
    a sees b joining
    wait 30 ms
    a sees b alive`);
});

test("a good-bye counts at once", () => {
  play(`${AIRCRAFT}${ALL_UP}
    leave b
    wait 5 ms
    a sees b leaving
    b is gone
    a logs 113
    a: pa seats map | nowhere: tv games`);
});

test("a good-bye that is lost is a failure after the detection time", () => {
  play(`${AIRCRAFT}${ALL_UP}
    leave b
    wait 150 µs
    cut b>a
    wait 60 ms
    a sees b lost
    a: pa seats map | nowhere: tv games`);
});

test("a server that was restarted within the detection time is noticed by its new incarnation", () => {
  play(`${AIRCRAFT}${ALL_UP}
    crash b
    wait 5 ms
    start b
    wait 40 ms
    a sees b joining
    a: pa seats map | nowhere: tv games
    wait 300 ms
    all agree
    a: pa seats map | b: tv games
    quiet for 5 s`);
});

test("carrier loss counts at once on the server that lost it, and after the detection time on the others", () => {
  play(`${AIRCRAFT}${ALL_UP}
    carrier of b lost
    wait 1 ms
    b is isolated
    b logs 120
    a: pa tv | nowhere: seats map games
    wait 40 ms
    a sees b lost
    a: pa seats map | nowhere: tv games
    carrier of b back
    wait 300 ms
    all agree
    a: pa seats map | b: tv games
    quiet for 5 s`);
});

test("the last server serves alone", () => {
  play(`${AIRCRAFT}${ALL_UP}
    crash a
    wait 200 ms
    b: pa seats map | nowhere: tv games
    quiet for 5 s`);
});

test("power comes back on all servers at once", () => {
  play(`${AIRCRAFT}${ALL_UP}
    crash a; crash b
    wait 10 ms
    nowhere: pa seats tv map games
    start b; start a
    wait 300 ms
    all agree
    a: pa tv | b: seats map games`);
});

test("one of two networks is enough, whichever, and even a different one for each direction", () => {
  play(`${AIRCRAFT}
    networks 2${ALL_UP}
    cut a-b on network 0
    quiet for 1 s
    join a-b on network 0
    cut a-b on network 1
    quiet for 1 s
    join a-b on network 1
    cut a>b on network 0; cut b>a on network 1
    quiet for 1 s
    a sees b alive; b sees a alive
    cut a>b on network 1; cut b>a on network 0
    wait 40 ms
    a sees b lost`);
});
