/** `wingman console` over the socket of the run directory. */
import { expect, test } from "bun:test";
import { closeSync, constants, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import {
  CONSOLE_HELLO_SCRIPT,
  CONSOLE_HELLO_TERMINAL,
} from "../../src/manage/console/console-server.ts";
import { Terminal } from "../harness/terminal.ts";
import { ConsoleProcess } from "./console-process.ts";

const LIMIT_MS = 120_000;

async function started(options: { idleMs?: number } = {}): Promise<ConsoleProcess> {
  const console = new ConsoleProcess(options);
  await console.printed("ready\n");
  return console;
}

/** Empty when there is none, or none any more. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** A connection of our own making; everything that it was sent until it ended. */
async function connect(
  path: string,
  bytes: Uint8Array,
): Promise<{ socket: Bun.Socket; text: () => string; ended: Promise<void> }> {
  let text = "";
  let unsent = bytes;
  const end = Promise.withResolvers<void>();
  const send = (socket: Bun.Socket): void => {
    unsent = unsent.subarray(Math.max(0, socket.write(unsent)));
  };
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data: (_socket, data) => {
        text += data.toString("latin1");
      },
      drain: send,
      close: () => end.resolve(),
    },
  });
  send(socket);
  return { socket, text: () => text, ended: end.promise };
}

test(
  "a command: its answer on stdout, exit 0; an error on stderr, exit 1; no server, exit 1",
  async () => {
    await using console = await started();
    const shown = await console.wingman(["show", "servers"]);
    expect(shown).toMatchObject({ code: 0, err: "" });
    expect(shown.out).toMatch(/^SERVER .*\nleft .*\nright .*\n$/);
    const json = await console.wingman(["show", "log", "-n", "2", "|", "json"]);
    expect(JSON.parse(json.out)).toHaveLength(2);
    expect(await console.wingman(["resume"])).toEqual({ code: 0, out: "", err: "" });
    expect(await console.wingman(["move", "map", "right"])).toEqual({
      ...{ code: 1, out: "" },
      err: "wingman: console: map leaves left and runs on right; to carry it out: move map right confirm (CONFIRM)\n",
    });
    expect(await console.wingman(["download", "log"])).toMatchObject({ code: 1, out: "" });
    expect(await console.wingman(["show\nversion"])).toMatchObject({ code: 2, out: "" });
    expect(await console.wingman(["--speed", "9600"])).toMatchObject({ code: 2, out: "" });
    const child = Bun.spawnSync([
      process.execPath,
      `${import.meta.dir}/../../src/main.ts`,
      "console",
      "--run-dir",
      "/nonexistent",
      "test",
    ]);
    expect([child.exitCode, child.stderr.toString()]).toEqual([
      1,
      "wingman: console: not running: there is no /nonexistent/console.sock\n",
    ]);
  },
  LIMIT_MS,
);

test(
  "commands from stdin: all answers with OK and ERR, exit 1 when one was ERR",
  async () => {
    await using console = await started();
    const good = await console.wingman([], "show dataload\nresume");
    expect(good).toEqual({
      code: 0,
      out: "NO DATA LOAD: maintenance.dataLoad IS NOT CONFIGURED\nOK\nOK\n",
      err: "",
    });
    const many = await console.wingman([], `${"show version | json\n".repeat(500)}fly\n`);
    expect(many.code).toBe(1);
    const lines = many.out.trimEnd().split("\n");
    expect(lines.filter((line) => line === "OK")).toHaveLength(500);
    expect(lines.at(-1)).toBe("ERR SYNTAX");
    // Commands without an answer were not executed.
    expect(await console.wingman([], "\n  \nexit\n")).toEqual({ code: 0, out: "OK\n", err: "" });
    expect(await console.wingman([], "exit\nresume\n")).toEqual({
      ...{ code: 1, out: "OK\n" },
      err: "wingman: console: the connection ended with 1 of 2 commands answered\n",
    });
  },
  LIMIT_MS,
);

test(
  "stdin without an end: nothing is kept, and the end of the console is the end",
  async () => {
    await using console = await started();
    const main = `${import.meta.dir}/../../src/main.ts`;
    const command = `yes 'show log' | ${process.execPath} ${main} console --run-dir ${console.directory} | tail -c 1 >/dev/null; exit \${PIPESTATUS[1]}`;
    const child = Bun.spawn(["bash", "-c", command], { stdio: ["ignore", "ignore", "pipe"] });
    await Bun.sleep(3000);
    const memory = readdirSync("/proc").flatMap((name) => {
      const isClient = readIfThere(`/proc/${name}/cmdline`).startsWith(
        `${process.execPath}\0${main}\0console\0--run-dir\0${console.directory}`,
      );
      const [, kib] = isClient
        ? (/VmRSS:\s+(\d+)/.exec(readIfThere(`/proc/${name}/status`)) ?? [])
        : [];
      return kib === undefined ? [] : [Number(kib)];
    });
    expect(memory).toHaveLength(1);
    expect(memory[0]).toBeLessThan(150_000);
    console.kill();
    expect(await child.exited).toBe(1);
    expect(await child.stderr.text()).toContain("console: the connection ended with ");
  },
  LIMIT_MS,
);

test(
  "a terminal has banner, prompt and echo; the socket is for owner and group",
  async () => {
    await using console = await started();
    expect(statSync(console.socket).mode & 0o777).toBe(0o660);
    const hello = Buffer.concat([
      Uint8Array.of(CONSOLE_HELLO_TERMINAL),
      Buffer.from("show dataload\rexit\r"),
    ]);
    const { text, ended } = await connect(console.socket, hello);
    await ended;
    expect(text()).toContain("PART NUMBER WNG5E00010001\r\n");
    expect(text()).toEndWith(
      "wingman left> show dataload\r\nNO DATA LOAD: maintenance.dataLoad IS NOT CONFIGURED\r\nOK\r\nwingman left> exit\r\nOK\r\n\r\n",
    );
  },
  LIMIT_MS,
);

test(
  "at a terminal it is a session; afterwards the terminal is as it was",
  async () => {
    await using console = await started();
    const terminal = new Terminal();
    const end = openSync(terminal.path, constants.O_RDWR | constants.O_NOCTTY);
    const { local } = terminal.line;
    const main = `${import.meta.dir}/../../src/main.ts`;
    const begin = (): Bun.Subprocess =>
      Bun.spawn([process.execPath, main, "console", "--run-dir", console.directory], {
        stdio: [end, end, "inherit"],
      });
    for (const farewell of ["exit\r", "\u0004", "\u001d"]) {
      const session = begin();
      await terminal.until("wingman left> ");
      await terminal.type("show grouj\bnd\r");
      await terminal.until("ON GROUND\r\nOK\r\nwingman left> ");
      await terminal.type("half\u0003"); // for the console, not for this process
      await terminal.until("^C\r\nwingman left> ");
      await terminal.type(farewell);
      expect(await session.exited).toBe(0);
      expect(terminal.line.local).toBe(local);
    }
    closeSync(end);
    terminal.close();
  },
  LIMIT_MS,
);

test(
  "an idle terminal is ended; a flood of one connection does not keep another waiting",
  async () => {
    await using console = await started({ idleMs: 2000 });
    const idle = await connect(console.socket, Uint8Array.of(CONSOLE_HELLO_TERMINAL));
    const rubbish = new Uint8Array(4_000_000).map((_, index) => (index * 2_654_435_761) >>> 24);
    rubbish[0] = CONSOLE_HELLO_SCRIPT;
    const flood = await connect(console.socket, rubbish);
    const beganMs = performance.now();
    expect((await console.wingman(["show", "version"])).code).toBe(0);
    expect(performance.now() - beganMs).toBeLessThan(10_000);
    flood.socket.terminate();
    await idle.ended;
    expect(idle.text()).toContain("IDLE, SESSION ENDED");
    expect((await console.wingman(["show", "version"])).code).toBe(0);
  },
  LIMIT_MS,
);

test(
  "no more sessions than there is room for",
  async () => {
    await using console = await started();
    const sessions = await Promise.all(
      Array.from({ length: 8 }, () =>
        connect(console.socket, Uint8Array.of(CONSOLE_HELLO_TERMINAL)),
      ),
    );
    expect(await console.wingman(["show", "version"])).toEqual({
      ...{ code: 1, out: "" },
      err: "wingman: console: found 8 sessions, expected fewer: end one of them (BUSY)\n",
    });
    sessions[0]?.socket.terminate();
    await Bun.sleep(200);
    expect((await console.wingman(["show", "version"])).code).toBe(0);
    for (const { socket } of sessions) socket.terminate();
  },
  LIMIT_MS,
);
