import { beforeEach, expect, test } from "bun:test";
import { BenchServer } from "../../../test/harness/bench-server.ts";
import { situationOf } from "../../config/foresight.ts";
import { WhatIf } from "../../config/what-if.ts";
import { CONSOLE_COLUMNS } from "../../limits.ts";
import type { StatusDocument } from "../../supervisor/status-document.ts";
import { type Maintenance, MaintenanceError } from "../maintenance.ts";
import { type Answer, answerTo } from "./console.ts";
import { CONSOLE_COMMANDS } from "./console-commands.ts";
import { drainedLine } from "./console-drain.ts";

let server: BenchServer;
let settings: { pageLines: number; takesDownloads: boolean };
beforeEach(() => {
  server = new BenchServer();
  settings = { pageLines: 24, takesDownloads: true };
});

const ask = (line: string, isCut = false): Promise<Answer> =>
  answerTo(line, server, settings, isCut);

/** The answer as it is seen: its lines, then OK or ERR. */
const seen = async (line: string): Promise<string> => {
  const { lines, error } = await ask(line);
  return [...lines, error === null ? "OK" : `ERR ${error}`].join("\n");
};

const document = async (line: string) => {
  const { lines, error, isWhole } = await ask(line);
  expect([lines.length, error, isWhole]).toEqual([1, null, true]);
  return JSON.parse(lines[0] ?? "");
};

test("an empty line is nothing, and no error", async () => {
  expect(await seen("   ")).toBe("OK");
});

test("every show fits 80 columns of printable ASCII and has a document on one line", async () => {
  const shows = CONSOLE_COMMANDS.filter(({ words }) => words[0] === "show").map(({ words }) =>
    words.join(" "),
  );
  expect(shows).toHaveLength(11);
  for (const show of [...shows, "test"]) {
    const { lines, error } = await ask(show);
    expect([show, error]).toEqual([show, null]);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/^[ -~]{0,80}$/);
    expect(await document(`${show} | json`)).toBeDefined();
  }
  expect(await document("show functions|js")).toEqual(server.status()?.functions);
  expect(await document("show log -n 3 | json")).toEqual(server.log.entries({ newest: 3 }));
  expect(await document("show version | json")).toMatchObject({
    partNumber: "WNG5E00010001",
    server: "left",
  });
});

test("show book: every failure of what runs now in a line, and one of them in full", async () => {
  const lines = (await ask("show book")).lines;
  expect(lines[0]).toBe(
    "POLICY preempt, all servers alive: 2 failures (every failure that leaves a",
  );
  expect(lines).toContain("LOST   RUN OF 3  STOPPED");
  const { policy, book } = await document("show book | json");
  expect(policy).toBe("preempt");
  expect(book.map(({ lost }: { lost: string[] }) => lost)).toEqual([["left"], ["right"]]);
  expect(await seen("sh bo ri")).toBe(await seen("show book right"));
  expect(await seen("show book right")).toStartWith("If server right fails\n");
  const entry = await document("show book right | json");
  const situation = situationOf(server.status() as StatusDocument);
  const plan = new WhatIf(server.config).plan({ ...situation, down: ["right"] });
  expect(entry).toEqual({ lost: ["right"], back: [], ...plan });
  expect(await seen("show book left right")).toContain("\nFREE: no server is left\nOK");
  expect(await seen("show book left+right")).toBe(await seen("show book right left"));
  expect(await seen("show book x")).toBe(
    'found "x", expected a server: left or right\nERR UNKNOWN',
  );
});

test("show book of a server that is down shows the effect of its return, not combined with a failure", async () => {
  server.peerIsAlive = false;
  expect((await ask("show book")).lines.join("\n")).toContain("\nright back  ");
  expect(await seen("show book right")).toStartWith("If server right comes back\n");
  expect(await seen("show book left right")).toBe(
    "found left and right (down), expected servers that are alive, or one that is down\nERR SYNTAX",
  );
});

test("of a thousand functions only some are named to choose from", async () => {
  const [template] = server.config.functions;
  if (template === undefined) throw new Error("the table has no function");
  server.config.functions = Array.from({ length: 1000 }, (_, index) => ({
    ...template,
    id: `map-${index}`,
  }));
  for (const line of ["move", "move x left", "move map left"]) {
    const { lines } = await ask(line);
    expect(lines.at(-1)).toEndWith("or one of 984 more");
    expect(lines.at(-1)?.length).toBeLessThan(300);
  }
});

test("the longest identifiers and values are shortened, not the table", async () => {
  for (const entry of [...server.config.functions, ...server.config.servers])
    entry.id = entry.id.padEnd(32, "x");
  server.log.records = server.log.records.map((record) => ({
    ...record,
    detail: "d".repeat(60),
    function: "f".repeat(32),
  }));
  for (const show of ["show functions", "show servers", "show log"]) {
    for (const line of (await ask(show)).lines)
      expect(line.length).toBeLessThanOrEqual(CONSOLE_COLUMNS);
  }
});

test("the content of the log cannot control the terminal", async () => {
  server.log.records = server.log.records.map((record) => ({
    ...record,
    detail: "\u001b[2J\u009b\u00b5\u20ac",
  }));
  expect((await ask("show log -n 1")).lines.join("")).toEndWith("?[2J?u? (3 TIMES)");
  expect((await ask("show log -n 1 | json")).lines[0]).toMatch(/^[ -~]+$/);
  expect((await document("show log -n 1 | json"))[0].detail).toBe("\u001b[2J\u009b\u00b5\u20ac");
});

test("words may be shortened as long as they are unique, in either case", async () => {
  expect(await seen("sh v")).toBe(await seen("show version"));
  expect(await seen("SHOW VERSION")).toBe(await seen("show version"));
  expect(await seen("show f")).toBe(
    'found "f" after show, expected functions or faults\nERR AMBIGUOUS',
  );
  expect(await seen("d")).toBe('found "d", expected drain or download\nERR AMBIGUOUS');
  expect(await seen("shw")).toBe('found "shw", expected a command; ? lists them\nERR SYNTAX');
  expect(await seen("show x")).toMatch(
    /^found "x" after show, expected servers, functions, .* or book\nERR SYNTAX$/,
  );
  expect(await seen("show")).toMatch(
    /^found nothing after show, expected servers, .* or book\nERR SYNTAX$/,
  );
});

test("what changes something is not shortened to a letter or two: line noise types those", async () => {
  for (const line of ["dr", "e", "mo map right confirm", "cl faults confirm", "dow log"]) {
    const { error } = await ask(line);
    expect([line, error]).toEqual([line, line.startsWith("dow") ? null : "SYNTAX"]);
  }
  expect(await seen("re")).toBe('found "re", expected resume or rebalance\nERR AMBIGUOUS');
  expect(server.actions).toEqual([]);
  expect(await seen("dra")).toEndWith("OK");
  expect(await seen("res")).toBe("OK");
  expect(server.actions).toEqual(["drain", "resume"]);
});

test("arguments: what was found, what is expected", async () => {
  const cases: [line: string, answer: string][] = [
    ["show version now", 'found "now" after show version, expected no more\nERR SYNTAX'],
    ["show log -n", "found nothing after -n, expected a whole number from 1 to 2000\nERR SYNTAX"],
    ["show log -n 0", 'found "0" after -n, expected a whole number from 1 to 2000\nERR SYNTAX'],
    ["show log 5", 'found "5" after show log, expected -n or --leg, each once\nERR SYNTAX'],
    [
      "show log -n 5 -n 6",
      'found "-n" after show log, expected -n or --leg, each once\nERR SYNTAX',
    ],
    [
      "show log --toString 5",
      'found "--toString" after show log, expected -n or --leg, each once\nERR SYNTAX',
    ],
    ["show version | xml", 'found "| xml", expected | json\nERR SYNTAX'],
    ["show version | json | json", 'found "| json | json", expected | json\nERR SYNTAX'],
    ["resume | json", "found | json after resume, expected it after show or test\nERR SYNTAX"],
    [
      "| json",
      "found nothing, expected help, show, drain, resume, capacity, hold, move, rebalance, clear, test, download, terminal or exit\nERR SYNTAX",
    ],
    ["move", "found nothing, expected a function: map, announcements or video\nERR SYNTAX"],
    ["move map", "found nothing, expected a server: left or right\nERR SYNTAX"],
    ["move tv right", 'found "tv", expected a function: map, announcements or video\nERR UNKNOWN'],
    [
      "move map right now",
      'found "now" after move map right, expected confirm or nothing\nERR SYNTAX',
    ],
    [
      "terminal length 1000",
      'found "1000" after terminal length, expected a whole number from 0 to 512\nERR SYNTAX',
    ],
  ];
  for (const [line, answer] of cases) expect(await seen(line)).toBe(answer);
  expect(server.actions).toEqual([]);
  expect(await seen("help")).toContain("show log [-n N]");
});

test("log and faults of one leg, the newest records", async () => {
  expect((await ask("show log")).lines).toHaveLength(20);
  expect(await document("show log -n 100 --leg 1 | json")).toHaveLength(9);
  expect(await seen("show log --leg 9")).toBe("NO RECORDS\nOK");
  expect(await seen("show faults")).toMatch(
    /^LEG 2: 1 FAULTS, 1 ACTIVE\n\nWNG-0123 [\s\S]* {2}ACTION: Check the cable.\nOK$/,
  );
  expect(await seen("show faults --leg 1")).toContain("HARD, CLASS 2, ATA 44-21, COUNT 3");
  expect(await seen("show faults --leg 5")).toBe("LEG 5: NO FAULTS\nOK");
});

test("move and clear say what they would do, and do it with confirm", async () => {
  expect(await seen("move map right")).toBe(
    "map leaves left and runs on right; to carry it out: move map right confirm\nERR CONFIRM",
  );
  expect(await seen("clear faults")).toBe(
    "1 active faults will be cleared; to carry it out: clear faults confirm\nERR CONFIRM",
  );
  expect(await seen("move map left")).toBe("map runs on left already\nERR THERE");
  expect(server.actions).toEqual([]);
  expect(await seen("move map right confirm")).toEndWith("OK");
  expect(await seen("clear faults CONFIRM")).toBe("OK");
  expect(server.actions).toEqual(["move map right", "clear faults"]);
});

test("rebalance lists the moves, and makes them with confirm; then there are none", async () => {
  server.owners = [0, 0, -1];
  const listed = "map leaves left and runs on right\nremaining now: left 55, right 100";
  expect(await seen("rebalance")).toBe(
    `${listed}\nremaining then: left 95, right 60\n` +
      "1 function moves; to carry it out: rebalance confirm\nERR CONFIRM",
  );
  expect(await seen("rebalance now")).toBe(
    'found "now" after rebalance, expected confirm or nothing\nERR SYNTAX',
  );
  server.ground = false;
  expect(await seen("rebalance confirm")).toBe(
    "stopped after 0 of 1 moves: found the aircraft in the air, expected it on ground\nERR GROUND",
  );
  expect(server.actions).toEqual([]);
  server.ground = true;
  expect(await seen("reb confirm")).toBe(
    "map MOVED FROM left TO right\nremaining: left 95, right 60\nOK",
  );
  expect(server.actions).toEqual(["move map right"]);
  expect(await seen("rebalance confirm")).toBe(
    "NOTHING TO MOVE\nremaining now: left 95, right 60\nOK",
  );
  expect(server.actions).toEqual(["move map right"]);
  server.hasEngine = false;
  expect(await seen("rebalance")).toBe(
    "found no state of this server, expected a running engine\nERR ENGINE",
  );
});

test("drain asks only where something would stop", async () => {
  expect(await seen("drain")).toBe("DRAINED: nothing runs on left any more\nOK");
  server.peerIsAlive = false;
  expect(await seen("drain")).toBe(
    "it stops map: no other server could run it; to carry it out: drain confirm\nERR CONFIRM",
  );
  expect(await seen("drain confirm")).toEndWith("OK");
  expect(server.actions).toEqual(["drain", "drain"]);
});

test("drain names what is still there when its time is over", async () => {
  server.letsGo = false;
  server.owners = [0, 0, 0];
  expect(await drainedLine(server, 60)).toBe(
    "DRAINING: map, announcements, video still on left; show functions lists what is left",
  );
  server.letsGo = true;
  server.peerIsAlive = false; // nobody takes them
  expect(await drainedLine(server, 60)).toBe(
    "DRAINED: nothing runs on left any more; STOPPED: map, announcements, video",
  );
  server.hasEngine = false;
  expect(await drainedLine(server, 0)).toStartWith("DRAINING: functions not known still on left");
});

test("what is on its way to another server has not stopped", async () => {
  const entries = [
    { id: "map", owner: "left", state: "running" },
    { id: "map", owner: null, state: "starting" },
    { id: "map", owner: null, state: "stopped" },
  ];
  const line = (last: number): Promise<string> => {
    let looks = 0;
    const status = () => ({ functions: [looks++ === 0 ? entries[0] : entries[last]] });
    const maintenance = { serverId: "left", drain: async () => {}, status };
    return drainedLine(maintenance as unknown as Maintenance, 0);
  };
  expect(await line(1)).toBe("DRAINED: nothing runs on left any more");
  expect(await line(2)).toEndWith("; STOPPED: map");
});

test("capacity and hold act in the air, and ask only where something would stop", async () => {
  server.ground = false;
  expect(await seen("capacity 60")).toBe("STORED; show servers shows the value\nOK");
  expect(await seen("hold on")).toBe("STORED; hold shows who holds\nOK");
  server.peerIsAlive = false;
  expect(await seen("capacity 40")).toBe(
    "it stops map: no other server could run it; to carry it out: capacity 40 confirm\nERR CONFIRM",
  );
  expect(await seen("capacity 40 confirm")).toEndWith("OK");
  expect(await seen("hold off")).toEndWith("OK");
  expect(server.actions).toEqual(["capacity 60", "hold true", "capacity 40", "hold false"]);
  expect(await seen("capacity 101")).toBe(
    'found "101" after capacity, expected a whole number from 0 to 100\nERR SYNTAX',
  );
  expect(await seen("hold still")).toBe('found "still" after hold, expected on or off\nERR SYNTAX');
  expect(await seen("capacity")).toBe("FULL CAPACITY EVERYWHERE, NOTHING HELD\nOK");
});

test("a refusal of the server is the answer", async () => {
  server.ground = false;
  expect(await seen("move map right confirm")).toBe(
    "found the aircraft in the air, expected it on ground\nERR GROUND",
  );
  server.hasEngine = false;
  expect(await seen("show servers")).toBe(
    "found no state of this server, expected a running engine\nERR ENGINE",
  );
  expect(await seen("show version")).toEndWith("OK");
});

test("a built-in test that failed shows its table, then what failed", async () => {
  server.tests.push({ what: "clock", passed: false, found: "before 2024" });
  const { lines, error } = await ask("test");
  expect(lines[3]).toMatch(/^clock +FAIL +before 2024$/);
  expect([lines.at(-1), error]).toEqual(["1 of 3 tests failed: clock", "TEST"]);
  const json = await ask("test | json");
  expect(JSON.parse(json.lines[0] ?? "")).toEqual(server.tests);
  expect(json.error).toBe("TEST");
});

test("downloads carry the file; without a terminal there is none", async () => {
  const log = (await ask("download log")).download;
  expect(log?.name).toMatch(/^wingman-left-leg\d+-\d{8}T\d{9}Z-log\.bin$/);
  expect(log?.content).toEqual(server.log.content);
  const { download } = await ask("download legs");
  expect(download?.name).toMatch(/^wingman-left-leg\d+-\d{8}T\d{9}Z-legs\.csv$/);
  const text = new TextDecoder().decode(download?.content);
  const [, body = "", digest] = /^([\s\S]*)SHA-256 ([0-9a-f]{64})\r\n$/.exec(text) ?? [];
  expect(new Bun.CryptoHasher("sha256").update(body).digest("hex")).toBe(digest ?? "");
  expect(body.split("\r\n")).toHaveLength(4);
  expect(body).toContain(
    "1,7,,2026-11-26T02:20:31.000Z,9,WNG-0123,KEEP-ALIVE NETWORK LOST,2,44-21,,eth1,3,HARD\r\n",
  );
  settings = { ...settings, takesDownloads: false };
  expect(await seen("download log")).toBe(
    "found no terminal, expected one that can receive by ZMODEM\nERR LINE",
  );
});

test("help: all, one, what can follow", async () => {
  for (const { words } of CONSOLE_COMMANDS) {
    const answer = await ask(`help ${words.join(" ")}`);
    expect([words, answer.error]).toEqual([words, null]);
    for (const line of answer.lines) expect(line.length).toBeLessThanOrEqual(CONSOLE_COLUMNS);
  }
  expect((await ask("help")).lines).toHaveLength(CONSOLE_COMMANDS.length);
  for (const line of (await ask("?")).lines)
    expect(line.length).toBeLessThanOrEqual(CONSOLE_COLUMNS);
  expect((await ask("show ?")).lines).toHaveLength(11);
  expect((await ask("show l?")).lines).toHaveLength(2);
  expect((await ask("help move")).lines.join(" ")).toContain("only the effect is shown");
  expect((await ask("fly ?")).error).toBe("SYNTAX");
  expect((await ask("help fly")).error).toBe("SYNTAX");
});

test("terminal length and exit", async () => {
  expect(await seen("terminal length 0")).toBe("OK");
  expect(settings.pageLines).toBe(0);
  expect((await ask("exit")).ends).toBe(true);
});

test("a line that was cut is not done, however it begins", async () => {
  const { error } = await ask("drain", true);
  expect([error, server.actions]).toEqual(["LENGTH", []]);
});

test("a defect in a command is an answer, too", async () => {
  server.builtInTest = () => Promise.reject(new TypeError("undefined is not a function"));
  expect(await seen("test")).toBe("undefined is not a function\nERR INTERNAL");
  server.builtInTest = () => Promise.reject(new MaintenanceError("ROOM", "no room"));
  expect(await seen("test")).toBe("no room\nERR ROOM");
});
