/** The key file changes, goes or loses its mode while the server flies. */
import { afterEach, expect, test } from "bun:test";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "../harness/real-servers.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { whenActive, whenOver } from "./fault-states.ts";
import { FIELD_TABLE, Field } from "./field.ts";

const KEYED = { ...FIELD_TABLE, keepAlive: { ...FIELD_TABLE.keepAlive, keyFile: "wingman.key" } };
const KEY = "the key of the start";

let field: Field;
afterEach(() => field.close());

const keyFile = (server: Server): string => join(server.runDirectory, "..", "wingman.key");

function write(server: Server, key: string): void {
  rmSync(keyFile(server), { force: true });
  writeFileSync(keyFile(server), key, { mode: 0o600 });
}

/** The engine is replaced, and both servers hear each other with nothing refused. */
async function replaceEngine({ a, b }: Field): Promise<void> {
  const { incarnation } = a.state() ?? { incarnation: 0 };
  signal(a.enginePid, "SIGKILL");
  await until("a flies again, and both hear each other", () => {
    const states = [a.state(), b.state()];
    return (
      (states[0]?.incarnation ?? 0) > incarnation &&
      states.every((state) => state?.servers.every(({ state: now }) => /self|alive/.test(now)))
    );
  });
  for (const server of [a, b]) expect(server.state()?.keepAlive.rejected.authentication).toBe(0);
}

test("the keys of the start stay in use, and a fault lasts until the file is restored", async () => {
  field = new Field();
  const { a, b } = field;
  for (const server of [a, b]) write(server, KEY);
  field.start(KEYED);
  await field.settled();

  write(a, "another key than that");
  expect(await whenActive(a, "WNG-0454")).toContain("another key");
  await replaceEngine(field);
  // The same bytes in another file, and a newline at the end, are the same key.
  write(a, `${KEY}\n`);
  await whenOver(a, "WNG-0454");

  chmodSync(keyFile(a), 0o644);
  expect(await whenActive(a, "WNG-0454")).toContain("mode 0644");
  await replaceEngine(field);
  chmodSync(keyFile(a), 0o600);
  await whenOver(a, "WNG-0454");

  rmSync(keyFile(a));
  expect(await whenActive(a, "WNG-0454")).toContain("no such file");
  await replaceEngine(field);
  write(a, KEY);
  await whenOver(a, "WNG-0454");
});
