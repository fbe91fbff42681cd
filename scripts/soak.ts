/**
 * `npm run soak -- [--minutes N] [--seed S]`
 *
 * Runs the real executables through random faults, flight after flight, with two to four servers in
 * network namespaces, while a seat and a packet capture watch which server answers for each VIP.
 * Needs root. One line per flight on stdout. Exit code 0: never two answers, and everything ran
 * again after every burst of faults; 1: otherwise, with the failing seed; 2: the command line is
 * wrong.
 *
 * --minutes: how long (default: 10); the current flight is finished. --seed: of the first flight
 * (default: random); the next ones count up.
 */
import { parseArgs } from "node:util";
import { fly, type Outcome } from "../test/chaos/chaos-flight.ts";
import { beginRun } from "../test/harness/run-mark.ts";
import { removeDeadRuns } from "../test/harness/run-remains.ts";

const SERVER_COUNTS = [3, 2, 4];
const BURST_MS = 20_000;
const BURSTS = 3;

const { minutes, seed } = readOptions();
beginRun();
await removeDeadRuns((line) => process.stderr.write(`soak: ${line}\n`));
const endMs = performance.now() + minutes * 60_000;
const total = { flights: 0, faults: 0, moves: 0, answers: 0, afterHealMs: 0, convergedAfterMs: 0 };
for (let flight = seed; flight === seed || performance.now() < endMs; flight = (flight + 1) >>> 0) {
  const serverCount = SERVER_COUNTS[flight % SERVER_COUNTS.length] as number;
  let outcome: Outcome;
  try {
    outcome = await fly({ seed: flight, serverCount, burstMs: BURST_MS, bursts: BURSTS });
  } catch (error) {
    fail(flight, (error as Error).message);
  }
  const { faults, moves, spoken, afterHealMs, convergedAfterMs, worstGapMs, violations } = outcome;
  total.flights++;
  total.faults += faults;
  total.moves += moves;
  total.answers += spoken;
  total.afterHealMs = Math.max(total.afterHealMs, afterHealMs);
  total.convergedAfterMs = Math.max(total.convergedAfterMs, convergedAfterMs);
  process.stdout.write(
    `seed ${flight}: ${serverCount} servers, ${faults} faults, ${moves} moves of a VIP, ${spoken} answers; ` +
      `${violations.length} times two answers; after a heal both for ${afterHealMs.toFixed(1)} ms at most; ` +
      `settled after ${(convergedAfterMs / 1000).toFixed(1)} s at most; not watched for ${worstGapMs.toFixed(1)} ms at most\n`,
  );
  if (violations.length > 0) fail(flight, violations.join("\n"));
}
process.stdout.write(
  `${total.flights} flights, ${total.faults} faults, ${total.moves} moves, ${total.answers} answers: never two answers; ` +
    `after a heal both for ${total.afterHealMs.toFixed(1)} ms at most; settled after ${(total.convergedAfterMs / 1000).toFixed(1)} s at most\n`,
);

function fail(flight: number, text: string): never {
  process.stdout.write(`FAILED: npm run soak -- --minutes 1 --seed ${flight}\n${text}\n`);
  process.exit(1);
}

function readOptions(): { minutes: number; seed: number } {
  try {
    const { values } = parseArgs({
      options: { minutes: { type: "string" }, seed: { type: "string" } },
    });
    const drawn = Math.floor(Math.random() * 0x1_0000_0000);
    return {
      minutes: values.minutes === undefined ? 10 : wholeNumber("minutes", values.minutes),
      seed: values.seed === undefined ? drawn : wholeNumber("seed", values.seed),
    };
  } catch (error) {
    process.stderr.write(`soak: ${(error as Error).message}\n`);
    process.exit(2);
  }
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 0xffff_ffff) return value;
  throw new Error(`--${option}: found ${JSON.stringify(text)}, expected a whole number`);
}
