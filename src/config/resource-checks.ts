/** Checks between the resources of servers and functions, in every dimension. */
import { REQUIRED_MIN, RESOURCE_MAX } from "../limits.ts";
import { amountText, type WrittenAmount } from "./dimensions.ts";
import type { Fleet, FleetFunction } from "./fleet.ts";
import type { Problem } from "./model.ts";
import { nearestName } from "./nearest.ts";
import { type Placed, sound } from "./placed.ts";
import { alternatives, describeValue, keyPath, quoted } from "./problem.ts";
import { FunctionSchema, ServerSchema } from "./schema.ts";
import { wholeNumberWords } from "./schema-values.ts";

export function resourceProblems(fleet: Fleet): Problem[] {
  const { servers, functions, resources } = fleet;
  return [
    ...servers.flatMap(({ path, value }) => {
      const amount = sound(ServerSchema.entries.resource, value.resource);
      return amount === undefined
        ? []
        : dimensionProblems({ path: `${path}.resource`, value: amount }, fleet, fleet.dimensions);
    }),
    ...functions.flatMap(({ path, value }) => {
      const amount = sound(FunctionSchema.entries.required, value.required);
      return amount === undefined
        ? []
        : dimensionProblems({ path: `${path}.required`, value: amount }, fleet, []);
    }),
    ...functions.flatMap((entry) => firstProblems(entry, fleet)),
    ...(resources === null
      ? []
      : functions.flatMap((entry) => sizeProblems(entry, resources, fleet))),
  ];
}

/** All amounts must have the dimensions of the first server. */
function dimensionProblems(
  { path, value: amount }: Placed<WrittenAmount>,
  { first, dimensions }: Fleet,
  expectedNames: readonly string[],
): Problem[] {
  if (first === null) return [];
  if (typeof amount === "number") {
    if (dimensions.length === 0) return [];
    const expected = `an object with ${alternatives(dimensions, "and")}, as in ${first.path}`;
    return [{ path, found: String(amount), expected }];
  }
  if (dimensions.length === 0)
    return [{ path, found: "an object", expected: `a whole number, as in ${first.path}` }];
  const names = Object.keys(amount);
  const unknown = names.filter((name) => !dimensions.includes(name));
  const missing = expectedNames.filter((name) => !names.includes(name));
  return [
    ...unknown.map((name) => {
      const nearest = nearestName(name, dimensions);
      const known = `a dimension of ${first.path}: ${alternatives(dimensions)}`;
      const expected = nearest === null ? known : quoted(nearest);
      return { path: keyPath(path, name), found: "an unknown dimension", expected };
    }),
    ...missing.map((name) => ({
      path: keyPath(path, name),
      found: "nothing",
      expected: `a whole number, as in ${first.path}`,
    })),
  ];
}

/** Servers are compared by the first dimension: a function that takes nothing of it has no size. */
function firstProblems({ path, value }: FleetFunction, { dimensions }: Fleet): Problem[] {
  const amount = sound(FunctionSchema.entries.required, value.required);
  const [name] = dimensions;
  if (amount === undefined || typeof amount === "number" || name === undefined) return [];
  if ((amount[name] ?? 0) >= REQUIRED_MIN) return [];
  const expected = `${wholeNumberWords(REQUIRED_MIN, RESOURCE_MAX)}, for it is the first dimension`;
  return [
    { path: keyPath(`${path}.required`, name), found: describeValue(amount[name]), expected },
  ];
}

/** A function that no server can hold would never run. */
function sizeProblems(
  { path, required, servers, namesServers }: FleetFunction,
  resources: readonly (readonly number[])[],
  fleet: Fleet,
): Problem[] {
  if (required === null || servers === null) return [];
  const { dimensions } = fleet;
  const place = `${path}.required`;
  const whose = namesServers ? "the servers that may run it" : "all servers";
  const able = servers.map((server) => resources[server] ?? []);
  const tooMuch = required.flatMap((value, dimension) => {
    const largest = Math.max(...able.map((resource) => resource[dimension] ?? 0));
    if (value <= largest) return [];
    const name = dimensions[dimension];
    const most = name === undefined ? "the largest resource" : `the most ${name}`;
    return [
      {
        path: name === undefined ? place : keyPath(place, name),
        found: String(value),
        expected: `at most ${largest}, ${most} of ${whose}`,
      },
    ];
  });
  if (tooMuch.length > 0 || able.some((resource) => fits(required, resource))) return tooMuch;
  const expected = `what one of ${whose} has in every dimension`;
  return [{ path: place, found: amountText(required, fleet), expected }];
}

/** In every dimension. */
export function fits(required: readonly number[], resource: readonly number[]): boolean {
  return required.every((value, dimension) => value <= (resource[dimension] ?? 0));
}
