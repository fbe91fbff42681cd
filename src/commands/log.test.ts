import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  copyFileSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { open, scratch } from "../../test/harness/log-on-disk.ts";
import { LOG_FUNCTION_UP, LOG_SERVER_LOST } from "../boundary/maintenance-code.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;

let directory: string;
beforeAll(() => {
  directory = scratch();
  const log = open(directory);
  log.take(1, LOG_SERVER_LOST, 1, 0, 101_000_000);
  log.take(2, LOG_FUNCTION_UP, 1, 0, 102_000_000);
  log.close();
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

function wingman(...args: string[]): { code: number; out: string; err: string } {
  const child = Bun.spawnSync([process.execPath, MAIN, "log", ...args], { cwd: directory });
  return { code: child.exitCode, out: child.stdout.toString(), err: child.stderr.toString() };
}

test("the log of a state directory, in each format, verifies", () => {
  for (const format of ["--text", "--csv", "--json", "--binary"]) {
    const file = join(directory, `x${format}`);
    const { code, out, err } = wingman("--state-dir", directory, format, "--out", file);
    expect([code, out, err]).toEqual([0, `${file}: ${readFileSync(file).length} bytes\n`, ""]);
    const verdict = wingman("verify", file);
    expect(verdict.out).toContain(": whole (");
    expect(verdict.code).toBe(0);
    truncateSync(file, readFileSync(file).length - 1);
    expect(wingman("verify", file)).toMatchObject({
      code: 1,
      out: expect.stringContaining("NOT WHOLE"),
    });
  }
});

test("a file that was taken off the aircraft reads like the log itself", () => {
  const file = join(directory, "from-the-aircraft");
  copyFileSync(join(directory, "maintenance.log"), file);
  const { code, out } = wingman(file);
  expect(code).toBe(0);
  expect(out).toContain("SERVER       a\n");
  expect(out).toBe(wingman("--state-dir", directory).out);
  expect(out).toBe(wingman("--file", file).out);
  copyFileSync(file, join(directory, "verify"));
  expect(wingman("./verify").out).toBe(out); // a subcommand is a bare word
});

test("filters choose records", () => {
  const codes = (...args: string[]) =>
    wingman("--state-dir", directory, "--json", ...args)
      .out.trimEnd()
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line).code);
  expect(codes()).toEqual([400, 111, 200, 402]);
  expect(codes("--since", "2")).toEqual([200, 402]);
  expect(codes("--class", "2")).toEqual([111]);
  expect(codes("--function", "pram-emergency")).toEqual([200]);
  expect(codes("--leg", "1")).toEqual([]);
});

test("damaged records are skipped and reported", () => {
  const file = join(directory, "damaged");
  const bytes = readFileSync(join(directory, "maintenance.log"));
  bytes[8192 + 145 * 256] = 0xff;
  writeFileSync(file, bytes);
  const { code, out, err } = wingman("--file", file, "--json");
  expect(code).toBe(0);
  expect(err).toBe("wingman: log: 1 damaged records skipped\n");
  expect(out.split("\n").length).toBe(3 + 1 + 1);
  expect(wingman("verify", file)).toMatchObject({
    code: 1,
    out: expect.stringContaining("45312 to 45567 are no record"),
  });
});

test.each([
  [["--csv", "--json"], 2, "log: expected one of --text, --csv, --json and --binary"],
  [["--binary", "--leg", "1"], 2, "log: --binary is the whole file"],
  [["--file", "x", "--state-dir", "y"], 2, "log: expected one of FILE, --file FILE and --state"],
  [["x", "--file", "y"], 2, "log: expected one of FILE, --file FILE and --state-dir DIR"],
  [["x", "--state-dir", "y"], 2, "log: expected one of FILE, --file FILE and --state-dir DIR"],
  [["--class", "4"], 2, 'log: --class: found "4", expected a whole number from 0 to 3'],
  [["--since", "-1"], 2, "log: option --since needs a value"],
  [["--leg", "one"], 2, 'log: --leg: found "one", expected a whole number from 0 to 4294967295'],
  [["--jsn"], 2, 'log: unknown option "--jsn"; did you mean --json?'],
  [["verfy", "x"], 2, 'log: found "verfy", expected one FILE, verify FILE or replay FILE'],
  [["verfy"], 1, "log: verfy: no such file"],
  [["verify", "x", "y"], 2, 'log: found "y", expected no more'],
  [["verify"], 2, "log verify: expected a file"],
  [["verify", "x", "--json"], 2, "log verify: --json has no meaning here"],
  [["verify", "nowhere"], 1, "log verify: nowhere: no such file"],
  [["--file", "nowhere"], 1, "log: nowhere: no such file; 'wingman run' begins it"],
  [["--state-dir", "/dev/null"], 1, "log: /dev/null/maintenance.log: ENOTDIR"],
  [
    ["--file", "/etc/passwd"],
    1,
    "log: /etc/passwd: no maintenance log: neither of its headers is whole",
  ],
  [["replay"], 2, "log replay: expected a file"],
  [["replay", "/etc/passwd", "--html", "x", "--json"], 2, "log replay: expected --html, or --json"],
  [
    ["replay", "/etc/passwd", "--config", "firmware-config/single-aisle-180.json"],
    1,
    "log replay: /etc/passwd: no maintenance log: neither of its headers is whole",
  ],
] as const)("%p is reported clearly", (args, code, message) => {
  const result = wingman(...args);
  expect(result.err).toContain(`wingman: ${message}`);
  expect(result.err).not.toContain("    at ");
  expect([result.code, result.out]).toEqual([code, ""]);
});

test("an --out that cannot be written is reported, and leaves nothing", () => {
  const result = wingman("--state-dir", directory, "--out", join(directory, "no", "such", "place"));
  expect(result.code).toBe(1);
  expect(result.err).toContain("log: --out: ");
});

test("an --out that is no file, or the log itself, is left alone; one behind a link is replaced, and not the link", () => {
  const pipe = join(directory, "pipe");
  Bun.spawnSync(["mkfifo", pipe]);
  const own = join(directory, "maintenance.log");
  const before = readFileSync(own);
  const link = join(directory, "link");
  symlinkSync("maintenance.log", link);
  for (const [out, reason] of [
    [pipe, "expected the name of a file"],
    [directory, "expected the name of a file"],
    [own, "that is the log itself"],
    [link, "that is the log itself"],
  ] as const) {
    const { code, out: printed, err } = wingman("--state-dir", directory, "--out", out);
    expect([code, printed]).toEqual([1, ""]);
    expect(err).toContain(`wingman: log: --out: ${out}: ${reason}`);
  }
  expect(readFileSync(own)).toEqual(before);
  rmSync(link);
  writeFileSync(join(directory, "behind"), "");
  symlinkSync("behind", link);
  expect(wingman("--state-dir", directory, "--out", link).code).toBe(0);
  expect(readlinkSync(link)).toBe("behind");
  expect(wingman("verify", join(directory, "behind")).code).toBe(0);
});

test("a pipe and a file of 3 TB are no log, and block nothing", () => {
  const pipe = join(directory, "another-pipe");
  Bun.spawnSync(["mkfifo", pipe]);
  const huge = join(directory, "huge");
  writeFileSync(huge, "");
  truncateSync(huge, 3 * 2 ** 40);
  expect(wingman("--file", pipe).err).toBe(
    `wingman: log: ${pipe}: no maintenance log: not a file\n`,
  );
  expect(wingman("verify", pipe).err).toBe(`wingman: log verify: ${pipe}: not a file\n`);
  for (const args of [
    ["--file", huge],
    ["verify", huge],
  ] as const) {
    const { code, err } = wingman(...args);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining("3298534883328 bytes are more than any log has\n"),
    ]);
  }
});
