/** Two real daemons in network namespaces. Needs root and `ip`. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { addressesUpTwice, Flight, ownersOf, TABLE, VIPS } from "../harness/real-servers.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";

let flight: Flight;
beforeEach(() => {
  flight = new Flight();
});
afterEach(async () => {
  await flight.close();
});

const ALL_RUNNING = TABLE.functions.map(({ id }) => id);

describe("two servers", () => {
  // "One hour apart" is flown in virtual time in test/scenarios; here the second comes when the
  // first has long settled.
  for (const [story, first, second, apartMs] of [
    ["started at the same instant", "a", "b", 0],
    ["a first, b while a still listens", "a", "b", 120],
    ["b first, a while b still listens", "b", "a", 120],
    ["a long before b", "a", "b", 1500],
    ["b long before a", "b", "a", 1500],
  ] as const) {
    test(`${story}: everything runs, both agree, and no VIP was ever up on both`, async () => {
      flight.a.watchAddresses();
      flight.b.watchAddresses();
      await Bun.sleep(100);
      flight[first].start(TABLE);
      await Bun.sleep(apartMs);
      flight[second].start(TABLE);
      const [a, b] = await flight.settled();
      expect(a.functions.filter(({ owner }) => owner !== null).map(({ id }) => id)).toEqual(
        ALL_RUNNING,
      );
      expect(ownersOf(a)).toEqual(ownersOf(b));
      expect([...flight.a.vips(), ...flight.b.vips()].length).toBe(VIPS.length);
      await Bun.sleep(100);
      expect(addressesUpTwice([flight.a, flight.b])).toEqual([]);
    });
  }

  test("the watch for double ownership is not blind: an address put on both by hand is found", async () => {
    flight.a.watchAddresses();
    flight.b.watchAddresses();
    await Bun.sleep(100);
    for (const { host } of [flight.a, flight.b])
      host.ip("addr", "add", "10.44.1.2/32", "dev", "eth0");
    await until("both changes are written down", () =>
      [flight.a, flight.b].every(({ addressLog }) => Bun.file(addressLog).size > 0),
    );
    expect(addressesUpTwice([flight.a, flight.b])).toHaveLength(1);
  });

  test("with policy reset the same owners come out in every order of start", async () => {
    const table = { ...TABLE, allocation: "reset" };
    const outcomes: string[] = [];
    for (const [first, second, apartMs] of [
      ["a", "b", 0],
      ["b", "a", 1200],
      ["a", "b", 1200],
    ] as const) {
      flight[first].start(table);
      await Bun.sleep(apartMs);
      flight[second].start(table);
      await until("all four run on two servers", () => {
        const states = [flight.a.state(), flight.b.state()];
        return (
          states.every(
            (state) => state?.functions.every(({ state }) => state === "running") === true,
          ) &&
          new Set(states.map((state) => JSON.stringify(state && ownersOf(state)))).size === 1 &&
          new Set(Object.values(ownersOf(states[0] as NonNullable<(typeof states)[0]>))).size === 2
        );
      });
      outcomes.push(JSON.stringify(ownersOf((await flight.settled())[0])));
      await flight.a.stop();
      await flight.b.stop();
    }
    expect(new Set(outcomes).size).toBe(1);
  });

  test("a server that is killed is replaced by priority, and what it left is removed when it starts again", async () => {
    flight.a.start(TABLE);
    flight.b.start(TABLE);
    await flight.settled();
    expect(flight.a.vips().length).toBeGreaterThan(0);
    const engine = flight.a.enginePid;
    signal(engine, "SIGSTOP"); // alive, it would let go when the supervisor dies
    await flight.a.stop("SIGKILL");
    signal(engine, "SIGKILL");
    flight.a.host.plug(false);
    await until("b runs the two most important", () => {
      const state = flight.b.state();
      return (
        state !== null &&
        ownersOf(state).announcements === "b" &&
        ownersOf(state)["safety-video"] === "b"
      );
    });
    const state = flight.b.state();
    expect(state && ownersOf(state).map).toBeNull();
    await until("the kernel has removed what nobody renews", () => flight.a.vips().length === 0);
    // Leftovers of a kernel that was stopped as well, or of an older release.
    const holder = [
      process.execPath,
      join(import.meta.dir, "../children/vip-holder.ts"),
      "eth0",
      "10.44.1.2/16",
    ];
    const earlier = Bun.spawn([...flight.a.host.enter, ...holder], {
      stdout: "pipe",
    });
    await earlier.stdout.getReader().read();
    earlier.kill("SIGKILL");
    await earlier.exited;
    expect(flight.a.vips()).toEqual(["10.44.1.2"]);
    flight.a.host.plug(true);
    flight.a.start(TABLE);
    const [after] = await flight.settled();
    expect(Object.values(ownersOf(after)).every((owner) => owner !== null)).toBe(true);
    await flight.a.logs("VIPS OF AN EARLIER RUN REMOVED");
    expect([...flight.a.vips(), ...flight.b.vips()].length).toBe(VIPS.length);
  });

  test("the engine alone is killed: its VIPs go, a new incarnation takes part, nothing is up twice", async () => {
    flight.a.start(TABLE);
    flight.b.start(TABLE);
    const [before] = await flight.settled();
    flight.a.watchAddresses();
    flight.b.watchAddresses();
    await Bun.sleep(100);
    signal(flight.a.enginePid, "SIGKILL");
    await until("a is back as a new incarnation", () => {
      const state = flight.a.state();
      return state !== null && state.phase === "active" && state.incarnation > before.incarnation;
    });
    await flight.settled();
    expect([...flight.a.vips(), ...flight.b.vips()].length).toBe(VIPS.length);
    expect(addressesUpTwice([flight.a, flight.b])).toEqual([]);
  });

  test("the supervisor alone is killed: the engine releases everything and says good-bye, nothing is up twice", async () => {
    flight.a.start(TABLE);
    flight.b.start(TABLE);
    await flight.settled();
    flight.a.watchAddresses();
    flight.b.watchAddresses();
    await Bun.sleep(100);
    await flight.a.stop("SIGKILL");
    await until(
      "b has taken over",
      () => ownersOf(flight.b.state() ?? flight.fail()).announcements === "b",
    );
    await until("a holds no VIP", () => flight.a.vips().length === 0);
    await flight.b.logs("SERVER SAID GOOD-BYE: a");
    await Bun.sleep(100);
    expect(addressesUpTwice([flight.a, flight.b])).toEqual([]);
  });

  test("a function whose process fails three times moves to the other server; its children are gone", async () => {
    const script = join(flight.a.runDirectory, "../../service.sh");
    // Fails on a, runs on b: what a broken disk or a wrong library does.
    writeFileSync(script, '#!/bin/sh\n[ "$WINGMAN_SERVER" = b ] || exit 3\nexec sleep 1000\n', {
      mode: 0o755,
    });
    const table = structuredClone(TABLE) as { functions: object[] };
    table.functions = [
      {
        id: "announcements",
        required: 40,
        priority: 10,
        vips: ["10.44.1.1/16"],
        command: [script],
      },
      { id: "map", required: 50, priority: 5, vips: ["10.44.1.3/16"] },
    ];
    flight.a.start(table);
    flight.b.start(table);
    await until("it failed on a and runs on b", () => {
      const state = flight.b.state();
      return state?.functions[0]?.owner === "b" && state.functions[0].state === "running";
    });
    await flight.a.logs("FUNCTION FAILED HERE: announcements");
    expect(flight.a.vips()).not.toContain("10.44.1.1");
    expect(flight.b.vips()).toContain("10.44.1.1");
  });

  test("VIPs of IPv6 alone are taken over", async () => {
    const table = structuredClone(TABLE) as { functions: object[] };
    table.functions = [
      { id: "announcements", required: 40, priority: 10, vips: ["fd44:0:0:1::1/64"] },
    ];
    flight.a.start(table);
    flight.b.start(table);
    const [state] = await flight.settled();
    const owner = state.functions[0]?.owner === "a" ? flight.a : flight.b;
    const other = owner === flight.a ? flight.b : flight.a;
    owner.host.plug(false);
    await until("the other has it", () => other.vips().length === 1 && owner.vips().length === 0);
    // There is no listener: the kernel that has the address answers so, one that has not would be
    // silent.
    const connect = "exec 3<>/dev/tcp/fd44:0:0:1::1/9";
    const reached = Bun.spawnSync([...flight.seat.enter, "bash", "-c", connect]);
    expect(reached.stderr.toString()).toContain("Connection refused");
  });

  test("two boxes with one id, started in the same second: neither serves, both say so, the other server does", async () => {
    const twin = flight.a.twin(flight.seat);
    // Recovery takes a second: on a busy machine too, both boxes speak before b counts on one of
    // them.
    const table = { ...TABLE, keepAlive: { ...TABLE.keepAlive, recoveredAfterPeriods: 50 } };
    flight.a.start(table);
    twin.start(table);
    flight.b.start(table);
    await until("both boxes name the fault", () =>
      [flight.a, twin].every(({ log }) => log.includes("TWO SERVERS HAVE THIS SERVER'S ID")),
    );
    await until(
      "b serves",
      () => ownersOf(flight.b.state() ?? flight.fail()).announcements === "b",
    );
    expect(flight.a.vips()).toEqual([]);
    expect(twin.vips()).toEqual([]);
    await twin.end();
  });

  test("one of two networks is lost, recreated, and suffices when the other fails", async () => {
    const { a, b } = flight;
    const cable = (): void => a.host.cable("eth1", "10.45.0.1/24", b.host, "10.45.0.2/24");
    cable();
    const table = { ...TABLE, keepAlive: { ...TABLE.keepAlive, interfaces: ["eth0", "eth1"] } };
    a.start(table);
    b.start(table);
    const before = JSON.stringify(ownersOf((await flight.settled())[0]));
    await Bun.sleep(1500); // the kernel may report a link that comes up a second later
    const counts = (event: string): number[] =>
      [a, b].map(({ log }) => log.split(`KEEP-ALIVE NETWORK ${event}: eth1`).length);
    const told = (event: string, before: number[]): boolean =>
      counts(event).every((count, box) => count > (before[box] ?? 0));
    const lost = counts("LOST");
    a.host.ip("link", "del", "eth1");
    await until("both name the network", () => told("LOST", lost));
    const present = counts("PRESENT");
    cable();
    await until("it is back", () => told("PRESENT", present));
    // Keep-alives over the client network are lost at the switch, everything else passes: eth1 must
    // carry them.
    for (const { host } of [a, b]) host.dropMulticast();
    await Bun.sleep(1000);
    expect(a.state()?.servers.find(({ id }) => id === "b")?.state).toBe("alive");
    expect(JSON.stringify(ownersOf((await flight.settled())[0]))).toBe(before);
    // And it was eth1 that did.
    a.host.ip("link", "del", "eth1");
    // An engine that released everything on a busy machine has started over, and never heard it.
    const isSilent = (): boolean =>
      ["lost", "unknown"].includes(a.state()?.servers[1]?.state ?? "");
    await until("nothing is heard any more", isSilent);
  });

  test("a keep-alive network that is missing at the start does not keep the server down", async () => {
    flight.a.start({ ...TABLE, keepAlive: { ...TABLE.keepAlive, interfaces: ["eth0", "eth1"] } });
    await until("a is active", () => flight.a.state()?.phase === "active");
    await flight.a.logs("KEEP-ALIVE NETWORK LOST: eth1");
  });

  // Without a lease the address of a paused server goes on answering: so the test would see it.
  for (const [lease, answers] of [
    ["required", false],
    ["off", true],
  ] as const) {
    test(`lease ${lease}: a server whose engine is paused ${answers ? "goes on answering" : "is silent"}`, async () => {
      const { a, b, seat } = flight;
      const table = { ...TABLE, clients: { lease } };
      a.start(table);
      b.start(table);
      const [state] = await flight.settled();
      const paused = ownersOf(state).announcements === "a" ? a : b;
      const other = paused === a ? b : a;
      const hardware =
        /link\/ether (\S+)/.exec(paused.host.ip("link", "show", "eth0"))?.[1] ?? "none";
      // The seat sends to the paused server, even if another one has announced the address.
      seat.ip(
        "neigh",
        "replace",
        "10.44.1.1",
        "lladdr",
        hardware,
        "dev",
        "eth0",
        "nud",
        "permanent",
      );
      const connect = ["timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/10.44.1.1/9"];
      const isAnswered = (): boolean =>
        Bun.spawnSync([...seat.enter, ...connect])
          .stderr.toString()
          .includes("refused");
      expect(isAnswered()).toBe(true);
      const engine = paused.enginePid;
      signal(engine, "SIGSTOP");
      try {
        expect(paused.vips()).toContain("10.44.1.1"); // for two seconds, with or without a lease
        const hasIt = (): boolean =>
          ownersOf(other.state() ?? flight.fail()).announcements === other.id;
        await until("the other has taken over", hasIt);
        for (let question = 0; question < (answers ? 1 : 3); question++)
          expect(isAnswered()).toBe(answers);
      } finally {
        signal(engine, "SIGCONT");
      }
      await until("it says why it let go", () =>
        /VIP LEASE RAN OUT|SERVER WAS STALLED/.test(paused.log),
      );
      await flight.settled();
      expect([...a.vips(), ...b.vips()].length).toBe(VIPS.length);
    });
  }

  test("drain moves what has room, resume takes part again, SIGTERM leaves in good order", async () => {
    flight.a.start(TABLE);
    flight.b.start(TABLE);
    await flight.settled();
    expect(flight.a.drain()).toMatchObject({ code: 0, err: "" });
    expect(flight.a.vips()).toEqual([]);
    expect(flight.a.state()?.phase).toBe("draining");
    expect(ownersOf(flight.b.state() ?? flight.fail()).announcements).toBe("b");
    expect(flight.a.command("resume").code).toBe(0);
    const [state] = await flight.settled();
    expect(Object.values(ownersOf(state)).every((owner) => owner !== null)).toBe(true);
    expect(await flight.b.stop("SIGTERM")).toBe(0);
    expect(flight.b.vips()).toEqual([]);
    await flight.a.logs("SERVER SAID GOOD-BYE: b");
    expect(existsSync(join(flight.b.runDirectory, "engine.sock"))).toBe(false);
  });

  test("an address removed by hand is put back, one that somebody else added is left alone", async () => {
    const foreign = "10.44.7.7";
    flight.a.host.ip("addr", "add", `${foreign}/32`, "dev", "eth0");
    flight.a.start(TABLE);
    flight.b.start(TABLE);
    await flight.settled();
    const [address = ""] = flight.b.vips().filter((vip) => vip.includes("."));
    flight.b.host.ip("addr", "del", `${address}/32`, "dev", "eth0");
    await until("the address is back", () => flight.b.vips().includes(address));
    await flight.a.stop();
    expect(flight.a.host.addresses()).toContain(`${foreign}/32`);
  });

  test("carrier loss: the server releases at once and takes part again when the link is back", async () => {
    flight.a.start(TABLE);
    flight.b.start(TABLE);
    await flight.settled();
    flight.a.host.plug(false);
    await until(
      "a is isolated and owns nothing",
      () => flight.a.state()?.phase === "isolated" && flight.a.vips().length === 0,
    );
    await until(
      "b has taken over",
      () => ownersOf(flight.b.state() ?? flight.fail()).announcements === "b",
    );
    flight.a.host.plug(true);
    const [state] = await flight.settled();
    expect(Object.values(ownersOf(state)).every((owner) => owner !== null)).toBe(true);
  });

  test("a server with another key or another table is no peer", async () => {
    const keyed = { ...TABLE, keepAlive: { ...TABLE.keepAlive, keyFile: "key" } };
    for (const [server, key] of [
      [flight.a, "0123456789abcdef"],
      [flight.b, "another-key-of-16"],
    ] as const) {
      writeFileSync(join(server.runDirectory, "../key"), key, { mode: 0o600 });
      server.start(keyed);
    }
    await until("both reject what the other sends", () =>
      [flight.a, flight.b].every(
        (server) => (server.state()?.keepAlive.rejected.authentication ?? 0) > 20,
      ),
    );
    expect(flight.a.state()?.servers.find(({ id }) => id === "b")?.state).toBe("unknown");
    await flight.a.stop();
    await flight.b.stop();

    flight.a.start(TABLE);
    await until("a is active", () => flight.a.state()?.phase === "active");
    const other = structuredClone(TABLE);
    (other.functions[3] as { required: number }).required = 31;
    flight.b.start(other);
    await until("each names the other as incompatible", () =>
      [flight.a, flight.b].every((server) => server.log.includes("SERVER HAS ANOTHER TABLE")),
    );
    await Bun.sleep(1000);
    expect(flight.b.state()?.phase).toBe("listening"); // the newcomer stays passive
    expect(flight.b.vips()).toEqual([]);
    expect(flight.a.state()?.phase).toBe("active");
  });
});
