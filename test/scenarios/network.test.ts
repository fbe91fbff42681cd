/** Divided networks, other tables, servers that some hear and some do not. */
import { test } from "bun:test";
import { play } from "./story.ts";

const TWO = `
  servers a 100, b 100
  functions pa 30 p10, seats 40 p9, tv 40 p7
  start a b
  wait 300 ms
  a: pa tv | b: seats`;

test("after a partition the lower server keeps functions that run twice and announces them again; the other releases at once", () => {
  play(`${TWO}
    cut a-b
    wait 500 ms
    a sees b lost; b sees a lost
    join a-b
    wait 25 ms
    b logs 213
    a: pa seats | b: - | nowhere: tv
    wait 300 ms
    all agree
    a: pa seats | b: tv
    quiet for 5 s`);
});

for (const servers of ["a 100, b 100, c 100", "a 100, b 100, c 100, d 100"]) {
  const ids = servers.split(",").map((server) => server.trim()[0]);
  const whole = (1 << ids.length) - 1;
  for (let part = 1; part < whole; part++) {
    const left = ids.filter((_, at) => ((part >> at) & 1) === 1);
    const right = ids.filter((_, at) => ((part >> at) & 1) === 0);
    const pairs = left.flatMap((one) => right.map((other) => `${one}-${other}`));
    test(`a partition ${left.join("")}|${right.join("")} heals, whichever of its links comes back last`, () => {
      for (const last of pairs) {
        play(
          `servers ${servers}
          functions f 60 p9, g 60 p8, h 60 p7, i 40 p3, j 40 p2, k 40 p1
          start ${ids.join(" ")}
          wait 300 ms
          all agree
          ${pairs.map((pair) => `cut ${pair}`).join("; ")}
          wait 500 ms
          ${pairs
            .filter((pair) => pair !== last)
            .map((pair) => `join ${pair}`)
            .join("; ")}
          wait 33 ms
          join ${last}
          wait 2 s
          all agree
          quiet for 5 s`.replace(/\n\s*\n/g, "\n"),
        );
      }
    });
  }
}

test("corroboration: a server that only this one does not hear is not failed, and nothing of it is touched", () => {
  play(`servers a 100, b 100, c 100
    functions f 30 p9, g 30 p8, h 30 p7
    start a b c
    wait 300 ms
    a: f | b: g | c: h
    cut a-c
    wait 60 ms
    a sees c alive; c sees a alive
    a: f | b: g | c: h
    quiet for 5 s
    crash b
    wait 60 ms
    a sees c lost; c sees a lost`);
});

test("corroboration: the last server that hears it decides", () => {
  play(`servers a 100, b 100, c 100
    functions f 30 p9, g 30 p8, h 30 p7
    start a b c
    wait 300 ms
    cut a-c
    wait 100 ms
    crash c
    wait 31 ms
    b sees c lost; a sees c lost`);
});

test("another table, newcomer: it stays passive, both log it, and nothing that runs is touched", () => {
  play(`${TWO}
    crash b
    wait 100 ms
    start b with another table
    wait 3 s
    a: pa seats | nowhere: tv
    a sees b incompatible; b sees a incompatible
    a is active; b is listening
    a logs 114; b logs 114
    quiet for 5 s
    crash a
    wait 100 ms
    b is active
    b: pa seats | nowhere: tv`);
});

test("another table, the last server of the old one leaves: the newcomers take over without the detection time", () => {
  play(`servers a 100, b 100, c 100
    functions pa 30 p10, seats 40 p9, tv 40 p7
    start a b c
    wait 300 ms
    leave b; leave c
    wait 100 ms
    start b with another table; start c with another table
    wait 1 s
    a: pa seats | b: - | c: - | nowhere: tv
    b is listening; c is listening; b sees c alive
    leave a
    pa was away for 12 ms at most
    wait 100 ms
    b sees a leaving; c sees a leaving
    b logs 113; c logs 113
    b is active; c is active
    seats was away for 12 ms at most`);
});

test("another table, equal sides: the side with the lowest index serves", () => {
  play(`servers a 100, b 100
    functions pa 30 p10
    start a
    start b with another table
    wait 3 s
    a: pa
    a is active; b is listening
    quiet for 5 s`);
});

test("another table, equals: the majority serves", () => {
  play(`servers a 100, b 100, c 100
    functions pa 30 p10
    start a with another table
    start b c
    wait 3 s
    b: pa
    a is listening; b is active; c is active
    quiet for 5 s`);
});

test("the id of this server twice: the second box owns nothing and reports it", () => {
  play(`${TWO}
    a second b
    start b'
    wait 3 s
    a: pa tv | b: seats
    b' is listening
    b' logs 115
    b logs 115`);
});
