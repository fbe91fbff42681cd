/**
 * Another program loads a large nftables rule set on a server, or deletes all of them: the kernel
 * serialises changes. A lease by eBPF is unaffected; one by nftables may be delayed, and this is
 * recorded. A kernel that does not preempt also keeps a processor to itself for the whole change:
 * whoever waits for that processor is late, and this is recorded, too.
 */
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { until } from "../harness/until.ts";
import { tablesOf } from "../namespaces/packet-filters.ts";
import { Field } from "./field.ts";

const ELEMENTS = 200_000;
const ROUNDS = 2;
const CHILDREN = join(import.meta.dir, "../children");

let field: Field;
afterEach(() => field.close());

const isHeldUp = (): boolean => field.a.log.includes("WNG-0305");

/** Servers and the other program on a processor each. */
const SERVERS_ALONE = ["taskset", "-c", "0"];
const LOADER_ALONE = ["taskset", "-c", "1"];

async function load(where: readonly string[] = []): Promise<void> {
  const { a } = field;
  const loader = join(CHILDREN, "load-nft.ts");
  const command = [...a.host.enter, ...where, process.execPath, loader, String(ELEMENTS)];
  expect(await Bun.spawn(command, { stdio: ["ignore", "ignore", "inherit"] }).exited).toBe(0);
}

test("by eBPF: sets of 200,000 elements and a flush of all rules move nothing", async () => {
  field = new Field();
  const { a, b } = field;
  for (const server of field.servers) server.launcher = SERVERS_ALONE;
  field.start();
  await field.settled();
  expect([a.state()?.leaseKind, b.state()?.leaseKind]).toEqual(["tcx", "tcx"]);
  const owners = (): (string | null)[] =>
    ["announcements", "safety-video", "map", "games"].map((id) => field.ownerOf(id));
  const before = owners();
  const { incarnation } = a.state() ?? {};
  for (let round = 0; round < ROUNDS; round++) await load(LOADER_ALONE);
  a.host.run(...LOADER_ALONE, process.execPath, join(CHILDREN, "flush-nft.ts"));
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

test("wherever the other program runs: an engine that was held up is named, and all fly again", async () => {
  field = new Field();
  field.start();
  await field.settled();
  const first = field.servers.map((server) => server.state()?.incarnation);
  for (let round = 0; round < ROUNDS; round++) await load();
  await field.settled();
  for (const [place, server] of field.servers.entries()) {
    const isSame = server.state()?.incarnation === first[place];
    expect(isSame || /WNG-030[15]/.test(server.log)).toBe(true);
    await field.noFault(server);
  }
});
