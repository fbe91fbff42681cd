/**
 * Runs the engine's hot path many times to prove that it makes no garbage; with a canary that does.
 */
import type { Policy } from "../../src/allocation/allocation.ts";
import { PLANNED } from "../../src/allocation/planned/planned.ts";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { RESET } from "../../src/allocation/reset.ts";
import { Flight } from "../flight-loop/flight-without-sockets.ts";
import { measureGarbage } from "../harness/garbage.ts";

/**
 * Second argument: what the numbers of periods are divided by; the first compiler alone is slower
 * than all of them.
 */
const DIVISOR = Number(process.argv[3]);
/** A million turns, at least as many datagrams received, and a lease renewed in each period. */
const QUIET_PERIODS = 25_000 / DIVISOR;
const TURNS_MIN = 1_000_000 / DIVISOR;
const CANARY_PERIODS = 20_000;
const BUSY_PERIODS = 24_000 / DIVISOR;
/**
 * VIPs brought up, and as many taken down, at least: a hundred thousand of each policy's kind in
 * all.
 */
const SWITCHES_MIN_PREEMPT = 50_000 / DIVISOR;
const SWITCHES_MIN_RESET = 100_000 / DIVISOR;

let kept: unknown;

function quiet(periods: number, round: (flight: Flight) => void): Flight {
  const flight = new Flight();
  measureGarbage(periods, () => round(flight));
  if (flight.sightings() < periods) throw new Error(`${flight.sightings()} sightings of strangers`);
  if (flight.accepted() < 2 * periods * 11 || !flight.isSettled())
    throw new Error("this was no quiet flight");
  if (flight.renewals < 2 * periods * 4) throw new Error(`${flight.renewals} renewals`);
  return flight;
}

function busy(policy: Policy, switchesMin: number): void {
  const flight = new Flight(policy);
  measureGarbage(BUSY_PERIODS, () => flight.busyPeriod());
  if (policy.keepsRunning && flight.moves < BUSY_PERIODS / 40)
    throw new Error(`${flight.moves} moves by hand`);
  if (flight.ups < switchesMin || flight.downs < switchesMin)
    throw new Error(`${flight.ups} up, ${flight.downs} down`);
}

const cases: Record<string, () => void> = {
  quiet() {
    const { turns } = quiet(QUIET_PERIODS, (flight) => flight.quietPeriod());
    if (turns < 2 * TURNS_MIN) throw new Error(`${turns} turns`);
  },
  "busy-preempt": () => busy(PREEMPT, SWITCHES_MIN_PREEMPT),
  "busy-reset": () => busy(RESET, SWITCHES_MIN_RESET),
  "busy-planned": () => busy(PLANNED, SWITCHES_MIN_PREEMPT),
  canary: () =>
    quiet(CANARY_PERIODS / DIVISOR, (flight) => {
      flight.quietPeriod();
      // What a careless receiver would do; in fewer periods as often.
      for (let time = 0; time < DIVISOR; time++) kept = flight.datagram.subarray(0, 4);
    }),
};

cases[process.argv[2]]();
if (kept === cases) process.exit(2);
