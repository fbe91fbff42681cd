/**
 * Aimed faults: at a moment of the flight that makes them worse, and at a server involved in it.
 * Half of all flights have some, each with its own moments (swarm).
 */
import type { Aircraft } from "./aircraft.ts";
import type { Fault, FaultKind } from "./fault-kinds.ts";
import { MOMENTS, NOBODY, type Sighting } from "./moments.ts";
import type { Random } from "./random.ts";

/** Kinds of faults that hit a function. */
const OF_FUNCTIONS: readonly FaultKind[] = [
  "process exits",
  "process fails",
  "VIP removed by hand",
  "VIP refused",
  "moved by hand",
];

/** Aims some of the faults that were drawn, in half of the flights. */
export function steer(random: Random, faults: readonly Fault[], aircraft: Aircraft): Fault[] {
  if (random.oneIn(2)) return [...faults];
  const chosen = MOMENTS.filter(() => random.oneIn(4));
  const moments = chosen.length === 0 ? MOMENTS : chosen;
  return faults.map((fault) => {
    if (random.oneIn(3)) return fault;
    const when = random.pick(moments);
    const delayUs = drawDelayUs(random, aircraft);
    return { ...fault, when, delayUs, aim: random.pick(["drawn", "it", "it", "the other"]) };
  });
}

function drawDelayUs(random: Random, { timing }: Aircraft): number {
  switch (random.below(5)) {
    case 0:
      return random.below(1_000);
    case 1:
      return random.below(timing.periodUs);
    case 2:
      return random.below(2 * timing.detectionUs);
    default:
      return 0;
  }
}

/** The fault as it hits now that its moment has come. */
export function aimed(fault: Fault, sighting: Sighting, serverCount: number): Fault {
  const { peer, index } = sighting;
  let { server } = fault;
  if (fault.aim === "it") server = sighting.server;
  else if (fault.aim === "the other" && peer !== NOBODY) server = peer;
  let { other } = fault;
  const opposite = server === sighting.server ? peer : sighting.server;
  if (OF_FUNCTIONS.includes(fault.kind)) {
    if (index !== NOBODY) other = index;
  } else if (opposite !== NOBODY && opposite !== server)
    other = (opposite - server - 1 + serverCount) % serverCount;
  return { ...fault, server, other };
}
