/** Patent [0038] in the running system: a failed server recovers, with the process of FIG. 3. */
import { test } from "bun:test";
import { play } from "../scenarios/story.ts";

const SYSTEM = `
  servers a 60, b 60
  policy reset
  functions f 30 p9, g 30 p7, h 20 p5, i 10 p3
  start a b
  wait 300 ms
  a: f h | b: g i
  crash b
  wait 100 ms
  a: f g | nowhere: h i`;

test("its keep-alives are received again, both servers execute the process, and the stopped functions run again", () => {
  play(`${SYSTEM}
    start b
    wait 2 s
    a sees b alive
    all agree
    a: f h | b: g i
    told h: started, recovery
    quiet for 5 s`);
});

test("a server that sends again, but not long enough in a row, has not recovered", () => {
  play(`${SYSTEM}
    start b
    wait 50 ms
    crash b
    wait 100 ms
    a: f g | nowhere: h i`);
});
