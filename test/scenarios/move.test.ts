/** Moves by hand: a mechanic at any server asks for a function to run on another one. */
import { expect, test } from "bun:test";
import { NONE } from "../../src/allocation/function-table.ts";
import { play } from "./story.ts";

/** The request has not left the server that was asked, or no server has acted on it. */
const FIRST_MESSAGES_US = 100;

const THREE = `
  servers a 100, b 100, c 60
  functions pa 60 p9 process grace 50, tv 60 p8 process grace 50, games 30 p2 process grace 50
  start a b c
  wait 300 ms
  a: pa | b: tv | c: games`;

for (const asked of ["a", "b", "c"]) {
  test(`games go from c to b, asked at ${asked}: at once, with a notice to the seats, and they stay there`, () => {
    play(`${THREE}
      move games to b asked at ${asked}
      wait 2 ms
      a: pa | b: tv games
      told games: moved, by hand
      ${asked} logs 230
      ${asked} logs 231
      wait 60 ms
      all agree
      quiet for 5 s
      move games to c asked at ${asked}
      wait 2 ms
      a: pa | b: tv | c: games
      wait 60 ms
      all agree
      quiet for 5 s`);
  });
}

test("a move is refused, with the reason, when it cannot be", () => {
  play(`servers a 100, b 100, c 60
    functions pa 60 p9, tv 60 p8 on a+b, games 30 p2 process, map 90 p1
    start a b c
    wait 300 ms
    a: pa | b: tv | c: games | nowhere: map
    move games to c asked at a refused: THERE
    move pa to b asked at a refused: ROOM
    move tv to c asked at a refused: ELIGIBLE
    move map to c asked at b refused: STOPPED
    drain a
    wait 50 ms
    move games to a asked at b refused: STATE
    resume a
    wait 50 ms
    crash c
    wait 200 ms
    move pa to c asked at b refused: STATE`);
});

test("a move to a server on which the function has failed", () => {
  play(`${THREE}
    process of games on c fails
    wait 60 ms
    a: pa games | b: tv
    move games to c asked at b refused: FAILED
    resume c
    wait 60 ms
    move games to c asked at b
    wait 60 ms
    a: pa | b: tv | c: games`);
});

test("with FIG. 3 a move has no meaning", () => {
  play(`policy reset
    servers a 100, b 100
    functions pa 60 p9, games 30 p2
    start a b
    wait 300 ms
    a: pa | b: games
    move games to a asked at b refused: POLICY`);
});

test("one move at a time, wherever it is asked for", () => {
  play(`servers a 100, b 100, c 100
    functions f 30 p5, g 30 p5, h 30 p5
    start a b c
    wait 300 ms
    a: f | b: g | c: h
    move f to c asked at b
    wait 1 ms
    move g to c asked at b refused: PENDING
    move g to c asked at a refused: PENDING
    wait 60 ms
    b: g | c: f h
    move g to c asked at a
    wait 60 ms
    c: f g h`);
});

test("a moved function stays when servers fail and come back, like any other", () => {
  play(`${THREE}
    move games to b asked at a
    wait 60 ms
    crash c
    wait 200 ms
    start c
    wait 300 ms
    a: pa | b: tv games
    crash b
    wait 60 ms
    a: pa games | c: tv`);
});

test("what waits for room may use the room that a move leaves", () => {
  play(`servers a 100, b 100
    functions pa 60 p9, tv 60 p8, games 30 p3, map 70 p1
    start a b
    wait 300 ms
    a: pa games | b: tv | nowhere: map
    move games to b asked at a
    wait 60 ms
    a: pa | b: tv games | nowhere: map
    quiet for 1 s`);
});

test("the target crashes in the middle of a move, at every moment: the function is where it was, or comes back", () => {
  for (let us = 0; us <= 1500; us += 50) {
    const world = play(`servers a 100, b 100, c 100
      functions pa 60 p9 process grace 50, tv 60 p8 process grace 50, games 30 p2 process grace 50
      start a b c
      wait 300 ms
      a: pa | b: tv | c: games
      move games to b asked at a
      wait ${us} µs
      crash b
      wait 500 ms
      all agree
      quiet for 3 s`);
    expect(world.owners()).toEqual([0, 2, us < FIRST_MESSAGES_US ? 2 : expect.any(Number)]);
    expect(world.owners()).not.toContain(NONE);
  }
});

test("the owner crashes in the middle of a move, at every moment", () => {
  for (let us = 0; us <= 1500; us += 50) {
    const world = play(`${THREE}
      move games to b asked at a
      wait ${us} µs
      crash c
      wait 500 ms
      all agree
      quiet for 3 s`);
    expect(world.owners()[2]).not.toBe(NONE);
  }
});

test("the server that was asked crashes in the middle of a move, at every moment: all agree on where the function is", () => {
  for (let us = 0; us <= 1500; us += 50) {
    const world = play(`servers a 100, b 100, c 60, d 60
      functions tv 60 p8, games 30 p2
      start a b c d
      wait 300 ms
      a: tv | b: games
      move games to c asked at d
      wait ${us} µs
      crash d
      wait 700 ms
      all agree
      quiet for 3 s`);
    expect(world.owners()).not.toContain(NONE);
  }
});

test("a target that does not hear the request: given up before the owner releases, and not retried", () => {
  play(`servers a 100, b 100, c 60
    functions pa 60 p9, games 30 p2
    lost after 50
    start a b c
    wait 1000 ms
    a: pa | b: games
    cut b>c; cut a>c
    move games to c asked at a
    wait 240 ms
    a: pa | b: games
    wait 40 ms
    a logs 232
    nobody is told
    join b>c; join a>c
    wait 50 ms
    all agree
    a: pa | b: games
    quiet for 5 s`);
});

test("the owner drains in the middle of a move: the move is given up, and the function leaves as drained functions do", () => {
  for (let us = 0; us <= 1000; us += 50) {
    const world = play(`${THREE}
      move games to b asked at a
      wait ${us} µs
      drain c
      wait 300 ms
      a is active
      quiet for 3 s`);
    expect(world.owners()[2]).not.toBe(NONE);
    expect(world.owners()[2]).not.toBe(2);
  }
});
