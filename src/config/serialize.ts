/** The way back: a configuration as the text of a file. */
import { leaseFits } from "../core/lease.ts";
import type { AircraftConfig, ClientsConfig } from "./model.ts";

/**
 * The whole configuration with every default written out, but for those that a file may leave
 * unsaid and not say: a lease that does not fit the detection time, and what it would bridge.
 * parseConfig of it gives the same configuration again.
 */
export function serializeConfig(config: AircraftConfig): string {
  const { partNumber, functions, clients, ...rest } = config;
  const file = {
    ...(partNumber === "" ? {} : { partNumber }),
    ...rest,
    clients: clientsOf(config, clients),
    functions: functions.map((entry) => ({ ...entry, vips: entry.vips.map(({ text }) => text) })),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function clientsOf(
  { keepAlive: { periodMs, lostAfterPeriods } }: AircraftConfig,
  { lease, leaseBridges, ...rest }: ClientsConfig,
): object {
  const canBeSaid = lease !== "preferred" || leaseFits(periodMs, lostAfterPeriods);
  const bridges = leaseBridges <= lostAfterPeriods - 2;
  return {
    ...(canBeSaid ? { lease } : {}),
    ...(bridges ? { leaseBridges } : {}),
    ...rest,
  };
}
