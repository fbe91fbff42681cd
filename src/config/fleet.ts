/**
 * Comparable servers and functions of a file that may be wrong. Doubtful values are left open, so
 * that no problem is reported that may not exist.
 */
import { DIMENSIONS_MAX, RESOURCE_MAX, SERVERS_MAX, SERVERS_MIN } from "../limits.ts";
import { amountsOf, dimensionNames, type WrittenAmount } from "./dimensions.ts";
import { type Placed, type Section, sectionsOf, sound } from "./placed.ts";
import { FunctionSchema, ServerSchema } from "./schema.ts";

export interface Fleet {
  /** First valid resource of a server: its dimensions apply to all. */
  first: Placed<WrittenAmount> | null;
  /** Names of the dimensions; empty where resource is a plain number. */
  dimensions: string[];
  servers: Placed<Section>[];
  functions: FleetFunction[];
  /**
   * Resource of each server, one number per dimension; the maximum where it is in doubt. Null when
   * the list of servers is in doubt.
   */
  resources: number[][] | null;
}

export interface FleetFunction extends Placed<Section> {
  /** Requirement in each dimension; null when in doubt. */
  required: number[] | null;
  /** Indexes of the servers that may run it; null when in doubt. */
  servers: number[] | null;
  /** It names servers: not all of them may run it. */
  namesServers: boolean;
}

export function fleetOf(serverList: unknown, functions: readonly Placed<Section>[]): Fleet {
  const servers = sectionsOf(serverList, "servers", SERVERS_MAX);
  const written = servers.flatMap(({ path, value }) => {
    const amount = sound(ServerSchema.entries.resource, value.resource);
    return amount === undefined ? [] : [{ path: `${path}.resource`, value: amount }];
  });
  const first = written[0] ?? null;
  const dimensions = first === null ? [] : dimensionNames(first.value);
  const ids = servers.map(({ value }) => value.id);
  const isWhole =
    Array.isArray(serverList) && servers.length >= Math.max(serverList.length, SERVERS_MIN);
  return {
    ...{ first, dimensions, servers },
    functions: functions.map((entry) => ({
      ...entry,
      ...eligibleOf(entry.value.servers, ids),
      required: comparable(
        sound(FunctionSchema.entries.required, entry.value.required),
        dimensions,
      ),
    })),
    resources: isWhole
      ? servers.map(
          ({ value }) =>
            comparable(sound(ServerSchema.entries.resource, value.resource), dimensions) ??
            new Array<number>(DIMENSIONS_MAX).fill(RESOURCE_MAX),
        )
      : null,
  };
}

/** The amount in each dimension, or null when its dimensions differ. */
function comparable(
  amount: WrittenAmount | undefined,
  dimensions: readonly string[],
): number[] | null {
  if (amount === undefined) return null;
  const names = dimensionNames(amount);
  if ((names.length === 0) !== (dimensions.length === 0)) return null;
  return names.every((name) => dimensions.includes(name)) ? amountsOf(amount, dimensions) : null;
}

function eligibleOf(
  servers: unknown,
  ids: readonly unknown[],
): Pick<FleetFunction, "servers" | "namesServers"> {
  if (!Array.isArray(servers)) return { servers: [...ids.keys()], namesServers: false };
  const indexes = servers.map((id) => ids.indexOf(id));
  const isKnown = indexes.length > 0 && indexes.every((index) => index >= 0);
  return { servers: isKnown ? indexes : null, namesServers: true };
}
