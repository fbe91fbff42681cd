/**
 * The client network is cut somewhere behind a switch's port: the carrier stays, and the servers
 * still hear each other on the second network. The witnesses decide which server reaches its
 * clients.
 */
import { afterEach, expect, test } from "bun:test";
import { until } from "../harness/until.ts";
import type { Host } from "../harness/virtual-network.ts";
import { FIELD_TABLE, Field } from "./field.ts";

const WITNESS = "10.44.0.100";
const CONFIG = {
  ...FIELD_TABLE,
  keepAlive: { ...FIELD_TABLE.keepAlive, interfaces: ["eth0", "eth1"] },
  clients: { witnesses: [WITNESS] },
};
const VIPS = ["10.44.1.1", "10.44.1.2", "10.44.1.3", "10.44.1.4"];

let field: Field;
afterEach(() => field.close());

/** Two servers on two networks, and a switch that answers ARP. */
function aircraft(): Host {
  field = new Field({ secondNetwork: true });
  return field.network.addHost(`${WITNESS}/16`);
}

const vipsOf = (id: string): string[] => field.server(id).vips();

test("a server cut off from its clients hands its functions over, reports it, and comes back once", async () => {
  aircraft();
  field.start(CONFIG);
  await field.settled();
  const { a, b } = field;
  expect(vipsOf("a").length).toBeGreaterThan(0);
  a.host.block(true);
  const cutMs = performance.now();
  await until("a has let go", () => (vipsOf("a").length === 0 ? true : null));
  const tookMs = performance.now() - cutMs;
  await until("b has what fits", () => (vipsOf("b").includes("10.44.1.1") ? true : null));
  console.log(`let go after ${Math.round(tookMs)} ms`);
  expect(tookMs).toBeLessThan(2500);
  const answers = await field.answers("10.44.1.1", "10.44.1.2");
  for (const macs of answers.values()) expect([...macs]).toEqual([b.host.mac]);
  expect(await field.fault(a, "WNG-0116")).toContain("ACTIVE");
  expect(await field.fault(b, "WNG-0119")).toContain(" a\n");
  expect(b.state()?.servers.find(({ id }) => id === "a")?.phase).toBe("isolated");
  a.host.block(false);
  await field.settled();
  for (const server of [a, b])
    await until("the faults end", () => (/ACTIVE,/.test(field.faults(server)) ? null : true));
  expect(a.log.match(/WNG-0116/g)?.length).toBe(1);
  for (const macs of (await field.answers(...VIPS)).values()) expect(macs.size).toBe(1);
});

test("a witness that answers no server moves nothing, and is reported everywhere", async () => {
  const witness = aircraft();
  field.start(CONFIG);
  await field.settled();
  const before = { a: vipsOf("a"), b: vipsOf("b") };
  witness.block(true);
  for (const server of field.servers) await field.fault(server, "WNG-0117");
  expect({ a: vipsOf("a"), b: vipsOf("b") }).toEqual(before);
  for (const server of field.servers) expect(server.state()?.phase).toBe("active");
  witness.block(false);
  for (const server of field.servers)
    await until("the fault ends", () => (/ACTIVE,/.test(field.faults(server)) ? null : true));
  for (const server of field.servers) expect(server.log).not.toContain("ISOLATED");
});

test("a server that starts behind the cut takes nothing; the last one that is left serves", async () => {
  aircraft();
  const { a, b } = field;
  a.host.block(true);
  field.start(CONFIG);
  await field.fault(a, "WNG-0116");
  await until("b serves", () => (b.state()?.phase === "active" ? true : null));
  await until("b has what fits", () => (vipsOf("b").includes("10.44.1.1") ? true : null));
  expect(vipsOf("a")).toEqual([]);
  // No other server is there for the functions: a server that reaches no witness is better than
  // none.
  b.drain();
  await until("a serves", () => (vipsOf("a").includes("10.44.1.1") ? true : null));
});
