/** When a function is ready: in status, and for a waiting `drain`. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
/** While it exists, the program starts but does not listen. */
let hold: string;
beforeEach(() => {
  field = new Field();
  hold = join(field.directory, "hold");
});
afterEach(() => field.close());

/** Takes its time until it listens, as programs do that load something first. */
const listener = (file: string) => [
  ...["/usr/bin/env", "python3", "-c"],
  `import os, socket, sys, time
while os.path.exists(${JSON.stringify(file)}) or os.path.exists(${JSON.stringify(file)} + os.environ["WINGMAN_SERVER"]):
  time.sleep(0.02)
time.sleep(0.3)
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("0.0.0.0", 8080)); s.listen()
while True: s.accept()[0].close()`,
];

function tableWith(settings: object): object {
  const map = { id: "map", required: 10, priority: 9, vips: ["10.44.1.1/16"], stopGraceMs: 100 };
  return { ...FIELD_TABLE, functions: [{ ...map, command: listener(hold), ...settings }] };
}

const map = (server: Server) => {
  const found = server.state()?.functions[0];
  return found === undefined ? "" : `${found.owner} ${found.state} ${found.ready}`;
};

/** The seat can connect to the function. */
function answers(): boolean {
  const ask = `import socket; socket.create_connection(("10.44.1.1", 8080), 1)`;
  return Bun.spawnSync([...field.seat.enter, "python3", "-c", ask]).exitCode === 0;
}

test("starting until it listens, on every server; a fault when that takes long, which ends", async () => {
  writeFileSync(hold, "");
  field.start(tableWith({ ready: { port: 8080, timeoutMs: 1000 } }));
  for (const server of field.servers)
    await until("it is starting", () => map(server) === "a starting false");
  const shown = await field.fault(field.a, "WNG-0487");
  expect(shown).toMatch(/WNG-0487 .*\n {2}ACTIVE/);
  for (const server of field.servers) expect(map(server)).toBe("a starting false");
  rmSync(hold);
  for (const server of field.servers)
    await until("it runs", () => map(server) === "a running true");
  expect(answers()).toBe(true);
  await until("the fault ends", () => !/WNG-0487 .*\n {2}ACTIVE/.test(field.faults(field.a)));
});

test.each(["on-activate", "always"])(
  "%s: drain returns when the function answers at its new server",
  async (start) => {
    field.start(tableWith({ start, ready: { port: 8080 } }));
    for (const server of field.servers)
      await until("it runs", () => map(server) === "a running true");
    expect(field.a.command("drain").code).toBe(0);
    expect(answers()).toBe(true);
    expect(map(field.a)).toBe("b running true");
    expect(map(field.b)).toBe("b running true");
  },
);

test("drain does not wait for ever for one that does not get ready", async () => {
  writeFileSync(`${hold}b`, "");
  field.start(tableWith({ ready: { port: 8080, timeoutMs: 1000 } }));
  await until("it runs", () => map(field.b) === "a running true");
  const { code, err } = field.a.command("drain");
  expect(code).toBe(0);
  expect(err).toContain("not ready yet: map");
  expect(map(field.a)).toBe("b starting false");
  expect(existsSync(`${hold}b`)).toBe(true);
});

/** Reports readiness on request, as programs under systemd do. */
const notifier = (file: string) => [
  ...["/usr/bin/env", "python3", "-c"],
  `import os, socket, time
while os.path.exists(${JSON.stringify(file)}): time.sleep(0.02)
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
s.send(b"STATUS=loaded\\nREADY=1\\n")
time.sleep(1000)`,
];

test.each(["on-activate", "always"])(
  "%s: starting until its process says READY=1, each time that it is started",
  async (start) => {
    writeFileSync(hold, "");
    const ready = { notify: true, timeoutMs: 1000 };
    field.start(tableWith({ start, command: notifier(hold), ready }));
    for (const server of field.servers)
      await until("it is starting", () => map(server) === "a starting false");
    await field.fault(field.a, "WNG-0487");
    rmSync(hold);
    for (const server of field.servers)
      await until("it runs", () => map(server) === "a running true");
    await until("the fault ends", () => !/WNG-0487 .*\n {2}ACTIVE/.test(field.faults(field.a)));
    expect(field.a.command("drain").code).toBe(0);
    expect(map(field.b)).toBe("b running true");
  },
);

test("as ever without ready: it runs as soon as it is executed", async () => {
  writeFileSync(hold, "");
  field.start(tableWith({}));
  for (const server of field.servers)
    await until("it runs", () => map(server) === "a running true");
});
