/**
 * Isolation with real daemons: networks cut behind the switch's port, so that carrier stays, and
 * witnesses that come and go.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  addressesUpTwice,
  Flight,
  ownersOf,
  type Server,
  TABLE,
  VIPS,
} from "../harness/real-servers.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { Answers } from "./answers.ts";

const WITNESS = "10.44.0.254";
const WITNESSED = { ...TABLE, clients: { lease: "required", witnesses: [WITNESS] } };
const VIPS_IPV4 = VIPS.filter((address) => !address.includes(":"));
const CUT_OFF = "WNG-0125 CUT OFF FROM PEERS AND WITNESSES";

let flight: Flight;
let answers: Answers;
beforeEach(() => {
  flight = new Flight();
  answers = new Answers(flight.seat, "10.44.9.1", VIPS_IPV4);
});
afterEach(async () => {
  answers.close();
  await flight.close();
});

const phaseOf = (server: Server): string | undefined => server.state()?.phase;

/** Asks on until `server` alone answers for the two most important functions. */
async function untilServes(server: Server): Promise<void> {
  await until(`${server.id} serves`, async () => {
    const heard = await answers.round();
    const owners = ["10.44.1.1", "10.44.1.2"].map((address) =>
      [...(heard.get(address) ?? [])].join(),
    );
    return owners.every((mac) => mac === server.host.mac);
  });
}

describe("with a witness", () => {
  test("a server that is cut off behind its switch releases and reports it, the other serves, and both again when it is rejoined", async () => {
    flight.addHost(`${WITNESS}/16`);
    flight.a.start(WITNESSED);
    flight.b.start(WITNESSED);
    await flight.settled();
    expect(flight.a.vips().length).toBeGreaterThan(0);

    flight.a.host.attach(false);
    await untilServes(flight.b);
    await until("a is isolated", () => phaseOf(flight.a) === "isolated");
    await until("its VIPs are gone", () => flight.a.vips().length === 0);
    await flight.a.logs(CUT_OFF);
    expect(flight.a.state()?.servers.find(({ id }) => id === "b")?.state).toBe("lost");
    expect(flight.a.log).not.toContain("CARRIER LOST");
    expect(phaseOf(flight.b)).toBe("active");
    expect(flight.b.log).not.toContain(CUT_OFF);

    flight.a.watchAddresses();
    flight.b.watchAddresses();
    await Bun.sleep(100);
    flight.a.host.attach(true);
    let isBack = false;
    const back = flight.settled().then(() => {
      isBack = true;
    });
    while (!isBack) await answers.round();
    await back;
    const heard = await answers.round();
    expect([...heard.values()].map(({ size }) => size)).toEqual(VIPS_IPV4.map(() => 1));
    expect(answers.twice).toEqual([]);
    expect(addressesUpTwice([flight.a, flight.b])).toEqual([]);
    for (const server of [flight.a, flight.b])
      expect(server.log).not.toContain("ANOTHER HOST ANSWERS");
  });

  test("a peer that dies leaves a survivor that reaches the witness: it serves, and goes on", async () => {
    flight.addHost(`${WITNESS}/16`);
    flight.a.start(WITNESSED);
    flight.b.start(WITNESSED);
    await flight.settled();
    const engine = flight.a.enginePid;
    signal(engine, "SIGSTOP"); // alive, it would let go when the supervisor dies
    await flight.a.stop("SIGKILL");
    signal(engine, "SIGKILL");
    await untilServes(flight.b);
    for (let round = 0; round < 50; round++) {
      const heard = await answers.round();
      expect([...(heard.get("10.44.1.1") ?? [])]).toEqual([flight.b.host.mac]);
    }
    expect(phaseOf(flight.b)).toBe("active");
    expect(flight.b.log).not.toContain(CUT_OFF);
    expect(answers.twice).toEqual([]);
  });

  test("a server that starts alone without reaching the witness does not serve, reports it, and serves when the witness comes", async () => {
    flight.a.start(WITNESSED);
    await until("it says that it is cut off", () => flight.a.log.includes(CUT_OFF));
    for (let round = 0; round < 20; round++) {
      const heard = await answers.round();
      expect([...heard.values()].every(({ size }) => size === 0)).toBe(true);
      expect(flight.a.vips()).toEqual([]);
    }
    expect(phaseOf(flight.a)).toBe("isolated");
    // Reported once by each engine: a starved one is replaced by another.
    expect(flight.a.log.split(CUT_OFF)).toHaveLength(flight.a.log.split("engine started").length);
    const witness = flight.addHost(`${WITNESS}/16`);
    await untilServes(flight.a);
    expect(phaseOf(flight.a)).toBe("active");

    witness.plug(false); // and one that is alone again releases again
    await until(
      "its VIPs are gone",
      () => phaseOf(flight.a) === "isolated" && flight.a.vips().length === 0,
    );
    witness.plug(true);
    await untilServes(flight.a);
  });

  test("a witness that is away is no fault while a peer is heard", async () => {
    flight.a.start(WITNESSED);
    flight.b.start(WITNESSED);
    const [a] = await flight.settled();
    expect(Object.values(ownersOf(a)).every((owner) => owner !== null)).toBe(true);
    const witness = flight.addHost(`${WITNESS}/16`);
    await Bun.sleep(500);
    witness.plug(false);
    await Bun.sleep(1000);
    for (const server of [flight.a, flight.b]) expect(phaseOf(server)).toBe("active");
  });
});

test("without witnesses the last server serves, even cut off behind its switch", async () => {
  flight.a.start(TABLE);
  flight.b.start(TABLE);
  await flight.settled();
  flight.a.host.attach(false);
  await until("each serves alone", () =>
    [flight.a, flight.b].every((server) => {
      const state = server.state();
      return state?.phase === "active" && ownersOf(state).announcements === server.id;
    }),
  );
  await untilServes(flight.b);
  await Bun.sleep(500);
  expect(phaseOf(flight.a)).toBe("active");
  expect(flight.a.vips().length).toBeGreaterThan(0);
  expect(flight.a.log).not.toContain(CUT_OFF);
});
