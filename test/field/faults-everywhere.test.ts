/** Faults of one server are seen at every other one: their number, and which. */
import { afterEach, expect, test } from "bun:test";
import { until } from "../harness/until.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
afterEach(() => field.close());

test("a fault of one server is in status, console and page of the other, until it is over", async () => {
  field = new Field({ secondNetwork: true });
  const keepAlive = { ...FIELD_TABLE.keepAlive, interfaces: ["eth0", "eth1"] };
  field.start({ ...FIELD_TABLE, keepAlive });
  await field.settled();
  const { a, b } = field;
  a.host.ip("link", "set", "eth1", "down");
  await field.fault(a, "WNG-0123");
  await until("b shows it", () => /SERVER a: .*WNG-0123/.test(field.faults(b)));
  const fault = b.state()?.faults.find(({ server }) => server === "a");
  expect(fault).toMatchObject({ code: "WNG-0123", server: "a", function: null });
  expect(Math.abs(Date.parse(fault?.since ?? "") - Date.now())).toBeLessThan(20_000);
  expect(b.state()?.servers.find(({ id }) => id === "a")?.activeFaults).toBeGreaterThan(0);
  expect(b.command("status").out).toMatch(/attention: server a has \d active faults?: .*WNG-0123/);
  const page = b.host.run(
    ...[
      process.execPath,
      "-e",
      'fetch("http://127.0.0.1:8044/state.json").then(async (r) => console.log(await r.text()))',
    ],
  );
  expect(page).toContain("WNG-0123");
  a.host.ip("link", "set", "eth1", "up");
  await until("a has none", () => !field.faults(a).includes("ACTIVE,"));
  await until("b shows none of a", () => !field.faults(b).includes("SERVER a:"));
  expect(b.state()?.servers.find(({ id }) => id === "a")?.activeFaults).toBe(0);
});

test("a function that has failed on another server is missing redundancy, everywhere", async () => {
  field = new Field();
  const functions = [
    {
      ...{ id: "f1", required: 10, priority: 10, vips: ["10.44.1.1/16"] },
      ...{ command: ["/bin/sh", "-c", 'test "$WINGMAN_SERVER" = a && exec sleep 1000'] },
    },
  ];
  field.start({ ...FIELD_TABLE, functions });
  await until("f1 is on a", () => field.ownerOf("f1") === "a");
  field.a.drain("--no-wait");
  await until("f1 failed on b", () => field.a.state()?.functions[0]?.cannotRunOn.includes("b"));
  field.a.command("resume");
  await until("f1 is on a again", () => field.ownerOf("f1") === "a");
  const { a, b } = field;
  for (const server of [a, b]) {
    const { out } = server.command("console", "show functions");
    expect(out).toMatch(/f1 +10 +10 +a +NONE/);
    expect(await field.fault(server, "WNG-0222")).toMatch(/WNG-0222.*\n +ACTIVE.*\n.*\n +f1/);
  }
});

test("the built-in test goes by what witnesses answer now, not by what the kernel remembers", async () => {
  field = new Field({ secondNetwork: true });
  const witness = field.network.addHost("10.44.0.100/16");
  field.start({ ...FIELD_TABLE, clients: { witnesses: ["10.44.0.100"] } });
  await field.settled();
  const { a } = field;
  await until("the witness answers", () =>
    /witness 10\.44\.0\.100 +PASS +answered/.test(a.command("console", "test").out),
  );
  witness.block(true);
  await until("the witness fails", () =>
    /witness 10\.44\.0\.100 +FAIL +answered \d+ ms ago/.test(a.command("console", "test").out),
  );
});
