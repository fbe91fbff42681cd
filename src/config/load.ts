/** From the text of a configuration file to the configuration, or to all its problems. */
import { dirname, resolve } from "node:path";
import * as v from "valibot";
import { parseVip } from "./address.ts";
import { crossProblems } from "./cross-checks.ts";
import { DEFAULT_AIRCRAFT } from "./default-aircraft.ts";
import { amountsOf, dimensionNames } from "./dimensions.ts";
import { parseJson, readTextFile } from "./json-file.ts";
import type { AircraftConfig, FunctionConfig, Problem, Vip } from "./model.ts";
import { type ConfigFile, ConfigSchema } from "./schema.ts";
import { schemaProblems } from "./schema-problems.ts";

export { formatProblems } from "./problem.ts";

export interface LoadedConfig {
  ok: true;
  config: AircraftConfig;
  /** Name of the file as given, or words for the embedded default. */
  source: string;
  /** Absolute; base of relative paths in the configuration. */
  directory: string;
}

export interface RefusedConfig {
  ok: false;
  source: string;
  problems: Problem[];
}

export type LoadResult = LoadedConfig | RefusedConfig;

/** Replaces the file name for the aircraft inside the executable. */
export const EMBEDDED_SOURCE = "embedded default aircraft";

/**
 * Reads a configuration file; without one, the aircraft embedded in the executable, through the
 * same parser.
 */
export function loadConfig(file: string | undefined): LoadResult {
  if (file === undefined) return parseConfig(DEFAULT_AIRCRAFT, EMBEDDED_SOURCE, resolve("."));
  const reading = readTextFile(file);
  if (!reading.ok) return { ok: false, source: file, problems: reading.problems };
  return parseConfig(reading.text, file, dirname(resolve(file)));
}

/**
 * Checks a configuration text. `source` names it in problems; `directory` is the base of its
 * relative paths.
 */
export function parseConfig(text: string, source: string, directory: string): LoadResult {
  const json = parseJson(text);
  const { value } = json;
  const judged = json.wellFormed
    ? [...schemaProblems(ConfigSchema, value, ""), ...crossProblems(value)]
    : [];
  const problems = [...json.problems, ...judged];
  if (problems.length > 0) return { ok: false, source, problems };
  return { ok: true, config: modelOf(v.parse(ConfigSchema, value)), source, directory };
}

function modelOf(file: ConfigFile): AircraftConfig {
  const { $schema: _, partNumber = "", keepAlive, clients, ...rest } = file;
  const serverIds = file.servers.map(({ id }) => id);
  const dimensions = dimensionNames(file.servers[0]?.resource ?? 0);
  return {
    ...rest,
    partNumber,
    keepAlive,
    clients: { ...clients, interface: clients.interface ?? keepAlive.interfaces[0] ?? "" },
    dimensions,
    servers: file.servers.map(({ id, resource: written }) => {
      const [resource, ...furtherResources] = amountsOf(written, dimensions);
      return { id, resource, furtherResources };
    }),
    functions: file.functions.map((entry) => functionOf(entry, serverIds, dimensions)),
  };
}

function functionOf(
  entry: ConfigFile["functions"][number],
  serverIds: readonly string[],
  dimensions: readonly string[],
): FunctionConfig {
  const { servers, vips } = entry;
  const [required, ...furtherRequired] = amountsOf(entry.required, dimensions);
  return {
    ...entry,
    required,
    furtherRequired,
    vips: vips.map(parseVip).filter((vip): vip is Vip => vip !== null),
    servers: serverIds.filter((id) => servers === undefined || servers.includes(id)),
  };
}
