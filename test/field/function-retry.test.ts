/**
 * A function's process that fails for a cause that ends, and one that binds its VIP although it
 * always runs: at the kernel's default settings.
 */
import { afterEach, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
afterEach(() => field.close());

const VIP = "10.44.1.1";

/** A table with one function that runs `script` in sh. */
function tableWith(entry: object, ...more: object[]): object {
  const common = { required: 10, priority: 9, stopGraceMs: 100 };
  const map = { ...common, id: "map", vips: [`${VIP}/16`], ...entry };
  return { ...FIELD_TABLE, functions: [map, ...more.map((one) => ({ ...common, ...one }))] };
}

/** A program that listens at its VIP as services do, and ends with errno 99 where it is not. */
const BINDS_ITS_VIP = [
  "/usr/bin/env",
  "python3",
  "-c",
  `import socket, os
vip = os.environ["WINGMAN_VIPS"].split(",")[0]
s = socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((vip, 8080)); s.listen()
while True: s.accept()[0].sendall(os.environ["WINGMAN_SERVER"].encode())`,
];

const stateOf = (server: Server, id = "map") =>
  server.state()?.functions.find((one) => one.id === id);

/** Who answers at port 8080 of the VIP: the id of the server; null: nobody. */
function answer(): string | null {
  const ask = `import socket; s = socket.create_connection(("${VIP}", 8080), 1); print(s.recv(9).decode())`;
  const { exitCode, stdout } = Bun.spawnSync([...field.seat.enter, "python3", "-c", ask]);
  return exitCode === 0 ? stdout.toString().trim() : null;
}

/** The fault is shown as one that is there now. */
const isActive = (server: Server, code: string): boolean =>
  new RegExp(`${code} .*\n  ACTIVE`).test(field.faults(server));

const count = (text: string, of: RegExp): number => text.match(of)?.length ?? 0;

test.each(["preempt", "reset"])(
  "%s: what failed on all servers is tried again by itself and serves when its cause ends",
  async (allocation) => {
    field = new Field();
    const cause = join(field.directory, "cause");
    writeFileSync(cause, "");
    const command = ["/bin/sh", "-c", `[ -e ${cause} ] && exit 1; exec sleep 1000`];
    field.start({ ...tableWith({ command }), allocation });
    for (const server of field.servers)
      await until("it failed", () => isActive(server, "WNG-0203"));
    // It is tried again and again, and the fault stays meanwhile.
    await until("it was tried again on both", () =>
      field.servers.every(({ log }) => count(log, /WNG-0203/g) >= 2),
    );
    for (const server of field.servers) expect(isActive(server, "WNG-0203")).toBe(true);
    rmSync(cause);
    await until("it serves", () => stateOf(field.a)?.state === "running");
    if (allocation === "reset") return; // the rest has nothing to do with it
    const owner = field.server(stateOf(field.a)?.owner ?? "");
    await until("its fault ends", () => !isActive(owner, "WNG-0203"));
  },
);

test.each(["preempt", "reset"])(
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
    field.start({ ...tableWith({ command }), allocation });
    await until("it failed on a", () => isActive(field.a, "WNG-0203"));
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

test.each([[[`${VIP}/16`]], [["fd44:0:0:1::1/64"]], [[`${VIP}/16`, "fd44:0:0:1::1/64"]]])(
  "always, bound to its VIP %j: it serves, fails over, and no standby counts as failed",
  async (vips) => {
    field = new Field();
    const [vip = ""] = vips;
    const ready = { port: 8080 };
    field.start(tableWith({ command: BINDS_ITS_VIP, start: "always", vips, ready }));
    await until("it serves on a", () => stateOf(field.b)?.ready && field.ownerOf("map") === "a");
    if (vip === `${VIP}/16`) await until("it answers", () => answer() === "a");
    // The standby says what it cannot do, and can be moved to all the same.
    await until("b says so", () => isActive(field.b, "WNG-0482"));
    expect(isActive(field.b, "WNG-0203")).toBe(false);
    await field.a.stop("SIGKILL");
    await until("it serves on b", () => stateOf(field.b)?.ready && field.ownerOf("map") === "b");
    if (vip === `${VIP}/16`) expect(answer()).toBe("b");
    await until("nothing is wrong with it on b", () => !isActive(field.b, "WNG-0482"));
  },
);

test("always: where the kernel lets it bind, or the program is missing, its end counts, and ends", async () => {
  field = new Field();
  const program = join(field.directory, "map");
  // a has the program, b has not
  const command = ["/bin/sh", "-c", `[ $WINGMAN_SERVER = a ] || exec ${program}; exec sleep 1000`];
  field.start(tableWith({ command, start: "always" }));
  await until("it failed on b", () => isActive(field.b, "WNG-0203"));
  await until("it serves on a", () => field.ownerOf("map") === "a");
  writeFileSync(program, "#!/bin/sh\nexec sleep 1000\n", { mode: 0o755 });
  await until("the fault of the standby ends", () => !isActive(field.b, "WNG-0203"));
  expect(field.ownerOf("map")).toBe("a");
});
