import { afterAll, expect, test } from "bun:test";
import { closeSync, constants, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";

const directory = scratchDirectory("log-output");
afterAll(() => rmSync(directory, { recursive: true }));

/** More than a pipe holds. */
const LINES = 200;

test("unread lines are lost and counted, not waited for; later ones come whole and cannot control the terminal", async () => {
  const fifo = join(directory, "fifo");
  if (Bun.spawnSync(["mkfifo", fifo]).exitCode !== 0) throw new Error("mkfifo");
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(fifo, constants.O_RDWR);
  const taken = (): string[] => {
    const bytes = Buffer.alloc(1 << 20);
    const length = readSync(reader, bytes);
    expect(bytes[length - 1]).toBe(0x0a);
    return bytes.toString("utf8", 0, length).trimEnd().split("\n");
  };
  const program = join(import.meta.dir, "../../test/children/log-child.ts");
  const child = Bun.spawn([process.execPath, program, String(LINES)], {
    stdio: ["pipe", "pipe", writer],
  });
  try {
    await child.stdout.getReader().read(); // it has written what it could
    const first = taken();
    for (const line of first) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z x{1000}$/);
    expect(first.length).toBeGreaterThan(10);
    child.stdin.write("\n");
    child.stdin.end();
    expect(await child.exited).toBe(0);
    const [lost, strange, long, ...rest] = taken();
    expect(lost).toEndWith(
      ` supervisor: ${LINES - first.length} lines lost: standard error was full`,
    );
    expect(strange).toEndWith(" tab\tbell\u00b7escape\u00b7[31m\u00b71m Höhe");
    expect(long).toMatch(/ y{4000,}$/);
    expect(rest).toEqual([expect.stringMatching(/ supervisor: the end$/)]);
  } finally {
    child.kill("SIGKILL");
    closeSync(reader);
    closeSync(writer);
  }
});
