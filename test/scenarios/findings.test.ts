/**
 * Findings of an exhaustive search: single faults, and few at a time, that cost more than
 * necessary. Each kind with its neighbours: three and four servers, two networks, with and without
 * a lease.
 */
import { describe, expect, test } from "bun:test";
import { play } from "./story.ts";

const LEASES = ["lease ticks 20", "lease ticks 0", ""];

const PAIR = `
  servers a 100, b 100
  functions f 10 p9`;

describe("an engine that is killed gets its lease when it is started again", () => {
  for (const period of ["period 10\nlost after 5", "period 20\nlost after 25"]) {
    for (const lease of LEASES) {
      for (const atMs of [0, 2, 4, 6, 8]) {
        test(`${period}, ${lease || "no lease"}, killed ${atMs} ms into a period`, () => {
          play(`${PAIR}
            ${period}
            ${lease}
            start a b
            wait 2 s
            a: f
            wait ${atMs} ms
            kill a
            wait 2 s
            all fly on
            all agree`);
        });
      }
    }
  }
});

describe("a start never lengthens a failover: a server that has just started confirms no claims", () => {
  test("the owner's engine is killed, starts, and the whole server is off soon after", () => {
    for (let offMs = 34; offMs < 60; offMs += 1) {
      play(`${PAIR}
        lost after 5
        lease ticks 0
        start a b
        wait 500 ms
        a: f
        kill a
        wait ${offMs} ms
        crash a
        wait 200 ms
        b: f
        f was away for 75 ms at most`);
    }
  });
});

describe("what befalls one server costs the others nothing", () => {
  // Events at a; the other servers own the same functions before and after.
  const TROUBLES: [string, number[], (ms: number) => string][] = [
    [
      "it starts again, and is off soon after",
      [1, 4, 11, 16, 23, 31, 35, 38, 52, 77],
      startsAndDies,
    ],
    [
      "it is stopped twice",
      [5, 12, 17, 20, 27, 33, 38],
      (ms) => `${stops(ms)}; wait 45 ms; ${stops(30)}`,
    ],
    ["it is stopped for long", [45, 120, 400], stops],
    ["it is off", [0], () => "crash a"],
    [
      "its engine is killed, and killed again",
      [10, 34, 36, 40, 60],
      (ms) => `kill a; wait ${ms} ms; kill a`,
    ],
    ["it leaves", [0], () => "leave a"],
    ["a message of it is lost", [6], (ms) => `cut a>b; wait ${ms} ms; join a>b`],
    ["a message to it is lost", [6], (ms) => `cut b>a; wait ${ms} ms; join b>a`],
    ["one each way is lost", [6], (ms) => `cut a-b; wait ${ms} ms; join a-b`],
    ["a cable is cut", [300], (ms) => `cut a-b; wait ${ms} ms; join a-b`],
  ];
  function startsAndDies(ms: number): string {
    return `start a; wait ${ms} ms; crash a`;
  }
  function stops(ms: number): string {
    return `stop a for ${ms} ms; wait ${ms} ms`;
  }
  for (const [name, times, what] of TROUBLES) {
    for (const others of ["b", "b c", "b c d"]) {
      test(`${name}; others: ${others}`, () => {
        for (const ticks of [0, 2, 20]) {
          for (const networks of [1, 2]) {
            for (const ms of times) {
              for (const [apart, atMs] of [0, 6].flatMap((one) =>
                [1, 4, 8].map((at) => [one, at]),
              )) {
                const world = play(`servers a 100, ${others.replaceAll(" ", " 100, ")} 100
                  functions f 10 p9 on b
                  lost after 5
                  networks ${networks}
                  lease ticks ${ticks}
                  ${others
                    .split(" ")
                    .map((id) => `start ${id}; wait ${apart} ms`)
                    .join("; ")}
                  wait 100 ms
                  start a
                  wait 500 ms
                  wait ${atMs} ms
                  ${what(ms)}
                  wait 150 ms
                  f was away for 0 ms at most`);
                expect(world.recorder.letGo.filter(({ server }) => server !== 0)).toEqual([]);
              }
            }
          }
        }
      });
    }
  }
});

describe("one direction of one link is cut, and others hear both: no server releases anything, and no function is away", () => {
  const SERVERS = ["a", "b", "c", "d"];
  for (const count of [3, 4]) {
    for (const lease of LEASES) {
      for (const detection of ["lost after 5", "lost after 8"]) {
        test(`${count} servers, ${lease || "no lease"}, ${detection}`, () => {
          const servers = SERVERS.slice(0, count);
          for (const from of servers) {
            for (const to of servers) {
              if (from === to) continue;
              for (const atMs of [0, 3, 7]) {
                play(`servers ${servers.map((id) => `${id} 100`).join(", ")}
                  functions f 60 p9, g 60 p8, h 60 p7
                  ${detection}
                  ${lease}
                  start ${servers.join(" ")}
                  wait 500 ms
                  wait ${atMs} ms
                  cut ${from}>${to}
                  wait 300 ms
                  join ${from}>${to}
                  wait 300 ms
                  all agree
                  all fly on
                  a: f | b: g | c: h
                  f was away for 0 ms at most`);
              }
            }
          }
        });
      }
    }
  }
});

describe("a short loss of carrier costs its own length and one hand-over", () => {
  for (const owner of ["a", "b"]) {
    for (const lease of LEASES) {
      for (const networks of [1, 2]) {
        test(`of ${owner}, ${lease || "no lease"}, ${networks} network(s)`, () => {
          for (let lostMs = 1; lostMs < 60; lostMs += 3) {
            for (const atMs of [0, 4, 8]) {
              const world = play(`servers a 100, b 100
                functions f 10 p9
                lost after 5
                networks ${networks}
                ${lease}
                start ${owner}
                wait 500 ms
                start ${owner === "a" ? "b" : "a"}
                wait 500 ms
                ${owner}: f
                wait ${atMs} ms
                carrier of ${owner} lost
                wait ${lostMs} ms
                carrier of ${owner} back
                wait 500 ms
                all agree
                all fly on`);
              // Two periods until all know, and until the claim is confirmed.
              expect(world.awayUs(0, 0) / 1000).toBeLessThanOrEqual(Math.min(lostMs, 80) + 22);
            }
          }
        });
      }
    }
  }
});

describe("who begins to serve unheard by another that lost it long before needs no lease of its", () => {
  for (const lease of LEASES) {
    for (const cutMs of [100, 1_000]) {
      test(`its carrier is back, ${lease || "no lease"}, cut for ${cutMs} ms (simulator)`, () => {
        play(`servers a 60, b 60
          functions f 50 p9, g 50 p8
          lost after 5
          networks 2
          ${lease}
          start a b
          wait 500 ms
          a: f | b: g
          carrier of a lost
          wait 500 ms
          b: f | nowhere: g
          cut a>b
          wait ${cutMs} ms
          carrier of a back
          wait 300 ms
          all fly on
          join a>b
          wait 300 ms
          all fly on
          all agree
          a: g | b: f`);
      });
    }
  }
});
