/**
 * Another program loads a large nftables rule set on a server, or deletes all of them: the kernel
 * serialises changes. A lease by eBPF is unaffected; one by nftables may be delayed, and this is
 * recorded.
 */
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { until } from "../harness/until.ts";
import { tablesOf } from "../namespaces/packet-filters.ts";
import { Field } from "./field.ts";

const ELEMENTS = 200_000;
const ROUNDS = 4;
const CHILDREN = join(import.meta.dir, "../children");

let field: Field;
afterEach(() => field.close());

const isHeldUp = (): boolean => field.a.log.includes("WNG-0305");

async function load(): Promise<void> {
  const { a } = field;
  const loader = join(CHILDREN, "load-nft.ts");
  const command = [...a.host.enter, process.execPath, loader, String(ELEMENTS)];
  expect(await Bun.spawn(command, { stdio: ["ignore", "ignore", "inherit"] }).exited).toBe(0);
}

test("by eBPF: sets of 200,000 elements and a flush of all rules move nothing", async () => {
  field = new Field();
  const { a, b } = field;
  field.start();
  await field.settled();
  expect([a.state()?.leaseKind, b.state()?.leaseKind]).toEqual(["tcx", "tcx"]);
  const owners = (): (string | null)[] =>
    ["announcements", "safety-video", "map", "games"].map((id) => field.ownerOf(id));
  const before = owners();
  const { incarnation } = a.state() ?? {};
  for (let round = 0; round < ROUNDS; round++) await load();
  a.host.run(process.execPath, join(CHILDREN, "flush-nft.ts"));
  expect(tablesOf(a.host)).toEqual([]);
  const [vip = ""] = a.vips();
  for (let round = 0; round < 10; round++)
    expect([...((await field.answers(vip)).get(vip) ?? [])]).toEqual([a.host.mac]);
  expect(owners()).toEqual(before);
  expect(a.state()?.incarnation).toBe(incarnation as number);
  expect(a.log).not.toMatch(/WNG-030[58]/);
  await field.noFault(a);
});

test("by nftables: the lease continues, or its delay is reported", async () => {
  field = new Field();
  const { a } = field;
  for (const server of field.servers)
    server.launcher = [process.execPath, join(CHILDREN, "without.ts"), "bpf"];
  field.start();
  await field.settled();
  for (let round = 0; round < ROUNDS && !isHeldUp(); round++) await load();
  await until("a flies", () => a.state()?.phase === "active");
  if (!isHeldUp()) return;
  expect(a.log).toContain("WNG-0308 LEASE HELD UP BY OTHER NFTABLES CHANGES");
  await until("the console has it", () =>
    a.command("console", "show faults").out.includes("WNG-0308"),
  );
  await field.settled();
});
