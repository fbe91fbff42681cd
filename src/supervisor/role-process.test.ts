import { afterAll, expect, spyOn, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
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
