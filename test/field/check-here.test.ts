/** `wingman check --here` on typical machines, before Wingman runs on them. */
import { afterEach, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../src/machine/machine-findings.ts";
import { WINGMAN } from "../harness/real-servers.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
afterEach(() => field.close());

function checkHere(table: object): { code: number; text: string; findings: Finding[] } {
  const file = join(field.directory, "aircraft.json");
  writeFileSync(file, JSON.stringify(table));
  const check = [...field.a.host.enter, WINGMAN, "check", "--here", "--config", file];
  const plain = Bun.spawnSync(check);
  const json = Bun.spawnSync([...check, "--json"]);
  const { here } = JSON.parse(json.stdout.toString()) as { here: Finding[] };
  return { code: plain.exitCode, text: plain.stdout.toString(), findings: here };
}

test("a machine as it should be; nothing of it is changed", () => {
  field = new Field({ secondNetwork: true });
  const look = (): string => field.a.host.ip("-4", "-o", "addr") + field.a.host.ip("-4", "route");
  const before = look();
  const { code, text, findings } = checkHere(FIELD_TABLE);
  expect(findings.filter(({ grade }) => grade === "stops")).toEqual([]);
  expect(code).toBe(0);
  expect(text).toContain("interface eth0: up, 10.44.0.1/16");
  expect(text).toContain("IPv4 neighbours:");
  expect(look()).toBe(before);
});

test("a key that 'wingman run' would refuse, and one that it takes", () => {
  field = new Field({ secondNetwork: true });
  const keyFile = join(field.directory, "field.key");
  const keepAlive = { ...FIELD_TABLE.keepAlive, keyFile };
  writeFileSync(keyFile, "a key of some bytes");
  chmodSync(keyFile, 0o644);
  const open = checkHere({ ...FIELD_TABLE, keepAlive });
  expect(open.code).toBe(1);
  expect(open.text).toMatch(/^!! keepAlive\.keyFile: mode 0644\s+at\s/m);
  chmodSync(keyFile, 0o600);
  const { code, text } = checkHere({ ...FIELD_TABLE, keepAlive });
  expect(code).toBe(0);
  expect(text).toContain("key: readable, by its owner only");
});

test("a second interface in the segment, a VIP set by hand, IPv6 off, and an interface that is none", () => {
  field = new Field({ secondNetwork: true });
  const { host } = field.a;
  host.ip("addr", "add", "10.44.0.77/16", "dev", "eth1");
  host.ip("addr", "add", "10.44.1.3/16", "dev", "eth1");
  host.sysctl("net/ipv6/conf/eth0/disable_ipv6", "1");
  const keepAlive = { ...FIELD_TABLE.keepAlive, interfaces: ["eth0", "eth7"] };
  const { code, text } = checkHere({ ...FIELD_TABLE, keepAlive });
  expect(code).toBe(1);
  expect(text).toMatch(/^\? {2}interface eth1: in the network of eth0, arp_ignore 0/m);
  expect(text).toMatch(/^!! VIP 10\.44\.1\.3\/16: 10\.44\.1\.3\/16 is set on eth1; remove it/m);
  expect(text).toMatch(/^!! IPv6: switched off on eth0/m);
  expect(text).toMatch(/^!! interface eth7: there is none; configure one[^:]*:\s+eth0, eth1/m);
});
