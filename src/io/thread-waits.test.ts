import { expect, test } from "bun:test";
import { libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { ThreadWaits } from "./thread-waits.ts";

test("a wait in the kernel counts", () => {
  const waits = new ThreadWaits();
  const before = waits.count();
  const time = new NativeMemory(16);
  time.view.setUint32(8, 1_000_000, true);
  libc.ppoll(0, 0, time.address, 0);
  expect(waits.count()).toBeGreaterThan(before);
});
