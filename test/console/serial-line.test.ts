/** The console over real pseudo-terminal pairs, in a separate process. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../harness/run-mark.ts";
import { receiveByRz } from "../harness/rz.ts";
import { Random } from "../harness/seeded-random.ts";
import { ConsoleProcess } from "./console-process.ts";

const LIMIT_MS = 120_000;
const PROMPT = "wingman left> ";

for (const baud of [9600, 115_200]) {
  test(
    `at ${baud} bit/s: raw, 8 data bits, no echo of the kernel's; banner, prompt, answers`,
    async () => {
      await using console = new ConsoleProcess({ baud });
      const { terminal } = console;
      await terminal.until("PRESS ENTER\r\n");
      const { local, control, speed } = terminal.line;
      const CSIZE = 0o60;
      const PARENB = 0o400;
      const CLOCAL = 0o4000;
      expect([local, control & CSIZE, control & PARENB, control & CLOCAL, speed]).toEqual([
        0,
        CSIZE,
        0,
        CLOCAL,
        baud,
      ]);
      await terminal.type("\r");
      expect(await terminal.until(PROMPT)).toContain("PART NUMBER WNG5E00010001\r\nSERVER left");
      expect(await console.ask("show version")).toMatch(/^WINGMAN +[\d.]+\r\n[\s\S]*\r\nOK$/);
      expect(
        JSON.parse((await console.ask("show functions | json")).split("\r\n")[0] ?? ""),
      ).toHaveLength(3);
      expect(await console.ask("fly")).toEndWith("\r\nERR SYNTAX");
    },
    LIMIT_MS,
  );
}

test(
  "a slow reader gets a long answer whole; the console holds little of it and Ctrl-C ends it",
  async () => {
    await using console = new ConsoleProcess({ baud: 9600 });
    await console.wake();
    await console.ask("terminal length 0");
    const { terminal } = console;
    await terminal.type("show log -n 40\r");
    // 20 times the speed of the line: what matters is that the reader is slower than the console.
    for (let turn = 0; turn < 10_000 && !terminal.text.includes(`OK\r\n${PROMPT}`); turn++) {
      terminal.receive(96);
      await Bun.sleep(1);
    }
    const lines = (await terminal.until(`OK\r\n${PROMPT}`))
      .split("\r\n")
      .filter((line) => /^\d+ /.test(line));
    expect(lines.map((line) => Number.parseInt(line, 10))).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 1),
    );

    // Nothing reads at all: it keeps listening.
    for (let round = 0; round < 50; round++) {
      terminal.write(Buffer.from("show log -n 40\rshow log -n 40\r"));
      await Bun.sleep(5);
    }
    terminal.write(Buffer.from("\u0003"));
    await terminal.type("\rshow dataload\r");
    await terminal.until(`NO DATA LOAD: maintenance.dataLoad IS NOT CONFIGURED\r\nOK\r\n${PROMPT}`);
  },
  LIMIT_MS,
);

test(
  "hung up, unplugged, plugged in again: a new session after a pause",
  async () => {
    await using console = new ConsoleProcess();
    await console.wake();
    await console.terminal.type("drai");
    console.unplug();
    console.plugIn();
    await console.terminal.until("PRESS ENTER\r\n");
    await console.terminal.type("n\r");
    expect(await console.terminal.until(PROMPT)).not.toContain("DRAINING");
    expect(await console.ask("show version")).toEndWith("OK");

    // Away for longer than it is tried in a hurry.
    console.unplug();
    await console.printed(`closed console ${console.device}: ENOENT\n`);
    console.plugIn();
    await console.wake();
    expect(await console.ask("show version")).toEndWith("OK");
  },
  LIMIT_MS,
);

test(
  "10,000 random lines and 1 MB of random bytes harm nothing: show version answers with OK within a second",
  async () => {
    await using console = new ConsoleProcess();
    await console.wake();
    const { terminal } = console;
    const before = await console.usage();
    const random = new Random(20_261_126);
    const words = [
      "show",
      "log",
      "faults",
      "drai",
      "mov",
      "map",
      "?",
      "|",
      "json",
      "-n",
      "7",
      "\u00e9",
      "terminal",
      "\t",
    ];
    let lines = "";
    for (let count = 0; count < 10_000; count++) {
      const length = random.below(8);
      for (let word = 0; word < length; word++) lines += `${words[random.below(words.length)]} `;
      lines += ["\r", "\n", "\r\n"][random.below(3)];
    }
    await terminal.send(Buffer.from(lines, "latin1"));
    // Enter ends half-typed input, and wakes an idle console.
    const timed = async (): Promise<number> => {
      const beganMs = performance.now();
      terminal.text = "";
      await terminal.type("\rshow version\r");
      await terminal.until(/TABLE DIGEST +[0-9a-f]{64}\r\n(.+\r\n)+OK\r\n/);
      return performance.now() - beganMs;
    };
    expect(await timed()).toBeLessThan(1000);

    await terminal.send(Uint8Array.from({ length: 1_000_000 }, () => random.below(256)));
    const answerMs = await timed();
    expect(answerMs).toBeLessThan(1000);
    const after = await console.usage();
    expect(after.rssBytes - before.rssBytes).toBeLessThan(64 << 20);
    globalThis.console.log(
      `console: answered after ${answerMs.toFixed(0)} ms, ${((after.rssBytes - before.rssBytes) / 1e6).toFixed(1)} MB more`,
    );
  },
  LIMIT_MS,
);

test(
  "pages, history and a half-typed line",
  async () => {
    await using console = new ConsoleProcess();
    await console.wake();
    const { terminal } = console;
    await terminal.type("show log -n 40\r");
    const page = await terminal.until("--More--");
    expect(page.split("\r\n")).toHaveLength(1 + 23 + 1);
    await terminal.type(" ");
    await terminal.until(`OK\r\n${PROMPT}`);
    await terminal.type("\u001b[A");
    await terminal.until("show log -n 40");
    await terminal.type("\u0015show ver");
    await terminal.during(200);
    expect(await terminal.during(1000)).toBe("");
    await terminal.type("sion\r");
    expect(await terminal.until("OK\r\n")).toStartWith("sion\r\nWINGMAN ");
  },
  LIMIT_MS,
);

test(
  "no input: the session ends",
  async () => {
    await using console = new ConsoleProcess({ idleMs: 1500 });
    await console.wake();
    await console.terminal.type("drai");
    await console.terminal.until("IDLE, SESSION ENDED\r\n\r\nWINGMAN left: PRESS ENTER\r\n");
    await console.terminal.type("n\r");
    expect(await console.terminal.until(PROMPT)).not.toContain("DRAINING");
  },
  LIMIT_MS,
);

test(
  "download log goes to a real rz, byte for byte; five Ctrl-X and a receiver that never comes end it",
  async () => {
    await using console = new ConsoleProcess();
    await console.wake();
    const { terminal } = console;
    const directory = scratchDirectory("download");
    try {
      await terminal.type("download log\r");
      const announced = await terminal.until("CTRL-X CANCEL\r\n");
      const [, size, digest] = /, (\d+) BYTES\r\nSHA-256 ([0-9a-f]{64})/.exec(announced) ?? [];
      expect(size).toBe("9000");
      expect(await receiveByRz(terminal, directory)).toBe(0);
      const file = readFileSync(join(directory, readdirSync(directory)[0] ?? ""));
      expect(file.toString()).toBe("the log\r\n".repeat(1000));
      expect(new Bun.CryptoHasher("sha256").update(file).digest("hex")).toBe(digest ?? "");
      expect(await terminal.until(PROMPT)).toContain(`SHA-256 ${digest}\r\nOK\r\n`);
      expect(await console.ask("show version")).toEndWith("OK");

      await terminal.type("download legs\r");
      await terminal.until("**\u0018B00");
      await terminal.type("\u0018\u0018\u0018\u0018\u0018");
      expect(await terminal.until(PROMPT)).toContain("ERR TRANSFER\r\n");
      expect(await console.ask("show version")).toEndWith("OK");
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
  LIMIT_MS,
);
