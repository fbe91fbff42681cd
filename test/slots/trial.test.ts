/** A part on trial, second by second. */
import { beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROLLED_BACK_UNHEALTHY } from "../../src/catalogue/roll-back-reason.ts";
import { SlotStore } from "../../src/slots/slot-store.ts";
import {
  HEALTHY_S,
  SlotTrial,
  TRIAL_CONTINUES,
  TRIAL_HAS_FAILED,
  TRIAL_IS_GOOD,
} from "../../src/supervisor/slot-trial.ts";
import { scratchDirectory } from "../harness/run-mark.ts";

const LIMIT_S = 20;
let slots: string;
let store: SlotStore;

/** Something in both slots; b is on trial. */
beforeEach(() => {
  slots = scratchDirectory("trial");
  store = new SlotStore(slots);
  for (const slot of ["a", "b"]) {
    mkdirSync(join(slots, slot));
    for (const name of ["MANIFEST.JSN", "wingman"]) writeFileSync(join(slots, slot, name), slot);
  }
  store.activate();
  store.confirm();
  store.activate();
});

const trialOf = (executable: string | null): SlotTrial | null =>
  SlotTrial.of(slots, executable, LIMIT_S);
const onTrial = (): SlotTrial => trialOf(join(slots, "current/wingman")) as SlotTrial;

test("healthy for a while without a break: it is kept", () => {
  const trial = onTrial();
  for (const isHealthy of [true, true, true, true, false, true, true, true, true])
    expect(trial.look(isHealthy)).toBe(TRIAL_CONTINUES);
  expect(HEALTHY_S).toBe(5);
  expect(trial.look(true)).toBe(TRIAL_IS_GOOD);
  expect([store.current, store.trial]).toEqual(["b", null]);
});

test("not healthy in time: the one before is started, and why is kept for the log", () => {
  const trial = onTrial();
  for (let second = 1; second < LIMIT_S; second++)
    expect(trial.look(second % HEALTHY_S !== 0)).toBe(TRIAL_CONTINUES);
  expect(trial.look(false)).toBe(TRIAL_HAS_FAILED);
  expect(store.current).toBe("a");
  expect(store.state).toMatchObject({
    trial: null,
    rolledBack: { slot: "b", reason: ROLLED_BACK_UNHEALTHY, isLogged: false },
  });
});

test("confirmed by hand: the trial is over", () => {
  const trial = onTrial();
  store.confirm();
  expect(trial.look(false)).toBe(TRIAL_IS_GOOD);
});

test("only a daemon that was started from the slot on trial judges it", () => {
  expect(trialOf(join(slots, "b/wingman"))).not.toBeNull();
  expect(trialOf(join(slots, "a/wingman"))).toBeNull();
  expect(trialOf("/bin/true")).toBeNull();
  expect(trialOf(null)).toBeNull();
  expect(trialOf(join(slots, "b/nothing"))).toBeNull();
  store.confirm();
  expect(trialOf(join(slots, "b/wingman"))).toBeNull();
});

test("a cut between any two changes leaves one slot or the other, and no trial of a slot that does not fly", () => {
  store.confirm();
  const before = store.state;
  // activate: the state is written, the link is not yet moved
  writeFileSync(
    join(slots, "state.json"),
    JSON.stringify({ ...before, trial: { slot: "a", startsLeft: 3 } }),
  );
  expect([store.current, store.trial]).toEqual(["b", null]);
  store.settle();
  expect(store.state.trial).toBeNull();
  mkdirSync(join(slots, ".incoming/x"), { recursive: true });
  mkdirSync(join(slots, ".outgoing"));
  store.settle();
  expect([".incoming", ".outgoing"].map((name) => existsSync(join(slots, name)))).toEqual([
    false,
    false,
  ]);
});
