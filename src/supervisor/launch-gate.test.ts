import { expect, test } from "bun:test";
import { LaunchGate } from "./launch-gate.ts";

test("no more than allowed are at work, in the order of the requests", async () => {
  const gate = new LaunchGate(2);
  const launched: number[] = [];
  const tickets = [0, 1, 2, 3, 4].map((number) => gate.request(() => launched.push(number)));
  expect(launched).toEqual([]);
  await Bun.sleep(0);
  expect(launched).toEqual([0, 1]);
  expect(tickets.map(({ waiting }) => waiting)).toEqual([false, false, true, true, true]);
  tickets[1]?.release();
  tickets[1]?.release(); // the second call must not open another place
  await Bun.sleep(0);
  expect(launched).toEqual([0, 1, 2]);
  tickets[3]?.release(); // gave up while it waited
  tickets[0]?.release();
  await Bun.sleep(0);
  expect(launched).toEqual([0, 1, 2, 4]);
});

test("a launch that is done within its call", async () => {
  const gate = new LaunchGate(1);
  const launched: number[] = [];
  for (const number of [0, 1, 2]) {
    const ticket = gate.request(() => {
      launched.push(number);
      ticket.release();
    });
  }
  await Bun.sleep(0);
  expect(launched).toEqual([0, 1, 2]);
});
