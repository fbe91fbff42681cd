/** The engine's hot path many times over, to prove that it makes no garbage; and a canary that does. */
import type { AllocationPolicy } from "../../src/core/allocation.ts";
import { allocatePreempt } from "../../src/core/allocation-preempt.ts";
import { allocateReset } from "../../src/core/allocation-reset.ts";
import { Flight } from "../flight-loop/flight.ts";
import { measureGarbage } from "../garbage.ts";

/** Each period has twenty steps of an engine: a million of them, and 600,000 datagrams received. */
const QUIET_PERIODS = 50_000;
const BUSY_PERIODS = 12_000;
const SWITCHES_MIN = 25_000;

let kept: unknown;

function quiet(round: (flight: Flight) => void): void {
  const flight = new Flight();
  measureGarbage(QUIET_PERIODS, () => round(flight));
  if (flight.accepted() < 2 * QUIET_PERIODS * 11 || !flight.isSettled()) throw new Error("this was no quiet flight");
}

function busy(policy: AllocationPolicy, switchesMin: number): void {
  const flight = new Flight(policy);
  measureGarbage(BUSY_PERIODS, () => flight.busyPeriod());
  if (flight.ups < switchesMin || flight.downs < switchesMin) throw new Error(`${flight.ups} up, ${flight.downs} down`);
}

const cases: Record<string, () => void> = {
  quiet: () => quiet((flight) => flight.quietPeriod()),
  "busy-preempt": () => busy(allocatePreempt, 2 * SWITCHES_MIN),
  "busy-reset": () => busy(allocateReset, 8 * SWITCHES_MIN),
  canary: () =>
    quiet((flight) => {
      flight.quietPeriod();
      kept = flight.datagram.subarray(0, 4); // what a careless receiver would do
    }),
};

cases[process.argv[2]]();
if (kept === cases) process.exit(2);
