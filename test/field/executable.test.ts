/** The executable is removed or replaced while it flies. */
import { afterEach, expect, test } from "bun:test";
import { copyFileSync, linkSync, readFileSync, readlinkSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Server, WINGMAN } from "../harness/real-servers.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { whenActive, whenOver } from "./fault-states.ts";
import { FIELD_TABLE, Field } from "./field.ts";

const WITH_PROCESS = {
  ...FIELD_TABLE,
  functions: FIELD_TABLE.functions.map((entry) => ({
    ...entry,
    command: ["/bin/sleep", "1000"],
  })),
};

let field: Field;
afterEach(() => field.close());

/** Process id in the given role; 0: none. */
function pidOf(server: Server, role: string): number {
  const found = server.processes().find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0")[1] === role;
    } catch {
      return false; // it has ended
    }
  });
  return found ?? 0;
}

/** Kills the process of the role; gives the executable of the one that is started after it. */
async function renewed(server: Server, role: string): Promise<string> {
  const killed = pidOf(server, role);
  signal(killed, "SIGKILL");
  const pid = await until(`another ${role}`, () => {
    const now = pidOf(server, role);
    return now !== killed && now !== 0 ? now : null;
  });
  return readlinkSync(`/proc/${pid}/exe`);
}

const running = (server: Server) =>
  until("all functions run", () => {
    const state = server.state();
    const isUp = state?.functions.every(({ owner, state: now }) => !owner || now === "running");
    return state?.phase === "active" && isUp;
  });

test("removed, replaced and put back: the running build goes on, and a fault reports it", async () => {
  field = new Field({ servers: 2 });
  const { a } = field;
  const file = join(field.directory, "wingman");
  const kept = join(field.directory, "kept");
  copyFileSync(WINGMAN, file);
  linkSync(file, kept);
  a.executable = file;
  field.start(WITH_PROCESS);
  await field.settled();
  expect(field.faults(a)).not.toContain("WNG-0450");

  rmSync(file);
  expect(await whenActive(a, "WNG-0450")).toContain("EXECUTABLE WAS REMOVED OR REPLACED");
  expect(await renewed(a, "engine")).toContain(file);
  await running(a);
  await renewed(a, "manage");
  await whenActive(a, "WNG-0450");

  // Another program under the name, as an installation puts it there.
  copyFileSync("/bin/false", `${file}.new`);
  renameSync(`${file}.new`, file);
  await renewed(a, "engine");
  await running(a);
  expect(await whenActive(a, "WNG-0450")).toContain("another");
  expect(readFileSync(`/proc/${pidOf(a, "engine")}/comm`, "utf8")).toBe("wingman\n");

  // A copy of the same: the next start finds the build that flies.
  rmSync(file);
  copyFileSync(kept, file);
  await whenOver(a, "WNG-0450");
});
