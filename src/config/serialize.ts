/** The way back: a configuration as the text of a file. */
import type { AircraftConfig } from "./model.ts";

/** The whole configuration with every default written out. parseConfig of it gives the same configuration again. */
export function serializeConfig(config: AircraftConfig): string {
  const { partNumber, functions, ...rest } = config;
  const file = {
    ...(partNumber === "" ? {} : { partNumber }),
    ...rest,
    functions: functions.map((entry) => ({ ...entry, vips: entry.vips.map(({ text }) => text) })),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}
