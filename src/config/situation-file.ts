/**
 * The state from which `wingman plan --from` starts, read from a file and judged like a
 * configuration.
 */
import * as v from "valibot";
import { parseJson, readTextFile } from "./json-file.ts";
import type { AircraftConfig, FunctionConfig, Problem } from "./model.ts";
import { alternatives } from "./problem.ts";
import { isObject, schemaProblems } from "./schema-problems.ts";
import type { Situation } from "./what-if.ts";

export type SituationResult =
  | { ok: true; situation: Situation }
  | { ok: false; source: string; problems: Problem[] };

/**
 * Reads `{"owners":{"FUNCTION":"SERVER"|null},"down":["ID"],"cannotRun":{"SERVER":["FUNCTION"]}}`;
 * every key may be left out.
 */
export function loadSituation(file: string, config: AircraftConfig): SituationResult {
  const reading = readTextFile(file);
  if (!reading.ok) return { ok: false, source: file, problems: reading.problems };
  return parseSituation(reading.text, file, config);
}

export function parseSituation(
  text: string,
  source: string,
  config: AircraftConfig,
): SituationResult {
  const schema = situationSchema(config);
  const { value, wellFormed, problems } = parseJson(text);
  if (wellFormed)
    problems.push(...schemaProblems(schema, value, ""), ...overloadProblems(value, config));
  if (problems.length > 0) return { ok: false, source, problems };
  return { ok: true, situation: v.parse(schema, value) as Situation };
}

/** Names come from the aircraft, so that an unknown one is answered with the nearest. */
function situationSchema({ servers, functions }: AircraftConfig) {
  const server = nameSchema(
    servers.map(({ id }) => id),
    "server",
  );
  const functionName = nameSchema(
    functions.map(({ id }) => id),
    "function",
  );
  const owner = (entry: FunctionConfig) =>
    v.optional(
      v.nullable(
        v.picklist(
          entry.servers,
          `a server that may run it (${alternatives(entry.servers)}) or null`,
        ),
      ),
    );
  const names = v.array(functionName, "a list of functions");
  return v.strictObject(
    {
      owners: v.optional(
        v.strictObject(
          Object.fromEntries(functions.map((entry) => [entry.id, owner(entry)])),
          "an object with a server or null for each function",
        ),
        {},
      ),
      down: v.optional(v.array(server, "a list of servers"), []),
      cannotRun: v.optional(
        v.strictObject(
          Object.fromEntries(servers.map(({ id }) => [id, v.optional(names)])),
          "an object with a list of functions for each server",
        ),
        {},
      ),
    },
    "a JSON object with owners, down and cannotRun",
  );
}

function nameSchema(ids: readonly string[], kind: "server" | "function") {
  return v.picklist(
    ids,
    ids.length <= 16 ? `a ${kind}: ${alternatives(ids)}` : `the identifier of a ${kind}`,
  );
}

/**
 * No server can own more than it has: such a state was never seen in flight, and its plan would
 * mean nothing.
 */
function overloadProblems(value: unknown, { servers, functions }: AircraftConfig): Problem[] {
  const owners = isObject(value) && isObject(value.owners) ? value.owners : {};
  return servers.flatMap(({ id, resource }) => {
    const owned = functions.filter(
      (entry) => Object.hasOwn(owners, entry.id) && owners[entry.id] === id,
    );
    const load = owned.reduce((sum, { required }) => sum + required, 0);
    if (load <= resource) return [];
    const found = `functions on "${id}" that need ${load}`;
    return [{ path: "owners", found, expected: `at most ${resource}, the resource of "${id}"` }];
  });
}
