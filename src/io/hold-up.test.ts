import { expect, test } from "bun:test";
import { HoldUp } from "./hold-up.ts";
import { libc } from "./libc.ts";
import { nowUs } from "./monotonic-clock.ts";
import { NativeMemory } from "./native-memory.ts";

test("a process that sleeps in the kernel is held up, and one that spins", () => {
  const holdUp = new HoldUp();
  const time = new NativeMemory(16);
  time.view.setUint32(8, 20_000_000, true);
  holdUp.begin();
  libc.ppoll(0, 0, time.address, 0);
  expect(holdUp.end()).toBeGreaterThan(19_000);

  // Not when it loses the processor: on a busy machine it may do so again and again.
  let heldUpUs = 0;
  for (let tries = 0; tries < 100 && heldUpUs === 0; tries++) {
    holdUp.begin();
    const untilUs = nowUs() + 20_000;
    while (nowUs() < untilUs);
    heldUpUs = holdUp.end();
  }
  expect(heldUpUs).toBeGreaterThan(19_000);
});
