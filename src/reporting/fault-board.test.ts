import { expect, test } from "bun:test";
import type { Engine } from "../core/engine.ts";
import { FAULT_REPORT_PERIODS, FAULTS_TOLD_MAX } from "../limits.ts";
import { KeepAliveMessage } from "../wire/keep-alive.ts";
import { FaultBoard } from "./fault-board.ts";

/** Two servers: what a says in each period, b hears, as long as it does. */
class Pair {
  readonly a = new FaultBoard(2, 0, 0xabcd, 0x12345678);
  readonly b = new FaultBoard(2, 1);
  readonly said = new KeepAliveMessage();
  isHeard = true;
  nowUs = 100_000_000;

  fly(periods: number): void {
    const seen = { membership: { isHeard: () => this.isHeard, latest: () => this.said } };
    const blank = { membership: { isHeard: () => false } };
    for (let left = periods; left > 0; left--) {
      this.nowUs += 10_000;
      this.a.observe(blank as unknown as Engine, this.nowUs);
      this.a.tell(this.said, this.nowUs);
      this.b.observe(seen as unknown as Engine, this.nowUs);
    }
  }

  /** What b knows of a: code, function + 1 and age in seconds of each. */
  known(): number[][] {
    const { count, code, functionNumber, sinceUs } = this.b;
    return Array.from({ length: Math.min(count[0] as number, FAULTS_TOLD_MAX) }, (_, row) => [
      code[row] as number,
      functionNumber[row] as number,
      code[row] === 0 ? 0 : Math.round((this.nowUs - (sinceUs[row] as number)) / 1_000_000),
    ]);
  }
}

test("every fault of one server comes to the others in turn, and goes when it is over", () => {
  const pair = new Pair();
  pair.fly(1);
  expect(pair.known()).toEqual([]);
  for (let place = 0; place < 3; place++)
    pair.a.set(place, 3, 110 + place, place, 10 * place, pair.nowUs);
  pair.fly(4 * FAULT_REPORT_PERIODS); // and the build
  expect(pair.known()).toEqual([
    [110, 0, 0],
    [111, 1, 10],
    [112, 2, 20],
  ]);
  pair.a.set(0, 1, 112, 2, 20, pair.nowUs);
  pair.fly(2 * FAULT_REPORT_PERIODS);
  expect(pair.known()).toEqual([[112, 2, 20]]);
  pair.a.set(0, 0, 0, 0, 0, pair.nowUs);
  pair.fly(1);
  expect(pair.known()).toEqual([]);
});

test("of more faults than are reported the number is known; of an unheard server nothing", () => {
  const pair = new Pair();
  for (let place = 0; place < FAULTS_TOLD_MAX; place++)
    pair.a.set(place, 200, 110 + place, 0, 0, pair.nowUs);
  pair.fly((FAULTS_TOLD_MAX + 1) * FAULT_REPORT_PERIODS);
  expect(pair.b.count[0]).toBe(200);
  expect(pair.known().map(([code]) => code)).toEqual(
    Array.from({ length: FAULTS_TOLD_MAX }, (_, place) => 110 + place),
  );
  pair.isHeard = false;
  pair.fly(1);
  expect(pair.b.count[0]).toBe(0);
});

test("the build is reported beside faults, and known until another incarnation reports none", () => {
  const pair = new Pair();
  const known = (): number[] => [pair.b.buildHigh[0] as number, pair.b.buildLow[0] as number];
  pair.said.incarnation = 7;
  pair.a.set(0, 1, 110, 0, 0, pair.nowUs);
  pair.fly(2 * FAULT_REPORT_PERIODS);
  expect(known()).toEqual([0xabcd, 0x12345678]);
  pair.a.buildHigh[0] = 0; // as one that speaks the version before
  pair.a.buildLow[0] = 0;
  pair.fly(2 * FAULT_REPORT_PERIODS);
  expect(known()).toEqual([0xabcd, 0x12345678]);
  pair.said.incarnation = 8;
  pair.fly(1);
  expect(known()).toEqual([0, 0]);
});
