import { afterAll, expect, spyOn, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { signal } from "../../test/harness/signals.ts";
import { until } from "../../test/harness/until.ts";
import { libc } from "../io/libc.ts";
import { processIds, processStat } from "./process-stat.ts";
import { RoleProcess } from "./role-process.ts";

const directory = scratchDirectory("role-process");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function started(program: string): RoleProcess {
  const start = {
    ownCommand: [program],
    serverId: "a",
    configFile: "none",
    configDirectory: "/",
    runDirectory: directory,
    errorsFile: join(directory, "errors"),
  };
  return new RoleProcess(start, "engine", [], {}, 8, () => {});
}

/** A program of its own in this test's directory. */
function script(text: string): string {
  const path = join(directory, "program");
  writeFileSync(path, `#!/bin/sh\ncd ${directory}\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

const descriptors = (): number => readdirSync("/proc/self/fd").length;

/** The supervisor never gives up: what each start left behind would end it some day. */
test("no descriptor is left of processes that have ended, or could not be started", async () => {
  await started("/bin/true").ended; // what the runtime opens once is open now
  const before = descriptors();
  for (let start = 0; start < 10; start++) {
    expect((await started("/bin/true").ended).exitCode).toBe(0);
    expect(() => started(join(directory, "nothing"))).toThrow();
  }
  await until(
    () => `${before} descriptors, found ${descriptors()}`,
    () => descriptors() <= before,
    5000,
  );
});

test.each(["socketpair", "fcntl"] as const)(
  "out of descriptors at %s: an error, and neither a process nor a descriptor is left",
  async (call) => {
    await started("/bin/true").ended;
    const children = (): number[] =>
      processIds().filter((pid) => processStat(pid)?.parent === process.pid);
    const [before, others] = [descriptors(), children()];
    const refusal = spyOn(libc, call).mockReturnValue(-1);
    try {
      expect(() => started("/bin/cat")).toThrow(call);
    } finally {
      refusal.mockRestore();
    }
    expect(descriptors()).toBeLessThanOrEqual(before);
    expect(children().filter((pid) => !others.includes(pid))).toEqual([]);
  },
);

test("a child that keeps the socket open does not delay the end forever, and costs no descriptor", async () => {
  await started("/bin/true").ended;
  const before = descriptors();
  const leaves = script("sleep 1000 & echo $! > stranger; exit 5");
  try {
    expect(await started(leaves).ended).toEqual({ exitCode: 5, signal: null });
    await until(
      () => `${before} descriptors, found ${descriptors()}`,
      () => descriptors() <= before,
      5000,
    );
  } finally {
    signal(Number(readFileSync(join(directory, "stranger"), "latin1")), "SIGKILL");
  }
});

test("one that has ended is not killed: its pid may belong to another process by now", async () => {
  const ended = started("/bin/true");
  await ended.ended;
  const kill = spyOn(process, "kill").mockReturnValue(true);
  try {
    ended.kill();
    expect(kill).not.toHaveBeenCalled();
  } finally {
    kill.mockRestore();
  }
});

test("its output replaces that of the previous one", async () => {
  const says = script('echo "$$ speaks" >&2');
  for (let start = 0; start < 2; start++) {
    const speaker = started(says);
    await speaker.ended;
    expect(readFileSync(join(directory, "errors"), "utf8")).toBe(`${speaker.pid} speaks\n`);
  }
});
