/** A function is moved by hand between two real daemons, there and back. Needs root and `ip`. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { RunningDaemon } from "../../src/supervisor/running-daemon.ts";
import { Flight, ownersOf, type Server, TABLE } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { Answers } from "./answers.ts";

/** Games have room on both servers, whatever else runs there. */
const ROOMY = { ...TABLE, servers: TABLE.servers.map((server) => ({ ...server, resource: 120 })) };
const GAMES = 3;
const GAMES_VIP = "10.44.1.4";
/**
 * Consecutive questions, a millisecond or more apart, without an answer during a planned move:
 * usually none. A gap of 100 ms, half the detection time, leaves up to 16 without an answer on a
 * busy machine.
 */
const UNANSWERED_MAX = 5;
/** Questions before a move begins. */
const ASKED_MIN = 20;

let flight: Flight;
beforeEach(() => {
  flight = new Flight();
});
afterEach(async () => {
  await flight.close();
});

async function bothUp(table: object): Promise<Record<string, string | null>> {
  flight.a.start(table);
  flight.b.start(table);
  const [state] = await flight.settled();
  return ownersOf(state);
}

function move(asked: Server, index: number, server: number): Promise<void> {
  return new RunningDaemon(asked.runDirectory).move(index, server);
}

/** The engine's answer when it does not move a function. */
async function refusal(asked: Server, index: number, server: number): Promise<string> {
  try {
    await move(asked, index, server);
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return "none";
}

/** A seat that repeatedly asks for one address, with the longest series without an answer. */
class Watch {
  /** MAC that answered last. */
  mac = "";
  unansweredMax = 0;
  asked = 0;
  private unanswered = 0;
  private over = false;
  private readonly done: Promise<void>;

  constructor(private readonly seat: Answers) {
    this.done = this.run();
  }

  private async run(): Promise<void> {
    while (!this.over) {
      const macs = (await this.seat.round(1)).get(GAMES_VIP);
      this.asked++;
      this.unanswered = macs?.size === 0 ? this.unanswered + 1 : 0;
      this.unansweredMax = Math.max(this.unansweredMax, this.unanswered);
      this.mac = [...(macs ?? [])][0] ?? this.mac;
    }
  }

  async end(): Promise<void> {
    this.over = true;
    await this.done;
  }
}

test("there and back, asked at either server: the seats miss it for a moment, no other function is touched", async () => {
  const before = await bothUp(ROOMY);
  const [from, to] = before.games === "a" ? [flight.a, flight.b] : [flight.b, flight.a];
  const seat = new Answers(flight.seat, "10.44.9.1", [GAMES_VIP]);
  const macs = new Map([flight.a, flight.b].map((server) => [server, server.host.mac] as const));
  const unanswered: number[] = [];
  for (const [asked, target] of [
    [from, to],
    [from, from],
    [to, to],
    [to, from],
  ] as const) {
    const watch = new Watch(seat);
    await until("the seat is answered", () => watch.asked > ASKED_MIN && watch.mac !== "");
    await move(asked, GAMES, target === flight.a ? 0 : 1);
    // Nothing else is done meanwhile: to ask a daemon for its state would hold up the seat.
    await until("the seat is answered by the new owner", () => watch.mac === macs.get(target));
    await watch.end();
    const [state] = await flight.settledWith("games", target.id);
    unanswered.push(watch.unansweredMax);
    expect(ownersOf(state)).toEqual({ ...before, games: target.id });
    await until("the move is over", () => asked.log.includes("MOVE CARRIED OUT: games"));
    await Bun.sleep(200); // it is told for some periods more
  }
  seat.close();
  expect(seat.twice).toEqual([]);
  expect(Math.max(...unanswered)).toBeLessThanOrEqual(UNANSWERED_MAX);
  await from.logs("MOVE ASKED FOR: games");
});

test("refused with the reason, and nothing happens", async () => {
  const before = await bothUp({
    ...TABLE,
    functions: TABLE.functions.map((row) => (row.id === "map" ? { ...row, servers: ["a"] } : row)),
  });
  const owner = (id: string): number => (before[id] === "a" ? 0 : 1);
  expect(await refusal(flight.a, 4, 0)).toBe("UNKNOWN");
  expect(await refusal(flight.a, GAMES, 2)).toBe("UNKNOWN");
  expect(await refusal(flight.a, GAMES, -1)).toBe("UNKNOWN");
  expect(await refusal(flight.b, GAMES, owner("games"))).toBe("THERE");
  expect(await refusal(flight.b, 2, 1)).toBe("ELIGIBLE");
  expect(await refusal(flight.a, 1, 1 - owner("safety-video"))).toBe("ROOM");
  const [state] = await flight.settled();
  expect(ownersOf(state)).toEqual(before);
});

test("with FIG. 3 a move has no meaning", async () => {
  await bothUp({ ...TABLE, allocation: "reset" });
  expect(await refusal(flight.a, GAMES, 0)).toBe("POLICY");
});
