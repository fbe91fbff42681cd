/**
 * Two servers that cannot be a pair: each reports within seconds what is wrong with the other, and
 * does not take it for a stranger in the cabin.
 */
import { afterEach, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "../harness/real-servers.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
afterEach(() => field.close());

const colons = (mac: string): string => mac.replace(/..(?!$)/g, "$&:");

/** Each names the other by its MAC, for this reason, and as never heard. */
async function namesTheOther(server: Server, other: Server, code: string): Promise<void> {
  expect(await field.fault(server, code)).toContain(`eth0 ${colons(other.host.mac)}`);
  const faults = await field.fault(server, "WNG-0129");
  expect(faults).toContain(code);
  expect(faults).not.toContain("WNG-0215");
}

function withKey(server: Server, key: string): object {
  const keyFile = join(server.runDirectory, "..", "keep-alive.key");
  writeFileSync(keyFile, key.repeat(64), { mode: 0o600 });
  return { ...FIELD_TABLE, keepAlive: { ...FIELD_TABLE.keepAlive, keyFile } };
}

const onPort = (port: number): object => ({
  ...FIELD_TABLE,
  keepAlive: { ...FIELD_TABLE.keepAlive, port },
});

const WRONG: [string, string, (server: Server) => object][] = [
  ["another key", "WNG-0130", (server) => withKey(server, server.id)],
  ["another system", "WNG-0131", ({ id }) => ({ ...FIELD_TABLE, system: `aircraft-${id}` })],
  ["another port", "WNG-0132", ({ id }) => onPort(id === "a" ? 44_100 : 44_109)],
];

test.each(WRONG)(
  "%s",
  async (_, code, config) => {
    field = new Field();
    const { a, b } = field;
    a.start(config(a));
    b.start(config(b));
    await namesTheOther(a, b, code);
    await namesTheOther(b, a, code);
    // The error is corrected on one: both faults end, everywhere.
    await b.stop();
    b.start(config(a));
    await field.settled();
    await field.noFault(a);
    await field.noFault(b);
  },
  60_000,
);

test("a configured server is not there at all", async () => {
  field = new Field();
  const { a, b } = field;
  a.start(FIELD_TABLE);
  expect(await field.fault(a, "WNG-0129")).toContain("b");
  b.start(FIELD_TABLE);
  await field.settled();
  await field.noFault(a);
}, 60_000);
