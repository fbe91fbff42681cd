/** Writes a configuration as the text of a file. */
import { leaseFits } from "../boundary/timing.ts";
import { writtenAmount } from "./dimensions.ts";
import type { AircraftConfig, ClientsConfig } from "./model.ts";

/**
 * The whole configuration with every default written out, except two that a file may omit but not
 * state: a lease that does not fit the detection time, and its bridges. parseConfig of the result
 * gives the same configuration.
 */
export function serializeConfig(config: AircraftConfig): string {
  const { partNumber, dimensions: _, servers, functions, clients, ...rest } = config;
  const file = {
    ...(partNumber === "" ? {} : { partNumber }),
    ...rest,
    clients: clientsOf(config, clients),
    servers: servers.map(({ id, resource, furtherResources }) => ({
      id,
      resource: writtenAmount([resource, ...furtherResources], config),
    })),
    functions: functions.map(({ furtherRequired, ...entry }) => ({
      ...entry,
      required: writtenAmount([entry.required, ...furtherRequired], config),
      vips: entry.vips.map(({ text }) => text),
    })),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function clientsOf(
  { keepAlive: { periodMs, lostAfterPeriods } }: AircraftConfig,
  { lease, leaseBridges, ...rest }: ClientsConfig,
): object {
  const isExpressible = lease !== "preferred" || leaseFits(periodMs, lostAfterPeriods);
  const bridges = leaseBridges <= lostAfterPeriods - 2;
  return {
    ...(isExpressible ? { lease } : {}),
    ...(bridges ? { leaseBridges } : {}),
    ...rest,
  };
}
