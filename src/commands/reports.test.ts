/** What check, plan and version print, as people and as programs read it. */
import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import packageFile from "../../package.json" with { type: "json" };
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { InputFileError, UsageError } from "../command-line/errors.ts";
import { COLUMNS } from "../command-line/paragraph.ts";
import { check } from "./check.ts";
import { plan } from "./plan.ts";
import { version } from "./version.ts";

let directory = "";
beforeAll(() => {
  directory = scratchDirectory("reports");
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

type Command = (args: string[]) => Promise<number>;

/** What a command printed; one that throws has printed nothing else. */
const printed = async (command: Command, ...args: string[]): Promise<string> => {
  const log = spyOn(console, "log").mockImplementation(() => {});
  try {
    expect(await command(args)).toBe(0);
    return log.mock.calls.flat().join("\n");
  } finally {
    log.mockRestore();
  }
};

const document = async (command: Command, ...args: string[]) =>
  JSON.parse(await printed(command, ...args, "--json"));

const fileOf = (name: string, content: unknown): string => {
  const file = join(directory, name);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
};

const aircraftFile = (name: string): string =>
  new URL(`../../firmware-config/${name}.json`, import.meta.url).pathname;

const overloaded = () =>
  fileOf("overloaded.json", {
    system: "test",
    servers: [
      { id: "a", resource: 60 },
      { id: "b", resource: 20 },
    ],
    functions: [
      { id: "pa", required: 50, priority: 10, vips: ["10.44.1.1/16"] },
      { id: "tv", required: 60, priority: 8, vips: ["10.44.1.2/16"] },
    ],
  });

describe("check", () => {
  test("shows what each failure stops", async () => {
    const lines = (await printed(check)).split("\n");
    expect(lines[0]).toBe("embedded default aircraft: valid");
    expect(lines[1]).toMatch(/^single-aisle-180, part number WNG5E00010001, table [0-9a-f]{16}$/);
    expect(lines.slice(2)).toEqual([
      "2 servers with 200 units, 12 functions that need 180, policy planned",
      "VIP lease of 35 ms, preferred; failures are detected after 50 ms",
      "  it needs a detection time of at least 30 ms by eBPF, 50 ms by nftables",
      "bridged: 1 keep-alive in a row lost between two servers in both directions",
      "(clients.leaseBridges); beyond that the network counts as divided, and only then",
      "may two servers answer; functions of a silent server are taken over after 50 ms",
      "by eBPF, 60 ms by nftables; the others serve on without a pause; by nftables one",
      "may start over if a keep-alive was lost just before",
      "  with 0: taken over after 50 ms",
      "  with 2: taken over after 50 ms by eBPF, 70 ms by nftables",
      "  with 3: taken over after 60 ms by eBPF, 80 ms by nftables",
      "",
      "A number in brackets behind a function is its priority.",
      "",
      "All servers alive",
      "  12 of 12 run",
      "",
      "One server lost",
      "  a or b: 8 of 12 run; stopped: avod (4), payments (3), games (2),",
      "      content-loader (1)",
      "",
      "Two servers lost at the same time",
      "  a+b: no server is left; all 12 functions stop",
      "",
      "If its server fails, no other has room for: avod (4), payments (3), games (2),",
      "    content-loader (1)",
      "All 4 functions of priority 8 and more run after every single failure.",
    ]);
  });

  test("reports that no lease fits the detection time, and which would; also that it is off on purpose", async () => {
    const aircraft = JSON.parse(await Bun.file(aircraftFile("single-aisle-180")).text());
    aircraft.keepAlive.lostAfterPeriods = 2;
    const file = fileOf("short.json", aircraft);
    expect(await printed(check, "--config", file)).toContain(`
!! NO VIP LEASE FITS a detection time of 20 ms: a server that is paused or
!! killed may go on answering after others have taken over; one fits from 30 ms
!! on (keepAlive.lostAfterPeriods 3)
`);
    const lease = {
      wanted: "preferred",
      leaseMs: null,
      detectionMs: 20,
      detectionMsMin: 30,
      detectionMsMinNftables: 50,
      bridges: 1,
      choices: [
        {
          bridges: 0,
          takeOverMs: 30,
          takeOverWithTicksMs: 50,
          lossBeforeDeath: false,
          lossBeforeDeathWithTicks: false,
        },
      ],
    };
    expect((await document(check, "--config", file)).lease).toEqual(lease);
    aircraft.clients.lease = "off";
    const off = fileOf("off.json", aircraft);
    expect(await printed(check, "--config", off)).toContain(
      "\nVIP lease off: a server that is paused or killed may",
    );
    expect((await document(check, "--config", off)).lease).toEqual({ ...lease, wanted: "off" });
  });

  test("makes important functions that stop stand out", async () => {
    expect(await printed(check, "--config", overloaded())).toEndWith(`
All servers alive
  1 of 2 run; stopped: tv (8)

One server lost
  a: 0 of 2 run; stopped: pa (10), tv (8)
  !!  PRIORITY 9 OR MORE STOPS: pa (10)
  b: 1 of 2 run; stopped: tv (8)

Two servers lost at the same time
  a+b: no server is left; all 2 functions stop

If its server fails, no other has room for: pa (10)
!! pa (10) does not survive the loss of a: it needs 50 on one server and could
!!   get 20 at most (on b): lower functions[0].required or raise
!!   servers[].resource
!! tv (8) does not run even with all servers alive: it needs 60 on one server
!!   and could get 10 at most (on a): lower functions[1].required, raise its
!!   priority or raise servers[].resource
!! pa (10) STOPS in 1 of 3 cases: a`);
  });

  test("names few functions, and says nothing of double failures that leave no server", async () => {
    const keys = (id: string, priority: number, required = 60) => ({
      ...{ id, required, priority, vips: [`10.44.1.${priority}/16`] },
    });
    const of = (servers: string[], functions: object[]) =>
      fileOf("few.json", {
        system: "test",
        servers: servers.map((id) => ({ id, resource: 100 })),
        functions,
      });
    const pa = keys("pa", 10);
    const two = of(["a", "b"], [pa, keys("games", 2)]);
    expect(await printed(check, "--config", two)).toEndWith(`
If its server fails, no other has room for: games (2)
pa (10) runs after every single failure.`);
    const three = of(["a", "b", "c"], [keys("tv", 8, 20), pa, keys("portal", 9, 20)]);
    expect(await printed(check, "--config", three)).toEndWith(`
pa (10), portal (9) and tv (8) run after every single failure.
pa (10) and portal (9) run after every double failure, too.`);
    const bound = of(["a", "b", "c"], [pa, { ...keys("games", 2), servers: ["c"] }]);
    expect(await printed(check, "--config", bound)).toEndWith(`
If its server fails, no other may run it or has room for: games (2)
pa (10) runs after every single failure.
pa (10) runs after every double failure, too.`);
    const none = of(["a", "b"], [keys("games", 2)]);
    expect(await printed(check, "--config", none)).toEndWith(`
If its server fails, each function finds room on another.
There are no functions of priority 8 and more.`);
  });

  test.each(["twin-aisle-300", "very-large-480"])("fits the terminal with %s", async (name) => {
    const lines = (await printed(check, "--config", aircraftFile(name))).split("\n");
    expect(lines.slice(1).filter((line) => line.length > COLUMNS)).toEqual([]);
    expect(lines.length).toBeGreaterThan(10);
  });

  test("gives one document with --json", async () => {
    const report = await document(check, "--config", aircraftFile("very-large-480"));
    expect(report).toMatchObject({
      ok: true,
      system: "very-large-480",
      policy: "planned",
      resource: 640,
      required: 565,
    });
    expect(report.cases).toHaveLength(1 + 6 + 15);
    expect(report.cases[0]).toMatchObject({ down: [], running: 38, notRunning: [], critical: [] });
  });

  test("gives every problem of a bad file, as text and as a document", async () => {
    const file = fileOf("bad.json", { system: "x", servers: [], functions: [] });
    await expect(check(["--config", file])).rejects.toThrow(
      `2 problems in ${file}\n` +
        `${file}: servers: found an empty list, expected a list of 1 to 16 servers\n` +
        `${file}: functions: found an empty list, expected a list of 1 to 1,024 functions`,
    );
    const log = spyOn(console, "log").mockImplementation(() => {});
    try {
      await expect(check(["--config", file, "--json"])).rejects.toThrow(InputFileError);
      expect(JSON.parse(log.mock.calls.flat().join(""))).toMatchObject({
        ok: false,
        source: file,
        problems: [{ path: "servers" }, { path: "functions", found: "an empty list" }],
      });
    } finally {
      log.mockRestore();
    }
  });
});

describe("plan", () => {
  test("is the plan with all servers alive without further options", async () => {
    const answer = await document(plan);
    expect(answer).toMatchObject({
      policy: "planned",
      alive: ["a", "b"],
      started: [],
      moved: [],
      stopped: [],
    });
    expect(Object.values(answer.assignment)).not.toContain(null);
  });

  test("has exactly the keys that programs rely on", async () => {
    const answer = await document(plan, "--down", "b");
    expect(Object.keys(answer)).toEqual([
      ...[
        "policy",
        "alive",
        "assignment",
        "started",
        "moved",
        "stopped",
        "remaining",
        "optimal",
        "steps",
        "why",
      ],
    ]);
    expect(Object.keys(answer.why)).toEqual(Object.keys(answer.assignment));
    expect(answer.why.avod).toBe(
      "stopped because it needs 40, and beside functions as important or more nothing is free; no move of others changes that",
    );
    expect(answer).toMatchObject({
      alive: ["a"],
      started: ["pa-relay", "pram-emergency", "safety-video", "moving-map", "wifi-portal"],
      moved: [],
      stopped: ["payments", "games", "content-loader"],
      remaining: { a: 0 },
      optimal: true,
    });
    expect(answer.assignment.avod).toBeNull();
    expect(answer.steps).toBeGreaterThan(0);
  });

  test("shows before and after to people", async () => {
    const text = await printed(plan, "--down", "b");
    expect(text).toContain(
      "Policy planned. Alive: a. Down: b.\n\nFUNCTION        PRIORITY  REQUIRED  BEFORE  AFTER\n",
    );
    expect(text).toContain("\npram-emergency  10        5         b       a      taken over\n");
    expect(text).toContain("\navod            4         40        b       -      STOPPED\n");
    expect(text).toContain("\ngames           2         15        a       -      STOPPED\n");
    expect(text).toContain(
      "\nRemaining: a 0 of 100\n8 of 12 functions run; 5 taken over, 0 moved, 0 started, 4 stopped; ",
    );
    expect(text).toContain(`
safety-video: goes to a because b, where it ran, is down, and no other server
    that may run it is left
`);
    expect(text).not.toContain("\ncrew-panel: ");
  });

  test("starts from a state, with its servers that are down and its functions that cannot run", async () => {
    const state = fileOf("state.json", {
      owners: { "pa-relay": "a", avod: "b", games: "a" },
      down: ["b"],
      cannotRun: { a: ["pa-relay"] },
    });
    const answer = await document(plan, "--from", state);
    expect(answer.alive).toEqual(["a"]);
    expect(answer.stopped).toContain("pa-relay");
    expect(answer.assignment.avod).toBeNull();
    const none = await document(plan, "--from", state, "--down", "a");
    expect(none.alive).toEqual([]);
    expect(new Set(Object.values(none.assignment))).toEqual(new Set([null]));
  });

  test("--policy decides", async () => {
    const moved = async (policy: string): Promise<number> => {
      const answer = await document(
        plan,
        "--config",
        aircraftFile("very-large-480"),
        "--down",
        "d",
        "--policy",
        policy,
      );
      expect(answer.policy).toBe(policy);
      return answer.moved.length;
    };
    // FIG. 4 moves a function only when it stopped it and finds room for it later; FIG. 3 gives out
    // everything anew.
    expect(await moved("reset")).toBeGreaterThan(10 * (await moved("preempt")));
  });

  test("--book answers every failure that leaves a server", async () => {
    const { policy, book } = await document(
      plan,
      "--book",
      "--config",
      aircraftFile("twin-aisle-300"),
    );
    expect(policy).toBe("planned");
    expect(book.map(({ lost }: { lost: string[] }) => lost.join("+"))).toEqual([
      ...["a", "b", "c", "d", "a+b", "a+c", "a+d", "b+c", "b+d", "c+d"],
      ...["a+b+c", "a+b+d", "a+c+d", "b+c+d"],
    ]);
    const file = aircraftFile("twin-aisle-300");
    const { why, ...single } = await document(plan, "--down", "c", "--config", file);
    expect(why["safety-video"]).toContain("because c, where it ran, is down");
    expect(book[2]).toEqual({ lost: ["c"], back: [], ...single });
    const text = await printed(plan, "--book");
    expect(text).toContain(
      "\n\nb lost: 8 of 12 run\n  taken over: pa-relay from b to a, pram-emergency from b to a,",
    );
    expect(text.split("\n").filter((line) => line.length > COLUMNS)).toEqual([]);
  });

  describe("with dimensions, functions together, functions apart", () => {
    const keys = (
      id: string,
      priority: number,
      cpu: number,
      streams: number,
      more: object = {},
    ) => ({
      ...{ id, priority, required: streams === 0 ? { cpu } : { cpu, streams } },
      ...{ vips: [`10.44.1.${priority}/16`], ...more },
    });
    const config = (allocation: string) =>
      fileOf(`dimensions-${allocation}.json`, {
        ...{ system: "test", allocation },
        servers: ["a", "b", "c"].map((id) => ({ id, resource: { cpu: 100, streams: 40 } })),
        functions: [
          keys("live", 9, 10, 30),
          keys("stock", 8, 10, 30, { apartFrom: ["live"] }),
          keys("films", 7, 10, 30),
          keys("portal", 6, 20, 0, { with: ["basket"] }),
          keys("basket", 5, 20, 5),
          keys("ads", 4, 10, 5, { apartFrom: ["portal"] }),
        ],
      });

    test.each(["reset", "preempt", "planned"])("%s honours all three", async (policy) => {
      for (const down of [
        [],
        ["--down", "a"],
        ["--down", "b"],
        ["--down", "c"],
        ["--down", "a,c"],
      ]) {
        const answer = await document(plan, "--config", config(policy), ...down);
        const { live, stock, portal, basket, ads } = answer.assignment;
        if (live !== null) expect(live).not.toBe(stock);
        if (portal !== null) expect(portal).not.toBe(ads);
        if (portal !== null && basket !== null) expect(portal).toBe(basket);
        for (const id of answer.alive) {
          const { cpu, streams } = answer.remainingOf[id];
          expect(Math.min(cpu, streams)).toBeGreaterThanOrEqual(0);
          expect(answer.remaining[id]).toBe(cpu);
        }
      }
      // Room for one stream function on each of three servers.
      const all = await document(plan, "--config", config(policy));
      const { live, stock, films, portal, basket } = all.assignment;
      expect([live, stock, films].toSorted()).toEqual(["a", "b", "c"]);
      expect(basket).toBe(portal);
      expect(Object.values(all.assignment)).not.toContain(null);
    });

    test("shows every dimension to people, and which servers are asked for", async () => {
      const text = await printed(plan, "--config", config("planned"));
      expect(text).toMatch(/^FUNCTION +PRIORITY +CPU +STREAMS +BEFORE +AFTER$/m);
      expect(text).toMatch(/^live +9 +10 +30 +[abc] +[abc]$/m);
      expect(text).toMatch(/^portal +6 +20 +0 +[abc] +[abc]$/m);
      expect(text).toMatch(/^Remaining: a \d+ of 100 cpu and \d+ of 40 streams/m);
    });

    test("check sums up each dimension, and its document has both", async () => {
      const text = await printed(check, "--config", config("planned"));
      expect(text).toContain("3 servers with 300 cpu, 6 functions that need 80, policy planned");
      expect(text).toContain("\n120 streams, of which functions need 100\n");
      const answer = await document(check, "--config", config("planned"));
      expect(answer.sums).toEqual({
        cpu: { resource: 300, required: 80 },
        streams: { resource: 120, required: 100 },
      });
      expect(Object.keys(answer.cases[1].remainingOf)).toEqual(["b", "c"]);
    });

    test("a state that no server could hold in its second dimension is refused", async () => {
      const file = fileOf("state.json", { owners: { live: "a", films: "a" } });
      await expect(plan(["--config", config("planned"), "--from", file])).rejects.toThrow(
        'found functions on "a" that need 60 streams, expected at most 40, the resource of "a"',
      );
    });
  });

  test("the book goes on from the servers that are down already", async () => {
    const { book } = await document(
      plan,
      "--book",
      "--down",
      "a",
      "--config",
      aircraftFile("twin-aisle-300"),
    );
    expect(
      book.map(({ lost, back, alive }: Record<"lost" | "back" | "alive", string[]>) =>
        [lost, back, alive].join(":"),
      ),
    ).toEqual([...[":a:a,b,c,d", "b::c,d", "c::b,d", "d::b,c", "b,c::d", "b,d::c", "c,d::b"]]);
  });

  test("--html writes a whole file, and replaces nothing but a file", async () => {
    const file = join(directory, "book.html");
    const said = await printed(plan, "--book", "--html", file);
    const html = readFileSync(file, "utf8");
    expect(said).toBe(
      `${file}: ${Buffer.byteLength(html)} bytes, 2 failures (every failure that leaves a server)`,
    );
    expect(html).toStartWith("<!doctype html>");
    expect(html).toContain("<h2>If server b fails</h2>");
    expect(readdirSync(directory).filter((name) => name.includes(".part"))).toEqual([]);
    await expect(plan(["--book", "--html", directory])).rejects.toThrow(
      `plan: --html: ${directory}: expected the name of a file, found something else`,
    );
    await expect(plan(["--book", "--html", "/nonexistent/book.html"])).rejects.toThrow(
      "plan: --html: /nonexistent/book.html: ENOENT",
    );
  });

  test.each<[string[], string]>([
    [["--policy", "x"], 'plan: --policy: found "x", expected reset, preempt or planned'],
    [
      ["--down", "c"],
      'plan: --down: found an unknown server "c", expected one of the servers a or b',
    ],
    [
      ["--down", "a,"],
      'plan: --down: found an unknown server "", expected one of the servers a or b',
    ],
    [["--csv"], "plan: --csv is for the book: expected --book with it"],
    [["--html", "f"], "plan: --html is for the book: expected --book with it"],
    [["--book", "--csv", "--json"], "plan: expected one of --json, --csv and --html"],
  ])("%j is wrong", async (args, message) => {
    await expect(plan(args)).rejects.toThrow(new UsageError(message));
  });

  test("a wrong state is reported like a wrong configuration", async () => {
    const file = fileOf("wrong-state.json", { owners: { avood: "a" }, down: ["q"] });
    await expect(plan(["--from", file])).rejects.toThrow(
      `2 problems in ${file}\n${file}: owners.avood: found an unknown key, expected "avod"\n` +
        `${file}: down[0]: found "q", expected a server: a or b`,
    );
  });
});

describe("version", () => {
  test("names part number, version and digests", async () => {
    const answer = await document(version);
    expect(answer).toEqual({
      partNumber: "WNG5E00010001",
      version: packageFile.version,
      buildDigest: "development",
      commit: "development",
      target: "development",
      tableDigest: (await document(check)).tableDigest,
      system: "single-aisle-180",
      configuration: "embedded default aircraft",
    });
    const text = await printed(version);
    expect(text).toStartWith(`wingman ${packageFile.version}\npart number    WNG5E00010001\n`);
    expect(text).toContain(answer.tableDigest);
  });

  test("of another configuration", async () => {
    const answer = await document(version, "--config", overloaded());
    expect(answer).toMatchObject({ partNumber: null, system: "test" });
    await expect(version(["--config", "/nonexistent"])).rejects.toThrow(InputFileError);
  });
});
