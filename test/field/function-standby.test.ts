/** A function that always runs: its standby at the kernel's default settings. */
import { afterEach, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { Field } from "./field.ts";
import { isFaultActive, MAP_VIP, tableOfMap } from "./one-function.ts";

let field: Field;
afterEach(() => field.close());

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

const stateOf = (server: Server) => server.state()?.functions.find((one) => one.id === "map");

/** The id of the server that answers at port 8080 of the VIP; null: none. */
function answer(): string | null {
  const ask = `import socket; s = socket.create_connection(("${MAP_VIP}", 8080), 1); print(s.recv(9).decode())`;
  const { exitCode, stdout } = Bun.spawnSync([...field.seat.enter, "python3", "-c", ask]);
  return exitCode === 0 ? stdout.toString().trim() : null;
}

test.each([[[`${MAP_VIP}/16`]], [["fd44:0:0:1::1/64"]], [[`${MAP_VIP}/16`, "fd44:0:0:1::1/64"]]])(
  "always, bound to its VIP %j: it serves, fails over, and no standby counts as failed",
  async (vips) => {
    field = new Field();
    const [vip = ""] = vips;
    const ready = { port: 8080 };
    field.start(tableOfMap({ command: BINDS_ITS_VIP, start: "always", vips, ready }));
    await until("it serves on a", () => stateOf(field.b)?.ready && field.ownerOf("map") === "a");
    if (vip === `${MAP_VIP}/16`) await until("it answers", () => answer() === "a");
    // The standby reports what it cannot do, and can still be moved to.
    await until("b says so", () => isFaultActive(field.b, "WNG-0482"));
    expect(isFaultActive(field.b, "WNG-0203")).toBe(false);
    await field.a.stop("SIGKILL");
    await until("it serves on b", () => stateOf(field.b)?.ready && field.ownerOf("map") === "b");
    if (vip === `${MAP_VIP}/16`) expect(answer()).toBe("b");
    await until("nothing is wrong with it on b", () => !isFaultActive(field.b, "WNG-0482"));
  },
);

test("always: where the kernel lets it bind, or the program is missing, its end counts, and ends", async () => {
  field = new Field();
  const program = join(field.directory, "map");
  // a has the program, b has not
  const command = ["/bin/sh", "-c", `[ $WINGMAN_SERVER = a ] || exec ${program}; exec sleep 1000`];
  field.start(tableOfMap({ command, start: "always" }));
  await until("it failed on b", () => isFaultActive(field.b, "WNG-0203"));
  await until("it serves on a", () => field.ownerOf("map") === "a");
  writeFileSync(program, "#!/bin/sh\nexec sleep 1000\n", { mode: 0o755 });
  await until("the fault of the standby ends", () => !isFaultActive(field.b, "WNG-0203"));
  expect(field.ownerOf("map")).toBe("a");
});
