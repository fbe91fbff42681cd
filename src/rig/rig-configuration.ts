/**
 * The configuration that the virtual aircraft flies: the given one, with the rig's services for its
 * functions.
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
 * authenticated with a key made for this run; everything else is as given. Serial console and page
 * stay away from the machine that the rig runs on.
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

/** Writes the configuration and its key into `directory`. Returns the path of the configuration. */
export function writeConfiguration(config: AircraftConfig, directory: string): string {
  writeFileSync(join(directory, KEY_FILE), `${randomBytes(KEY_BYTES).toString("hex")}\n`, {
    mode: 0o600,
  });
  const file = join(directory, "aircraft.json");
  writeFileSync(file, serializeConfig(config));
  return file;
}
