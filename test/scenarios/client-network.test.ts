/**
 * The client network is cut behind a switch, and the servers hear each other on a second network.
 */
import { test } from "bun:test";
import { play } from "./story.ts";

const SYSTEM = `
  servers a 100, b 100
  functions pa 40 p10, video 50 p8, map 40 p5, games 30 p2
  networks 2
  witnesses 1
  start a b
  wait 300 ms
  all agree
  a: pa map | b: video games`;

test("a server behind the cut hands over what fits, and comes back once it has reached its clients for a while", () => {
  play(`${SYSTEM}
    clients of a cut
    wait 350 ms
    a: pa map | b: video games
    wait 150 ms
    a is isolated
    a logs 116
    b: pa video | nowhere: map games
    quiet for 5 s
    clients of a joined
    wait 900 ms
    a is isolated
    wait 300 ms
    all agree
    a: map games | b: pa video
    quiet for 5 s`);
});

test("where no server reaches a witness all stay, and none goes when it comes back", () => {
  play(`${SYSTEM}
    witnesses silent
    quiet for 5 s
    witnesses answer
    quiet for 5 s
    a: pa map | b: video games`);
});

test("a server behind the cut serves when no other server is left", () => {
  play(`${SYSTEM}
    clients of a cut
    wait 600 ms
    a is isolated
    drain b
    wait 300 ms
    a is active
    a: pa video | nowhere: map games`);
});

test("a server that is drained stays so, however often it is started", () => {
  play(`${SYSTEM}
    drain a
    wait 1 s
    a is draining
    crash a
    wait 500 ms
    start a
    wait 1 s
    a is draining
    b: pa video | nowhere: map games
    resume a
    wait 500 ms
    all agree
    a: map games | b: pa video`);
});
