/** A function's process that fails for a temporary cause. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../harness/until.ts";
import { FIELD_TABLE, Field } from "./field.ts";
import { isFaultActive, tableOfMap } from "./one-function.ts";

let field: Field;
afterEach(() => field.close());

const count = (text: string, of: RegExp): number => text.match(of)?.length ?? 0;

test.each([
  ["planned", "its program ends"],
  ["reset", "its program is missing"],
])(
  "%s, %s: a function that failed on all servers is retried automatically and serves when the cause ends",
  async (allocation, why) => {
    field = new Field();
    const cause = join(field.directory, "cause");
    const program = join(field.directory, "map");
    const isMissing = why.endsWith("missing");
    writeFileSync(cause, "");
    const serve = `echo >> ${cause}.$WINGMAN_SERVER; exec sleep 1000`;
    const command = isMissing
      ? [program]
      : ["/bin/sh", "-c", `[ -e ${cause} ] && exit 1; ${serve}`];
    field.start({ ...tableOfMap({ command }), allocation });
    for (const server of field.servers)
      await until("it failed", () => isFaultActive(server, "WNG-0203"));
    // It is tried again and again, and the fault stays meanwhile.
    await until("it was tried again on both", () =>
      field.servers.every(({ log }) => count(log, /WNG-0203/g) >= 2),
    );
    for (const server of field.servers) expect(isFaultActive(server, "WNG-0203")).toBe(true);
    rmSync(cause);
    writeFileSync(program, `#!/bin/sh\n${serve}\n`, { mode: 0o755 });
    const owner = await until("it serves", () =>
      field.servers.find(({ id }) => existsSync(`${cause}.${id}`)),
    );
    await until("all say so", () => field.ownerOf("map") === owner.id);
    if (allocation === "reset") return; // the rest has nothing to do with it
    await until("its fault ends", () => !isFaultActive(owner, "WNG-0203"));
  },
);

test.each(["planned", "preempt", "reset"])(
  "%s: a retry where it failed moves nothing that serves elsewhere, until that server is gone",
  async (allocation) => {
    field = new Field();
    const cause = join(field.directory, "cause");
    writeFileSync(cause, "");
    const command = [
      "/bin/sh",
      "-c",
      `[ $WINGMAN_SERVER = a ] && [ -e ${cause} ] && exit 1; echo >> ${cause}.$WINGMAN_SERVER; exec sleep 1000`,
    ];
    field.start({ ...tableOfMap({ command }), allocation });
    await until("it failed on a", () => isFaultActive(field.a, "WNG-0203"));
    await until("it serves on b", () => field.ownerOf("map") === "b" && existsSync(`${cause}.b`));
    await field.settled();
    const starts = readFileSync(`${cause}.b`, "utf8");
    const failures = count(field.a.log, /WNG-0203/g);
    await Bun.sleep(4000); // a retry was due; were they later, this would prove less, not fail
    expect(count(field.a.log, /WNG-0203/g)).toBe(failures);
    expect(readFileSync(`${cause}.b`, "utf8")).toBe(starts);
    expect(field.ownerOf("map")).toBe("b");
    rmSync(cause);
    await field.b.stop("SIGKILL");
    await until("it serves on a", () => existsSync(`${cause}.a`));
  },
);

test.each(["planned", "preempt", "reset"])(
  "%s: a retry stops nothing that runs: it waits for room, and takes it when there is some",
  async (allocation) => {
    field = new Field();
    const cause = join(field.directory, "cause");
    const end = join(field.directory, "end");
    writeFileSync(cause, "");
    const base = { servers: ["a"], required: 60, stopGraceMs: 100 };
    const mayFail = `[ -e ${cause} ] && exit 1; echo >> ${cause}.important; exec sleep 1000`;
    const mayEnd = `echo >> ${cause}.lesser; while [ ! -e ${end} ]; do sleep 0.1; done; exit 1`;
    const functions = [
      ["important", 9, "10.44.1.1/16", mayFail],
      ["lesser", 2, "10.44.1.2/16", mayEnd],
    ] as const;
    field.start({
      ...FIELD_TABLE,
      allocation,
      functions: functions.map(([id, priority, vip, script]) => {
        return { ...base, id, priority, vips: [vip], command: ["/bin/sh", "-c", script] };
      }),
    });
    const { a } = field;
    await until("the important one failed", () => isFaultActive(a, "WNG-0203"));
    await until("the lesser one runs in its place", () => existsSync(`${cause}.lesser`));
    rmSync(cause);
    await Bun.sleep(5000); // a retry was due; were it later, this would prove less, not fail
    expect(readFileSync(`${cause}.lesser`, "utf8")).toBe("\n");
    expect(existsSync(`${cause}.important`)).toBe(false);
    expect(field.faults(a)).toContain("where room is free");
    writeFileSync(end, "");
    await until("there is room, and it is tried", () => existsSync(`${cause}.important`));
  },
);
