/** Stories that the explorer has found. Each was violated once. */
import { expect, test } from "bun:test";
import { play } from "./story.ts";

const AIRCRAFT = `
  functions f0 10 p9
  period 10
  lost after 5
  recovered after 3
  lease ticks 20
  silence lasts 4
  in ticks
  start all
  wait 200 ms
  a: f0 | b: -`;

const STORIES: readonly (readonly [string, string])[] = [
  [
    "no two answers: two keep-alives are lost each way, and the owner is stopped",
    `servers a 10, b 10
     ${AIRCRAFT}
     silence a-b
     wait 15 ms
     stop a
     wait 200 ms
     a goes on
     wait 500 ms
     all agree`,
  ],
  [
    "a server that is started again gets its lease, and takes part",
    `servers a 10, b 10
     ${AIRCRAFT}
     crash a
     wait 10 ms
     start a
     wait 500 ms
     a is active
     all agree`,
  ],
  [
    "a newcomer that falls silent again costs the other one nothing",
    `servers a 10, b 10
     ${AIRCRAFT}
     restart a
     wait 25 ms
     kill a
     wait 500 ms
     a is active
     b is active
     all agree`,
  ],
  [
    "one direction of one link is cut: the third server bridges it",
    `servers a 10, b 10, c 10
     ${AIRCRAFT.replace("b: -", "b: - | c: -")}
     cut a>b
     wait 500 ms
     a: f0 | b: - | c: -
     all agree`,
  ],
  [
    "the owner loses its carrier for a moment: the function is back at once",
    `servers a 10, b 10
     ${AIRCRAFT}
     move f0 to b asked at a
     wait 200 ms
     a: - | b: f0
     carrier of b lost
     wait 5 ms
     carrier of b back
     wait 70 ms
     a: f0 | b: -
     wait 500 ms
     all agree`,
  ],
  [
    "one keep-alive is lost: nobody lets go",
    `servers a 10, b 10
     ${AIRCRAFT}
     lose a>b
     wait 500 ms
     a: f0 | b: -
     all agree`,
  ],
  [
    "the owner stands still, and then the other one: neither takes its own pause for the other's silence",
    `servers a 10, b 10
     ${AIRCRAFT}
     wait 90 ms
     stop a
     wait 15 ms
     a goes on
     stall b
     wait 10 ms
     stop a
     b goes on
     wait 30 ms
     wait 500 ms
     a goes on
     wait 500 ms
     all agree`,
  ],
];

test.each(STORIES)("%s", (_, story) => {
  expect(play(story).owners().length).toBe(1);
});
