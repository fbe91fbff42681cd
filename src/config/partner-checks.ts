/** Checks between functions that must be together or apart. */
import * as v from "valibot";
import { PARTNERS_MAX } from "../limits.ts";
import { amountText } from "./dimensions.ts";
import type { Fleet, FleetFunction } from "./fleet.ts";
import type { Problem } from "./model.ts";
import { nearestName } from "./nearest.ts";
import { between, type Partners, partnersOf, type Saying } from "./partners.ts";
import { type Placed, repeated, textsOf } from "./placed.ts";
import { alternatives, quoted } from "./problem.ts";
import { fits } from "./resource-checks.ts";
import { IdSchema } from "./schema-values.ts";

/** A message names up to this many functions; in a longer list nobody finds the right one. */
const NAMES_MAX = 16;

export function partnerProblems(fleet: Fleet): Problem[] {
  const { functions } = fleet;
  const named = functions.map((entry) => ({
    with: namesIn(entry, "with"),
    apartFrom: namesIn(entry, "apartFrom"),
  }));
  const sayings = functions.map(({ value }, index): Saying => {
    const textOf = (places: readonly Placed<string>[] = []) => places.map((place) => place.value);
    return {
      id: v.is(IdSchema, value.id) ? value.id : "",
      with: textOf(named[index]?.with),
      apartFrom: textOf(named[index]?.apartFrom),
    };
  });
  const partners = partnersOf(sayings);
  return [
    ...named.flatMap((lists, index) =>
      [lists.apartFrom, lists.with].flatMap((list) => nameProblems(list, sayings, index)),
    ),
    ...named.flatMap(({ apartFrom }, index) =>
      conflictProblems(apartFrom, sayings, partners, index),
    ),
    ...functions.flatMap((_, index) => groupProblems(fleet, sayings, partners, index)),
  ];
}

function namesIn({ path, value }: FleetFunction, key: "with" | "apartFrom"): Placed<string>[] {
  return textsOf(value[key], `${path}.${key}`).filter((name) => v.is(IdSchema, name.value));
}

/** Functions that a function names must exist, differ from it, and be named once. */
function nameProblems(
  list: readonly Placed<string>[],
  sayings: readonly Saying[],
  index: number,
): Problem[] {
  const ids = sayings.map(({ id }) => id).filter((id) => id !== "");
  const own = sayings[index]?.id;
  return [
    ...repeated(list, "each function once"),
    ...list.flatMap(({ path, value }) => {
      if (value === own)
        return [{ path, found: `${quoted(value)}, the function itself`, expected: "another one" }];
      if (ids.includes(value)) return [];
      const nearest = nearestName(value, ids);
      const known =
        ids.length <= NAMES_MAX
          ? `a function: ${alternatives(ids)}`
          : "the identifier of a function";
      const expected = nearest === null ? known : quoted(nearest);
      return [{ path, found: `an unknown function ${quoted(value)}`, expected }];
    }),
  ];
}

/** A function cannot be apart from one that it is with. */
function conflictProblems(
  apartFrom: readonly Placed<string>[],
  sayings: readonly Saying[],
  { together }: Partners,
  index: number,
): Problem[] {
  return apartFrom.flatMap(({ path, value }) => {
    const other = sayings.findIndex(({ id }) => id === value);
    if (together[index]?.includes(other) !== true) return [];
    const way = between(sayings, index, other).map((at) => quoted(sayings[at]?.id ?? ""));
    const by = way.length === 0 ? "" : ` by way of ${alternatives(way, "and")}`;
    const found = `${quoted(value)}, which has to be with ${quoted(sayings[index]?.id ?? "")}${by}`;
    return [{ path, found, expected: "a function that may be on another server" }];
  });
}

/** Limits of the table; and, once per group, that some server can hold it. */
function groupProblems(
  fleet: Fleet,
  sayings: readonly Saying[],
  { together, apart }: Partners,
  index: number,
): Problem[] {
  const others = together[index] ?? [];
  const count = others.length + (apart[index]?.length ?? 0);
  const isFirst = others.every((other) => other > index);
  if (count > PARTNERS_MAX) {
    if (others.length > PARTNERS_MAX && !isFirst) return [];
    const found = `${count} functions that it must be with or apart from, counting the settings of all of them`;
    return [
      { path: fleet.functions[index]?.path ?? "", found, expected: `at most ${PARTNERS_MAX}` },
    ];
  }
  if (others.length === 0 || !isFirst) return [];
  const members = [index, ...others];
  const teller = members.find((member) => (sayings[member]?.with.length ?? 0) > 0) ?? index;
  const names = alternatives(
    members.map((member) => quoted(sayings[member]?.id ?? "")),
    "and",
  );
  return roomProblems(fleet, members).map(({ found, expected }) => ({
    path: `${fleet.functions[teller]?.path}.with`,
    found: `${names}, ${found}`,
    expected,
  }));
}

/** Functions that must share a server need one that may run them all and has room. */
function roomProblems(
  fleet: Fleet,
  members: readonly number[],
): Pick<Problem, "found" | "expected">[] {
  const { functions, resources } = fleet;
  const group = members.flatMap((member) => functions[member] ?? []);
  const common = group
    .map(({ servers }) => servers)
    .reduce((all, one) => all && one && all.filter((server) => one.includes(server)));
  if (common === null || resources === null) return [];
  if (common.length === 0)
    return [
      { found: "which no server may run together", expected: "a server that may run all of them" },
    ];
  const able = common.map((server) => resources[server] ?? []);
  const amounts = group.flatMap(({ required }) => (required === null ? [] : [required]));
  // A doubtful one, or one that fits nowhere by itself, is reported separately.
  const isNotable = ({ required, servers }: FleetFunction): boolean =>
    required === null ||
    servers?.some((server) => fits(required, resources[server] ?? [])) !== true;
  if (group.some(isNotable)) return [];
  const sum = (amounts[0] ?? []).map((_, dimension) =>
    amounts.reduce((all, amount) => all + (amount[dimension] ?? 0), 0),
  );
  if (able.some((resource) => fits(sum, resource))) return [];
  const most = Math.max(...able.map((resource) => resource[0] ?? 0));
  const expected =
    fleet.dimensions.length === 0
      ? `at most ${most}, the largest resource of the servers that may run all of them`
      : "what one of the servers that may run all of them has in every dimension";
  return [{ found: `which take ${amountText(sum, fleet)} together`, expected }];
}
