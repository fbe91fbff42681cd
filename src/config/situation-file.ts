/**
 * Reads the starting state of `wingman plan --from` from a file and checks it like a configuration:
 * either hand-written, or the output of `wingman status --json`.
 */
import * as v from "valibot";
import { CAPACITY_MAX } from "../limits.ts";
import { situationOf } from "./foresight.ts";
import { parseJson, readTextFile } from "./json-file.ts";
import type { AircraftConfig, FunctionConfig, Problem } from "./model.ts";
import { alternatives } from "./problem.ts";
import { isObject, schemaProblems } from "./schema-problems.ts";
import type { Situation } from "./what-if.ts";

export type SituationResult =
  | { ok: true; situation: Situation }
  | { ok: false; source: string; problems: Problem[] };

/**
 * Reads `{"owners":{"FUNCTION":"SERVER"|null},"down":["ID"],"cannotRun":{"SERVER":["FUNCTION"]}}`,
 * in which every key is optional (as are `capacity` and `held`), or a state as a server shows it.
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
  const { value: written, wellFormed, problems } = parseJson(text);
  const value = isShown(written) ? shownSituation(written, problems) : written;
  if (wellFormed)
    problems.push(...schemaProblems(schema, value, ""), ...overloadProblems(value, config));
  if (problems.length > 0) return { ok: false, source, problems };
  return { ok: true, situation: v.parse(schema, value) as Situation };
}

/** The keys of a situation differ. */
function isShown(value: unknown): value is object {
  return isObject(value) && "server" in value && "functions" in value;
}

/** The parts of a shown state that make up a situation; it shows much more. */
const ShownState = v.looseObject({
  server: v.string(),
  phase: v.string(),
  draining: v.boolean(),
  servers: v.array(
    v.looseObject({
      ...{ id: v.string(), state: v.string(), phase: v.nullable(v.string()) },
      capacity: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(100))),
      holds: v.optional(v.boolean()),
    }),
  ),
  functions: v.array(
    v.looseObject({
      id: v.string(),
      owner: v.nullable(v.string()),
      cannotRunOn: v.optional(v.array(v.string()), []),
    }),
  ),
});

/** Its names are checked afterwards, like those of any situation. */
function shownSituation(value: object, problems: Problem[]): unknown {
  const result = v.safeParse(ShownState, value);
  if (result.success) return situationOf(result.output);
  problems.push({
    path: v.getDotPath(result.issues[0]) ?? "",
    found: "an incomplete state",
    expected: "the output of wingman status --json",
  });
  return {};
}

const WHOLE_PER_CENT = "a whole number from 0 to 100";
const Percent = v.pipe(
  v.number(WHOLE_PER_CENT),
  v.integer(WHOLE_PER_CENT),
  v.minValue(0, WHOLE_PER_CENT),
  v.maxValue(CAPACITY_MAX, WHOLE_PER_CENT),
);

/** Names come from the aircraft: an unknown one is answered with the nearest. */
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
      capacity: v.optional(
        v.strictObject(
          Object.fromEntries(servers.map(({ id }) => [id, v.optional(Percent)])),
          "an object with the per cent that a server gives, for each server",
        ),
      ),
      held: v.optional(v.boolean("true or false")),
      claimed: v.optional(names),
      cannotRun: v.optional(
        v.strictObject(
          Object.fromEntries(servers.map(({ id }) => [id, v.optional(names)])),
          "an object with a list of functions for each server",
        ),
        {},
      ),
    },
    "a JSON object with owners, down, cannotRun, capacity, held and claimed",
  );
}

function nameSchema(ids: readonly string[], kind: "server" | "function") {
  return v.picklist(
    ids,
    ids.length <= 16 ? `a ${kind}: ${alternatives(ids)}` : `the identifier of a ${kind}`,
  );
}

/**
 * No server can own more than it has: such a state never occurs in flight, and its plan would mean
 * nothing.
 */
function overloadProblems(
  value: unknown,
  { servers, functions, dimensions }: AircraftConfig,
): Problem[] {
  const owners = isObject(value) && isObject(value.owners) ? value.owners : {};
  return servers.flatMap(({ id, resource, furtherResources }) => {
    const owned = functions.filter(
      (entry) => Object.hasOwn(owners, entry.id) && owners[entry.id] === id,
    );
    return [resource, ...furtherResources].flatMap((most, place) => {
      const load = owned.reduce(
        (sum, entry) => sum + ([entry.required, ...entry.furtherRequired][place] ?? 0),
        0,
      );
      if (load <= most) return [];
      const unit = dimensions[place] === undefined ? "" : ` ${dimensions[place]}`;
      const found = `functions on "${id}" that need ${load}${unit}`;
      return [{ path: "owners", found, expected: `at most ${most}, the resource of "${id}"` }];
    });
  });
}
