/**
 * The eBPF programs of real daemons on their interfaces: foreign changes are recorded or repaired,
 * leftovers of a killed daemon are replaced, and an orderly stop leaves nothing; with no more
 * rights than the shipped unit grants.
 */
import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { attach, attachedPrograms, detachAt, loadProgram } from "../../src/io/bpf.ts";
import { ATTACH_BEFORE, TCX_EGRESS, TCX_INGRESS } from "../../src/wire/bpf-attributes.ts";
import { assemble, exit, R0, set } from "../../src/wire/bpf-instruction.ts";
import type { Server } from "../harness/real-servers.ts";
import { signalAll } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
afterEach(() => field.close());

const interfaceIndex = (server: Server, name = "eth0"): number =>
  Number.parseInt(server.host.ip("link", "show", "dev", name), 10);

function idsOn(server: Server, type: number, name = "eth0"): readonly number[] {
  const index = interfaceIndex(server, name);
  const list = server.host.inside(() => attachedPrograms(index, type));
  if (typeof list === "number") throw new Error(`errno ${list}`);
  return list.ids;
}

const countsOn = (server: Server, name = "eth0"): number[] =>
  [TCX_INGRESS, TCX_EGRESS].map((type) => idsOn(server, type, name).length);

test("a program before it is a fault until it is gone; behind it, it is none", async () => {
  field = new Field();
  const { a } = field;
  field.start();
  await field.settled();
  const index = interfaceIndex(a);
  const stranger = loadProgram("stranger", assemble([set(R0, 0), exit()]));
  const detach = (place: number): void => {
    a.host.inside(() => {
      const list = attachedPrograms(index, TCX_INGRESS);
      if (typeof list === "number") throw new Error(`errno ${list}`);
      expect(detachAt(index, TCX_INGRESS, list, place)).toBe(0);
    });
  };
  expect(a.host.inside(() => attach(index, TCX_INGRESS, stranger, ATTACH_BEFORE))).toBe(0);
  const shown = await field.fault(a, "WNG-0310");
  expect(shown).toContain("FOREIGN PROGRAM RUNS BEFORE VIP FILTER");
  detach(0);
  await until("the fault ends", () => a.log.includes("WNG-0311 VIP FILTER RUNS FIRST AGAIN"));
  await field.noFault(a);
  expect(a.host.inside(() => attach(index, TCX_INGRESS, stranger, 0))).toBe(0);
  await Bun.sleep(2500);
  await field.noFault(a);
  detach(1);
});

test("a removed filter is put back and reported; a later interface gets its own", async () => {
  field = new Field();
  const { a } = field;
  field.start();
  await field.settled();
  const index = interfaceIndex(a);
  for (const type of [TCX_INGRESS, TCX_EGRESS]) {
    a.host.inside(() => {
      const list = attachedPrograms(index, type);
      if (typeof list === "number") throw new Error(`errno ${list}`);
      expect(detachAt(index, type, list, 0)).toBe(0);
    });
  }
  await until("it is put back", () => countsOn(a).join() === "1,1");
  await until("it is named", () => a.log.includes("WNG-0312 VIP FILTER REMOVED BY OTHERS"));
  a.host.ip("link", "add", "late0", "type", "veth", "peer", "name", "late1");
  await until("the new interface has programs", () => countsOn(a, "late0").join() === "1,1");
  await a.stop();
  expect([countsOn(a), countsOn(a, "late0")]).toEqual([
    [0, 0],
    [0, 0],
  ]);
});

test("with the rights of the shipped unit: a killed daemon's programs are replaced, and go at last", async () => {
  field = new Field();
  const { a, b } = field;
  const unit = readFileSync(
    join(import.meta.dir, "../../firmware-config/wingman@.service"),
    "utf8",
  );
  const rights = [...unit.matchAll(/^CapabilityBoundingSet=(.*)$/gm)].flatMap(([, list = ""]) =>
    list.split(" ").map((name) => `+${name.replace("CAP_", "").toLowerCase()}`),
  );
  expect(rights).not.toContain("+sys_admin"); // who may not read names of programs
  a.launcher = ["setpriv", "--bounding-set", ["-all", ...rights].join(",")];
  field.start();
  await field.settled();
  const before = [TCX_INGRESS, TCX_EGRESS].map((type) => idsOn(a, type));
  expect(before.map((ids) => ids.length)).toEqual([1, 1]);
  signalAll(a.processes(), "SIGKILL");
  await a.stop("SIGKILL");
  expect([TCX_INGRESS, TCX_EGRESS].map((type) => idsOn(a, type))).toEqual(before);
  a.start(FIELD_TABLE);
  await until("it serves again", () => a.state()?.phase === "active");
  await field.settled();
  await until("its lease is by tcx", () => a.state()?.leaseKind === "tcx");
  const after = [TCX_INGRESS, TCX_EGRESS].map((type) => idsOn(a, type));
  expect(after.map((ids) => ids.length)).toEqual([1, 1]);
  expect(after).not.toEqual(before);
  await until("its VIPs answer", async () => {
    const vips = a.vips().filter((vip) => !vip.includes(":"));
    if (vips.length === 0) return null;
    const answers = await field.answers(...vips);
    return [...answers.values()].every((macs) => macs.has(a.host.mac)) ? true : null;
  });
  await a.stop();
  await b.stop();
  expect([countsOn(a), countsOn(b)]).toEqual([
    [0, 0],
    [0, 0],
  ]);
});
