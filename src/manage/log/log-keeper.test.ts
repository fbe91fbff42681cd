import { expect, test } from "bun:test";
import { RECORDS_PER_SYNC, SYNC_AFTER_MS } from "../../limits.ts";
import { type KeptLog, LogKeeper } from "./log-keeper.ts";

/** A log in memory that stores when it is told to, unless it is broken. */
class Stand implements KeptLog {
  problem: string | null = null;
  readonly calls: string[] = [];
  syncs = 0;
  #taken = 0;
  #stored = 0;
  take(delivery: number, code: number, first: number, second: number, bootUs: number): void {
    this.#taken = delivery;
    this.calls.push(`take ${delivery} ${code} ${first} ${second} @${bootUs}`);
  }
  note(code: number, functionIndex: number, detail: string, bootUs: number): void {
    this.calls.push(`note ${code} ${functionIndex} ${detail} @${bootUs}`);
  }
  ground(onGround: boolean, bootUs: number): void {
    this.calls.push(`ground ${onGround} @${bootUs}`);
  }
  tick(bootUs: number): void {
    this.calls.push(`tick @${bootUs}`);
  }
  active(): [] {
    return [];
  }

  clearFaults(bootUs: number): void {
    this.calls.push(`clear @${bootUs}`);
  }
  sync(): number {
    this.syncs++;
    if (this.problem === null) this.#stored = this.#taken;
    return this.#stored;
  }
  close(): void {
    this.calls.push("close");
    if (this.problem === null) this.#stored = this.#taken;
  }
  entries = () => [];
  faults = () => [];
  legs = () => [];
  storage = (): never => {
    throw new Error("not asked for");
  };
  image = () => new Uint8Array(0);
}

function kept(): { log: Stand; keeper: LogKeeper; acknowledged: number[]; warnings: string[] } {
  const log = new Stand();
  const acknowledged: number[] = [];
  const warnings: string[] = [];
  const keeper = new LogKeeper({
    log,
    bootUs: () => 7,
    acknowledge: (delivery) => acknowledged.push(delivery),
    warn: (text) => warnings.push(text),
  });
  return { log, keeper, acknowledged, warnings };
}

test("records are passed on at once, and acknowledged together when they are stored", async () => {
  const { log, keeper, acknowledged } = kept();
  const before = log.syncs;
  keeper.take(1, 111, 2, 3, 40);
  keeper.take(2, 112, 2, -3, 41);
  expect(log.calls).toEqual(["take 1 111 2 3 @40", "take 2 112 2 -3 @41"]);
  expect(acknowledged).toEqual([]);
  await Bun.sleep(SYNC_AFTER_MS * 3);
  expect(acknowledged).toEqual([2]);
  expect(log.syncs - before).toBe(1);
});

test("many at once do not wait", () => {
  const { keeper, acknowledged } = kept();
  for (let delivery = 1; delivery <= 2 * RECORDS_PER_SYNC + 1; delivery++)
    keeper.take(delivery, 111, 0, 0, 0);
  expect(acknowledged).toEqual([RECORDS_PER_SYNC, 2 * RECORDS_PER_SYNC]);
  keeper.close();
  expect(acknowledged.at(-1)).toBe(2 * RECORDS_PER_SYNC + 1);
});

test("an unstored record is not acknowledged, the reason is reported once, and each tick shows that the process lives", () => {
  const { log, keeper, acknowledged, warnings } = kept();
  log.problem = "no space left";
  keeper.take(1, 111, 0, 0, 0);
  keeper.tick();
  keeper.tick();
  expect(acknowledged).toEqual([0, 0]);
  expect(keeper.problem).toBe("no space left");
  log.problem = null;
  keeper.tick();
  expect(acknowledged).toEqual([0, 0, 1, 1]);
  expect(warnings).toEqual([
    "the maintenance log: no space left",
    "the maintenance log is written again",
  ]);
  keeper.close();
});

test("records of this process are stored like the rest; closing stores the remaining ones", () => {
  const { log, keeper, acknowledged } = kept();
  keeper.note(430, -1, "DRAIN");
  keeper.ground(true);
  keeper.clearFaults();
  keeper.take(1, 111, 0, 0, 0);
  keeper.close();
  expect(log.calls).toEqual([
    "note 430 -1 DRAIN @7",
    "ground true @7",
    "clear @7",
    "take 1 111 0 0 @0",
    "close",
  ]);
  expect(acknowledged).toEqual([1]);
});
