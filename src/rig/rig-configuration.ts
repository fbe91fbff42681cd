/**
 * Configuration of the virtual aircraft: the given one, with the rig's services for its functions.
 */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AircraftConfig } from "../config/model.ts";
import { serializeConfig } from "../config/serialize.ts";

const KEY_FILE = "keep-alive.key";
const KEY_BYTES = 32;

/**
 * Every function runs `serviceCommand` with its index and the servers' names; keep-alives are
 * authenticated with a key made for this run; everything else is unchanged. The machine's serial
 * console and page are not used.
 */
export function rigConfiguration(
  config: AircraftConfig,
  serviceCommand: readonly string[],
): AircraftConfig {
  const servers = config.servers.map(({ id }) => id).join(",");
  return {
    ...config,
    keepAlive: { ...config.keepAlive, keyFile: KEY_FILE, acceptKeyFile: null },
    functions: config.functions.map((entry, index) => ({
      ...entry,
      command: [...serviceCommand, "service", String(index), servers],
    })),
    maintenance: {
      ...config.maintenance,
      console: { ...config.maintenance.console, device: null },
    },
  };
}

/** Path of the configuration in the rig's directory. */
export const configurationFile = (directory: string): string => join(directory, "aircraft.json");

/** Writes the configuration and its key into `directory`. Returns the path of the configuration. */
export function writeConfiguration(config: AircraftConfig, directory: string): string {
  writeFileSync(join(directory, KEY_FILE), `${randomBytes(KEY_BYTES).toString("hex")}\n`, {
    mode: 0o600,
  });
  const file = configurationFile(directory);
  writeFileSync(file, serializeConfig(config));
  return file;
}
