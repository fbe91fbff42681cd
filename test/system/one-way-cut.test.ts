/**
 * The link between two real servers carries keep-alives in one direction only. The server that is
 * not heard lets go, starts again, and leaves everything to the other: never do both answer.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { run } from "../harness/command.ts";
import { Flight, ownersOf, TABLE } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { twoAnswers } from "../harness/watch/one-answer.ts";

const KEEP_ALIVES = "239.192.44.1";
/** Long enough for a server that starts to listen, and to lose patience. */
const CUT_MS = 8000;
const PATIENCE_MS = 120_000;
let flight: Flight;

beforeAll(() => {
  flight = new Flight();
});
afterAll(async () => {
  await flight.close();
});

/** The switch sends the keep-alives of a no more to b, or does so again. */
function cut(isCut: boolean): void {
  const { bridge, port } = flight.b.host;
  const nft = (...words: string[]) => run("ip", "netns", "exec", bridge, "nft", ...words);
  if (!isCut) nft("delete", "table", "bridge", "cut");
  else {
    nft("add", "table", "bridge", "cut");
    nft("add chain bridge cut to-b { type filter hook forward priority 0; }");
    nft(`add rule bridge cut to-b oifname ${port} ip saddr 10.44.0.1 ip daddr ${KEEP_ALIVES} drop`);
  }
}

test(
  "the other takes over, alone, until both hear each other again",
  async () => {
    flight.a.start(TABLE);
    flight.b.start(TABLE);
    await flight.settled();
    const watch = await flight.watchAnswers();
    cut(true);
    await until("b has taken over", () => {
      const state = flight.b.state();
      return state !== null && ownersOf(state).announcements === "b";
    });
    await Bun.sleep(CUT_MS);
    const state = flight.a.state() ?? flight.fail();
    expect(state.servers.map(({ state }) => state)).toEqual(["self", "joining"]);
    expect(ownersOf(state).announcements).toBe("b");
    expect(state.functions[0]?.state).toBe("running");
    expect(flight.a.vips()).toEqual([]);
    await flight.a.logs("WNG-0135 SERVER DOES NOT HEAR THIS ONE: b");
    cut(false);
    await flight.settled();
    const { tenures, lost } = await watch.end();
    expect(lost).toBe(0);
    expect(twoAnswers(tenures)).toEqual([]);
  },
  PATIENCE_MS,
);
