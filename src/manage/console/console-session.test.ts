import { beforeEach, expect, test } from "bun:test";
import { BenchServer } from "../../../test/harness/bench-server.ts";
import { CONSOLE_ECHO_MAX, CONSOLE_TYPE_AHEAD_MAX } from "../../limits.ts";
import { ConsoleSession, type SessionKind } from "./console-session.ts";

const IDLE_MS = 60_000;
const PROMPT = "wingman left> ";

let server: BenchServer;
beforeEach(() => {
  server = new BenchServer();
});

/** A session and the clock on the wall. */
class Desk {
  nowMs = 1000;
  readonly session: ConsoleSession;

  constructor(kind: SessionKind = "terminal") {
    this.session = new ConsoleSession(server, { kind, nowMs: this.nowMs, idleMs: IDLE_MS });
  }

  type(text: string): void {
    this.session.receive(Buffer.from(text, "latin1"), this.nowMs);
  }

  /** Everything that is said until nothing more comes. */
  async said(): Promise<string> {
    let text = "";
    for (let quiet = 0; quiet < 3; ) {
      const bytes = this.session.take();
      if (bytes === null) {
        quiet++;
        await Bun.sleep(0);
      } else {
        quiet = 0;
        text += Buffer.from(bytes).toString("latin1");
      }
    }
    return text;
  }

  async ask(text: string): Promise<string> {
    this.type(text);
    return await this.said();
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.session.tick(this.nowMs);
  }
}

const awake = async (): Promise<Desk> => {
  const desk = new Desk("line");
  await desk.ask("\r");
  return desk;
};

test("a line names its server and waits for Enter; then banner and prompt", async () => {
  const desk = new Desk("line");
  expect(await desk.said()).toBe("\r\nWINGMAN left: PRESS ENTER\r\n");
  expect(await desk.ask("show version")).toBe("");
  expect(await desk.ask("\r")).toBe(
    "WINGMAN 0.1.0  PART NUMBER WNG5E00010001\r\n" +
      "SERVER left  SYSTEM status-test  STATE ACTIVE\r\n? LISTS THE COMMANDS\r\nwingman left> ",
  );
});

test("an answer stands between the echo and OK, and a prompt follows", async () => {
  const desk = await awake();
  expect(await desk.ask("resume\r")).toBe(`resume\r\nOK\r\n${PROMPT}`);
  expect(await desk.ask("resum\r")).toBe(`resum\r\nOK\r\n${PROMPT}`);
  expect(await desk.ask("fly\r")).toBe(
    `fly\r\nfound "fly", expected a command; ? lists them\r\nERR SYNTAX\r\n${PROMPT}`,
  );
  expect(await desk.ask("\r")).toBe(`\r\n${PROMPT}`);
});

test("pages: space, Enter, q, and the next command instead of a key", async () => {
  const desk = await awake();
  await desk.ask("terminal length 6\r");
  const first = await desk.ask("show log -n 12\r");
  expect(first).toEndWith("--More--");
  expect(first.split("\r\n")).toHaveLength(1 + 5 + 1);
  const line = await desk.ask("\r");
  expect(line).toMatch(/^\r {8}\r\d+ [^\r]*\r\n--More--$/);
  expect((await desk.ask(" ")).split("\r\n")).toHaveLength(6);
  expect(await desk.ask("\r")).toEndWith(`\r\nOK\r\n${PROMPT}`);
  await desk.ask("show log -n 12\r");
  expect(await desk.ask("q")).toBe(`\r        \rOK\r\n${PROMPT}`);
  await desk.ask("show log -n 12\r");
  expect(await desk.ask("\u0003")).toBe(`\r        \rOK\r\n${PROMPT}`);
  await desk.ask("show log -n 12\r");
  expect(await desk.ask("show dataload\r")).toContain("NO DATA LOAD");
  const json = await desk.ask("show log -n 40 | json\r");
  expect(JSON.parse(json.split("\r\n")[1] ?? "")).toHaveLength(40);
  await desk.ask("terminal length 0\r");
  expect(await desk.ask("show log -n 40\r")).not.toContain("--More--");
});

test("nothing is printed into a half-typed line, whatever happens and however long it takes", async () => {
  const desk = await awake();
  expect(await desk.ask("show ver")).toBe("show ver");
  server.log.isActive = false;
  server.hasEngine = false;
  for (let second = 0; second < IDLE_MS / 1000 - 1; second++) {
    desk.pass(1000);
    expect(await desk.said()).toBe("");
  }
  expect(await desk.ask("sion\r")).toStartWith("sion\r\nWINGMAN       0.1.0\r\n");
});

test("an idle session ends; nothing of it is left for the next one", async () => {
  const desk = await awake();
  await desk.ask("terminal length 3\r");
  await desk.ask("drai");
  desk.pass(IDLE_MS - 1);
  expect(await desk.said()).toBe("");
  desk.pass(1);
  expect(await desk.said()).toBe("\r\nIDLE, SESSION ENDED\r\n\r\nWINGMAN left: PRESS ENTER\r\n");
  await desk.ask("n\r");
  expect(server.actions).toEqual([]);
  expect(await desk.ask("\u001b[A")).toBe(""); // no history
  expect(await desk.ask("show functions\r")).not.toContain("--More--");
});

test("an idle terminal is over, also one that waits at the end of a page", async () => {
  const desk = new Desk();
  await desk.ask("terminal length 3\rshow log\r");
  desk.pass(IDLE_MS);
  await desk.said();
  expect(desk.session.isOver).toBe(true);
});

test("a long command is waited for; Ctrl-C ends the wait, and a later answer is dropped", async () => {
  const desk = await awake();
  const gate = Promise.withResolvers<void>();
  server.gate = gate.promise;
  expect(await desk.ask("test\r")).toBe("test\r\n");
  desk.pass(2 * IDLE_MS);
  expect(await desk.said()).toBe("");
  expect(await desk.ask("show bo\u0003")).toBe(
    `^C\r\nno longer waiting; the action goes on\r\nERR CANCELLED\r\n${PROMPT}`,
  );
  gate.resolve();
  expect(await desk.said()).toBe("");
  expect(await desk.ask("resume\r")).toBe(`resume\r\nOK\r\n${PROMPT}`);
});

test("input during a command is executed after it", async () => {
  const desk = await awake();
  const gate = Promise.withResolvers<void>();
  server.gate = gate.promise;
  await desk.ask("drain\rresume\rshow bo");
  gate.resolve();
  expect(await desk.said()).toEndWith(`OK\r\n${PROMPT}resume\r\nOK\r\n${PROMPT}show bo`);
  expect(server.actions).toEqual(["drain", "resume"]);
});

test("input without room drops the older input, with a bell; no part of a line is a command", async () => {
  const desk = await awake();
  const gate = Promise.withResolvers<void>();
  server.gate = gate.promise;
  await desk.ask("test\rhelp ");
  desk.type("drain\r");
  desk.type("resume\r".repeat(CONSOLE_TYPE_AHEAD_MAX / 7));
  // There is no room any more within this line, whose end would be a command of its own.
  desk.type("help move map right confirm\rshow dataload\rclear fau");
  gate.resolve();
  const said = await desk.said();
  expect(said).toContain("\u0007");
  expect(said).toContain(`${PROMPT}show dataload\r\nNO DATA LOAD`);
  expect(said).toEndWith(`${PROMPT}clear fau`);
  expect(server.actions).toEqual([]);
});

test("the rest of a dropped line is passed over until its end, or until a pause", async () => {
  for (const end of ["\r", "\u0003", "pause"]) {
    const desk = await awake();
    const gate = Promise.withResolvers<void>();
    server.gate = gate.promise;
    await desk.ask("test\r");
    desk.type("x".repeat(CONSOLE_TYPE_AHEAD_MAX + 1));
    gate.resolve();
    await desk.said();
    desk.type(`drain${end === "pause" ? "" : end}`);
    if (end === "pause") desk.pass(1000);
    expect(await desk.ask("resume\r")).toBe(`resume\r\nOK\r\n${PROMPT}`);
    expect(server.actions).toEqual(["resume"]);
    server.actions.length = 0;
  }
});

test("a line that takes nothing holds a bounded amount, and Ctrl-C throws it away", async () => {
  const desk = await awake();
  for (let round = 0; round < 100; round++) {
    desk.type("?\rshow log\rrubbish".repeat(100));
    await Bun.sleep(0);
  }
  desk.type("\u0003");
  desk.type("\u00ff".repeat(100_000)); // each is refused with a bell
  desk.type("\u0003");
  const said = await desk.said();
  expect(said.length).toBeLessThan(2 * CONSOLE_ECHO_MAX);
  expect(said).toEndWith(PROMPT);
  desk.pass(1000);
  expect(await desk.ask("\r")).toBe(`\r\n${PROMPT}`);
});

test("a long answer is made as it is fetched, and broken off by Ctrl-C", async () => {
  const desk = await awake();
  await desk.ask("terminal length 0\r");
  const entry = server.log.records[39];
  server.log.records = Array.from(
    { length: 2000 },
    (_, index) => ({ ...entry, sequence: index + 1 }) as typeof entry,
  );
  desk.type("show log -n 2000\r");
  for (let count = 0; count < 3; count++) {
    await Bun.sleep(0);
    expect(desk.session.take()?.length ?? 0).toBeLessThan(4096);
  }
  const rest = await desk.ask("\u0003");
  expect(rest).toBe(`^C\r\nthe answer was cut short\r\nERR CANCELLED\r\n${PROMPT}`);
});

test("exit and Ctrl-D: a line waits for the next one, a terminal is over", async () => {
  const line = await awake();
  expect(await line.ask("exit\r")).toBe("exit\r\nOK\r\n\r\n\r\nWINGMAN left: PRESS ENTER\r\n");
  await line.ask("\r");
  expect(await line.ask("\u0004")).toBe("\r\n\r\nWINGMAN left: PRESS ENTER\r\n");
  expect(line.session.isOver).toBe(false);
  const terminal = new Desk();
  await terminal.ask("exit\r");
  expect(terminal.session.isOver).toBe(true);
});

test("a script gets answers and nothing else", async () => {
  const desk = new Desk("script");
  expect(await desk.said()).toBe("");
  expect(await desk.ask("show dataload\n")).toBe(
    "NO DATA LOAD: maintenance.dataLoad IS NOT CONFIGURED\nOK\n",
  );
  expect(await desk.ask("terminal length 2\nshow log -n 3\n")).not.toContain("--More--");
  expect(await desk.ask("download log\n")).toBe(
    "found no terminal, expected one that can receive by ZMODEM\nERR LINE\n",
  );
  expect(await desk.ask("\u0004")).toBe("");
  expect(desk.session.isOver).toBe(true);
});

test("a download has the line for itself, with size and digest before and after; five Ctrl-X end it", async () => {
  const desk = await awake();
  const digest = new Bun.CryptoHasher("sha256").update(server.log.content).digest("hex");
  const begun = await desk.ask("download log\r");
  expect(begun).toMatch(/FILE wingman-left-leg\d+-\w+-log\.bin, 9000 BYTES\r\n/);
  expect(begun).toContain(`\r\nSHA-256 ${digest}\r\n`);
  expect(begun).toContain("**\u0018B00"); // ZRQINIT, at which terminal programs begin
  expect(await desk.ask("show version\r")).toBe("");
  await desk.ask("\u0018\u0018\u0018\u0018\u0018");
  let said = "";
  for (let second = 0; second < 30 && !said.includes(PROMPT); second++) {
    desk.pass(1000);
    said += await desk.said();
  }
  expect(said).toContain(`SHA-256 ${digest}\r\n`);
  expect(said).toEndWith(`cancelled the transfer\r\nERR TRANSFER\r\n${PROMPT}`);
  expect(await desk.ask("resume\r")).toBe(`resume\r\nOK\r\n${PROMPT}`);
});
