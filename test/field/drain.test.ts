/** A drained server takes nothing until it is resumed, whatever is restarted. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "../harness/real-servers.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
afterEach(() => field.close());

/** Whatever was restarted has come far enough to take functions, and takes none. */
async function staysDrained(server: Server, uptimeMs: number): Promise<void> {
  await until("the restarted server drains", () => {
    const state = server.state();
    if (state === null || state.uptimeMs < uptimeMs) return null;
    expect(state.functions.filter(({ owner }) => owner === server.id)).toEqual([]);
    expect(server.vips()).toEqual([]);
    return state.draining && state.phase === "draining" ? true : null;
  });
}

test("drained: the engine is killed, the daemon is killed, stopped, the machine is switched off", async () => {
  field = new Field();
  field.start(FIELD_TABLE);
  await field.settled();
  const { a, b } = field;
  expect(a.drain().code).toBe(0);
  const { enginePid } = a;
  signal(enginePid, "SIGKILL");
  await until("there is another engine", () => {
    const pid = a.enginePid;
    return Number.isInteger(pid) && pid !== enginePid ? true : null;
  });
  await staysDrained(a, 1200);
  await until("it is stored", () => existsSync(join(a.stateDirectory, "drained")));

  await a.stop("SIGKILL");
  a.start(FIELD_TABLE);
  await staysDrained(a, 1200);
  expect(await field.fault(a, "WNG-0433")).toContain("ACTIVE");

  expect(await a.stop("SIGTERM")).toBe(0);
  rmSync(a.runDirectory, { recursive: true, force: true });
  a.start(FIELD_TABLE);
  await staysDrained(a, 1200);
  await until("b sees that it drains", () => {
    const seen = b.state()?.servers.find(({ id }) => id === "a");
    return seen?.phase === "draining" ? true : null;
  });

  expect(a.command("resume").code).toBe(0);
  await until("a takes functions", () => (a.vips().length > 0 ? true : null));
  await until("the fault ends", () => (/ACTIVE,/.test(field.faults(a)) ? null : true));
  await until("it is forgotten", () => !existsSync(join(a.stateDirectory, "drained")));
  signal(a.enginePid, "SIGKILL");
  await until("it serves again by itself", () => (a.state()?.phase === "active" ? true : null));
});

test("a drain that cannot be stored holds while the daemon lives, and is named", async () => {
  field = new Field();
  field.start(FIELD_TABLE);
  await field.settled();
  const { a } = field;
  a.host.run("mkdir", join(a.stateDirectory, "drained.new"));
  expect(a.drain().code).toBe(0);
  expect(await field.fault(a, "WNG-0432")).toContain("ACTIVE");
  const { enginePid } = a;
  signal(enginePid, "SIGKILL");
  await until("there is another engine", () => {
    const pid = a.enginePid;
    return Number.isInteger(pid) && pid !== enginePid ? true : null;
  });
  await staysDrained(a, 1200);
  a.host.run("rmdir", join(a.stateDirectory, "drained.new"));
  await until("it is stored", () => existsSync(join(a.stateDirectory, "drained")));
  await until("the fault ends", () => (/0432.*\n +ACTIVE,/.test(field.faults(a)) ? null : true));
});
