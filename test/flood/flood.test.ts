/**
 * An attacker with its own address on the client network, which also carries the keep-alives, sends
 * as fast as the kernel accepts, for some seconds. For 30 s, and the lateness of keep-alives: `npm
 * run bench -- --only flood`. Needs root and `ip`.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StatusDocument } from "../../src/supervisor/status-document.ts";
import { Flight, type Server, TABLE } from "../harness/real-servers.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";

const FLOODER = join(import.meta.dir, "../harness/flood/flooder.ts");
const SECONDS = 4;
const ATTACKERS = 2;
/** Fewer than an idle machine sends: the flood is real, however busy this one is. */
const SENT_MIN = 1000 * SECONDS;
/**
 * Of the keep-alives of the other server. Where forged ones crowd out real ones, more are missing
 * long before a failover.
 */
const ACCEPTED_SHARE_MIN = 0.9;
/**
 * Detection takes 200 ms, so that a machine that is busy with other things decides nothing; the
 * share above judges the flood.
 */
const FLOWN = {
  ...TABLE,
  keepAlive: { ...TABLE.keepAlive, periodMs: 10, lostAfterPeriods: 20, keyFile: "key" },
  clients: { lease: "required" },
};

let flight: Flight;
beforeEach(async () => {
  flight = new Flight();
  for (const server of [flight.a, flight.b]) {
    writeFileSync(join(server.runDirectory, "../key"), "0123456789abcdef", { mode: 0o600 });
    server.start(FLOWN);
  }
  await flight.settled();
});
afterEach(async () => {
  await flight.close();
});

/** @returns datagrams sent */
async function flood(kind: string): Promise<number> {
  const attackers = Array.from({ length: ATTACKERS }, () =>
    Bun.spawn(
      [
        ...[...flight.seat.enter, process.execPath, FLOODER],
        ...["eth0", String(SECONDS), kind, TABLE.system],
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    ),
  );
  const reports = await Promise.all(attackers.map(({ stdout }) => new Response(stdout).json()));
  return (reports as { sent: number }[]).reduce((sum, { sent }) => sum + sent, 0);
}

/** A starved daemon may owe an answer for a moment. */
async function stateOf(server: Server): Promise<StatusDocument> {
  return await until(`${server.id} gives its status`, () => server.state());
}

/** Everything about a server that a failover would change. */
async function flown(server: Server) {
  const { phase, incarnation, servers, functions } = await stateOf(server);
  const states = servers.map(({ id, state }) => `${id} ${state}`);
  const owners = functions.map(({ id, owner, state }) => `${id} ${owner} ${state}`);
  const log = server.log.replace(/.*KEEP-ALIVES REFUSED, WRONG KEY.*\n/g, "");
  return { phase, incarnation, states, owners, vips: server.vips(), log };
}

const REFUSED: Record<string, (keepAlive: StatusDocument["keepAlive"]) => number> = {
  garbage: ({ dropped }) => dropped,
  forged: ({ rejected }) => rejected.authentication ?? 0,
  replayed: ({ rejected, duplicate }) => duplicate + (rejected.replay ?? 0),
};

describe("a flood from the client network causes no failover and stops no keep-alive", () => {
  for (const [kind, refused] of Object.entries(REFUSED)) {
    test(kind, async () => {
      const servers = [flight.a, flight.b];
      const before = await Promise.all(servers.map(flown));
      const began = (await Promise.all(servers.map(stateOf))).map(({ keepAlive }) => keepAlive);
      const sent = await flood(kind);
      expect(sent).toBeGreaterThan(SENT_MIN);
      await until("what has arrived is read", () =>
        servers.every((server) => {
          const keepAlive = server.state()?.keepAlive;
          return keepAlive !== undefined && refused(keepAlive) + keepAlive.dropped > sent / 2;
        }),
      );
      expect(await Promise.all(servers.map(flown))).toEqual(before);
      const ended = (await Promise.all(servers.map(stateOf))).map(({ keepAlive }) => keepAlive);
      const counted = (index: number, name: "sent" | "accepted"): number =>
        (ended[index]?.[name] ?? 0) - (began[index]?.[name] ?? 0);
      for (const index of [0, 1]) {
        expect(counted(index, "accepted") / counted(1 - index, "sent")).toBeGreaterThan(
          ACCEPTED_SHARE_MIN,
        );
        expect(refused(ended[index] ?? flight.fail())).toBeGreaterThan(sent / 4);
      }
    });
  }

  test("and a server that is killed in the midst of it is replaced", async () => {
    const flooded = flood("forged").catch(() => 0); // its network goes when the test fails
    await until(
      "the flood is under way",
      () => (flight.b.state()?.keepAlive.rejected.authentication ?? 0) > 0,
    );
    signal(flight.a.pid, "SIGSTOP"); // so that nobody starts the engine again
    signal(flight.a.enginePid, "SIGKILL");
    await until("b owns the most important functions", () => {
      const owned = flight.b.state()?.functions.filter(({ owner }) => owner === "b") ?? [];
      return (
        owned.some(({ id }) => id === "announcements") &&
        owned.some(({ id }) => id === "safety-video")
      );
    });
    signal(flight.a.pid, "SIGCONT");
    await flooded;
  });
});
