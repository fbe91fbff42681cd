import { expect, test } from "bun:test";
import { descriptors, opened } from "../../test/harness/descriptors.ts";
import { until } from "../../test/harness/until.ts";
import { ConnectionAttempt } from "./connection-attempt.ts";
import { ECONNREFUSED } from "./errno.ts";

const HOST = Uint8Array.of(127, 0, 0, 1);

/** How it was decided. */
async function outcome(attempt: ConnectionAttempt): Promise<number> {
  let result: number | null = null;
  await until("a decision", () => {
    result = attempt.look();
    return result !== null;
  });
  return result as unknown as number;
}

test("a host that listens is connected to, and stays so; one that does not refuses; neither costs a descriptor", async () => {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const { port } = server;
  const connected = new ConnectionAttempt(HOST, port);
  expect([await outcome(connected), connected.look()]).toEqual([0, 0]);
  connected.close();
  server.stop(true);
  const before = descriptors();
  const refused = new ConnectionAttempt(HOST, port);
  expect(await outcome(refused)).toBe(ECONNREFUSED);
  refused.close();
  expect(opened(before)).toEqual([]);
});
