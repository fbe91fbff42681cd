/**
 * Random systems from a seed: with integers only, so that a seed gives the same system on every
 * machine.
 */
import type { Random } from "../harness/seeded-random.ts";
import type { ServiceFunction, System } from "./reference.ts";

/**
 * A system of 1 to 16 servers and at most `functionsMax` functions. Load, spread of priorities,
 * restrictions, failed processes and the share of functions that run already are drawn for each
 * system, so that roomy, tight and hopeless systems all occur. Owners are arbitrary: on servers
 * that are down, that may not run the function, or that hold far too much.
 */
export function randomSystem(random: Random, functionsMax: number): System {
  const serverCount = random.between(1, 16);
  const functionCount = random.oneIn(50)
    ? random.between(0, 1) * functionsMax
    : random.between(0, functionsMax);
  const resourceMax = random.oneIn(4) ? 10 : 120;
  const resources: number[] = [];
  const operable: boolean[] = [];
  const sameResources = random.oneIn(2);
  const downOneIn = random.between(2, 8);
  for (let x = 0; x < serverCount; x++) {
    resources.push(sameResources && x > 0 ? resources[0] : random.between(0, resourceMax));
    operable.push(!random.oneIn(downOneIn));
  }

  // From a fifth of the resources to three times as much, in percent.
  const loadPercent = random.between(20, 300);
  const total = resources.reduce((sum, resource) => sum + resource, 0);
  const requiredMean = Math.max(
    1,
    Math.floor((total * loadPercent) / 100 / Math.max(1, functionCount)),
  );
  const priorityMin = random.between(1, 10);
  const priorityMax = random.between(priorityMin, 10);
  const restrictedOneIn = random.between(1, 6);
  const failedOneIn = random.between(2, 10);
  const ownedOneIn = random.between(1, 4);
  const functions: ServiceFunction[] = [];
  for (let y = 0; y < functionCount; y++) {
    functions.push({
      required: random.between(1, 2 * requiredMean),
      priority: random.between(priorityMin, priorityMax),
      servers: random.oneIn(restrictedOneIn)
        ? someServers(random, serverCount)
        : allServers(serverCount),
      cannotRunOn: random.oneIn(failedOneIn) ? someServers(random, serverCount) : [],
      owner: random.oneIn(ownedOneIn) ? random.between(0, serverCount - 1) : null,
    });
  }
  return { resources, operable, functions };
}

function allServers(count: number): number[] {
  return Array.from({ length: count }, (_, x) => x);
}

function someServers(random: Random, count: number): number[] {
  return allServers(count).filter(() => random.oneIn(2));
}
