/**
 * What parts of a configuration must be to each other. Runs on whatever the file holds: a part that its own schema refuses is
 * passed over here, so that one mistake is reported once and hides no other.
 */
import * as v from "valibot";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import { addressKey, parseAddress, parseVip } from "./address.ts";
import type { Problem } from "./model.ts";
import { nearestName } from "./nearest.ts";
import { alternatives, quoted } from "./problem.ts";
import {
  ClientsSchema,
  FunctionSchema,
  IdSchema,
  KeepAliveSchema,
  ServerSchema,
  VipSchema,
  WitnessSchema,
} from "./schema.ts";
import { isObject } from "./schema-problems.ts";

/** Shorter than three of the shortest periods, one late keep-alive would be a failure. */
export const DETECTION_TIME_MS_MIN = 15;
/** Longer than this nobody calls it a failover. */
export const DETECTION_TIME_MS_MAX = 10_000;
export const RECOVERY_TIME_MS_MAX = 60_000;

type Section = Readonly<Record<string, unknown>>;

/** A value with the place where it stands. */
interface Placed<Value> {
  path: string;
  value: Value;
}

/** Problems between parts of `file`, the parsed JSON. */
export function crossProblems(file: unknown): Problem[] {
  const root = sectionOf(file);
  const keepAlive = sectionOf(root.keepAlive);
  const clients = sectionOf(root.clients);
  const servers = sectionsOf(root.servers, "servers", SERVERS_MAX);
  const functions = sectionsOf(root.functions, "functions", FUNCTIONS_MAX);
  return [
    ...timingProblems(keepAlive),
    ...multicastProblems(keepAlive, clients),
    ...repeated(textsOf(keepAlive.interfaces, "keepAlive.interfaces"), "each interface once"),
    ...repeated(textsOf(clients.witnesses, "clients.witnesses"), "each witness once"),
    ...repeated(idsOf(servers), "an identifier of no other server"),
    ...repeated(idsOf(functions), "an identifier of no other function"),
    ...functions.flatMap(programProblems),
    ...functions.flatMap((entry) => eligibilityProblems(entry, root.servers)),
    ...functions.flatMap((entry) => sizeProblems(entry, servers, root.servers)),
    ...vipProblems(functions, clients),
  ];
}

function timingProblems(keepAlive: Section): Problem[] {
  const periodMs = sound(KeepAliveSchema.entries.periodMs, keepAlive.periodMs);
  if (periodMs === undefined) return [];
  const problems: Problem[] = [];
  const within = (key: "lostAfterPeriods" | "recoveredAfterPeriods", minMs: number, maxMs: number): void => {
    const periods = sound(KeepAliveSchema.entries[key], keepAlive[key]);
    if (periods === undefined) return;
    const timeMs = periods * periodMs;
    if (timeMs >= minMs && timeMs <= maxMs) return;
    const found = `${periods} periods of ${periodMs} ms, ${timeMs.toLocaleString("en-US")} ms in all`;
    const expected = `${minMs} to ${maxMs.toLocaleString("en-US")} ms in all`;
    problems.push({ path: `keepAlive.${key}`, found, expected });
  };
  within("lostAfterPeriods", DETECTION_TIME_MS_MIN, DETECTION_TIME_MS_MAX);
  within("recoveredAfterPeriods", 0, RECOVERY_TIME_MS_MAX);
  return problems;
}

/** Keep-alives and notices must not arrive in the same socket. */
function multicastProblems(keepAlive: Section, clients: Section): Problem[] {
  const group = sound(KeepAliveSchema.entries.group, keepAlive.group);
  const port = sound(KeepAliveSchema.entries.port, keepAlive.port);
  const noticeGroup = sound(ClientsSchema.entries.noticeGroup, clients.noticeGroup);
  const noticePort = sound(ClientsSchema.entries.noticePort, clients.noticePort);
  if (group === undefined || port === undefined || group !== noticeGroup || port !== noticePort) return [];
  const found = `${noticeGroup} port ${noticePort}, which the keep-alives use`;
  return [{ path: "clients.noticeGroup", found, expected: "another group or another port than in keepAlive" }];
}

/** A program is started as it is named, without a search through PATH. */
function programProblems(entry: Placed<Section>): Problem[] {
  const [program] = sound(FunctionSchema.entries.command, entry.value.command) ?? [];
  if (program === undefined || program.startsWith("/")) return [];
  return [{ path: `${entry.path}.command[0]`, found: quoted(program), expected: "the absolute path of a program" }];
}

/** Servers that a function names must exist, and once. */
function eligibilityProblems(entry: Placed<Section>, serverList: unknown): Problem[] {
  const named = textsOf(entry.value.servers, `${entry.path}.servers`).filter(({ value }) => v.is(IdSchema, value));
  const problems = repeated(named, "each server once");
  if (!Array.isArray(serverList)) return problems;
  const known = [...new Set(idsOf(sectionsOf(serverList, "servers", SERVERS_MAX)).map(({ value }) => value))];
  for (const { path, value } of named) {
    if (known.includes(value)) continue;
    const nearest = nearestName(value, known);
    const expected = nearest === null ? `a server: ${alternatives(known) || "none is defined"}` : quoted(nearest);
    problems.push({ path, found: `an unknown server ${quoted(value)}`, expected });
  }
  return problems;
}

/** A function that no server can hold would never run. */
function sizeProblems(entry: Placed<Section>, servers: readonly Placed<Section>[], serverList: unknown): Problem[] {
  const required = sound(FunctionSchema.entries.required, entry.value.required);
  if (required === undefined || !Array.isArray(serverList)) return [];
  const named: unknown[] | null = Array.isArray(entry.value.servers) ? entry.value.servers : null;
  const eligible = servers.filter(({ value }) => named === null || named.includes(value.id));
  // A server that is itself wrong, or a misspelt one, may be meant to be large enough.
  const known = servers.map(({ value }) => value.id);
  if (servers.length < serverList.length || (named !== null && !named.every((id) => known.includes(id)))) return [];
  const resources = eligible.map(({ value }) => sound(ServerSchema.entries.resource, value.resource));
  const largest = Math.max(...resources.map((resource) => resource ?? Number.POSITIVE_INFINITY));
  if (eligible.length === 0 || required <= largest) return [];
  const whose = named === null ? "of all servers" : "of the servers that may run it";
  const expected = `at most ${largest}, the largest resource ${whose}`;
  return [{ path: `${entry.path}.required`, found: String(required), expected }];
}

/** An address belongs to one function, and to nothing else on the client network. Addresses count, not their spelling. */
function vipProblems(functions: readonly Placed<Section>[], clients: Section): Problem[] {
  const problems: Problem[] = [];
  const users = new Map<string, { path: string; user: string }>();
  for (const { path, value } of textsOf(clients.witnesses, "clients.witnesses")) {
    const address = v.is(WitnessSchema, value) ? parseAddress(value) : null;
    if (address !== null) users.set(addressKey(address.bytes), { path, user: `the witness ${path}` });
  }
  for (const entry of functions) {
    for (const { path, value } of textsOf(entry.value.vips, `${entry.path}.vips`)) {
      const vip = v.is(VipSchema, value) ? parseVip(value) : null;
      if (vip === null) continue;
      const key = addressKey(vip.address);
      const other = users.get(key);
      if (other === undefined) {
        const name = v.is(IdSchema, entry.value.id) ? ` of ${quoted(entry.value.id)}` : "";
        users.set(key, { path, user: `${path}${name}` });
      } else {
        const same = other.path.startsWith(`${entry.path}.`);
        const expected = same ? "each address once" : "an address that nothing else has";
        problems.push({ path, found: `${quoted(value)}, the address of ${other.user}`, expected });
      }
    }
  }
  return problems;
}

/** One problem for every value that stood before. */
function repeated(values: readonly Placed<string>[], expected: string): Problem[] {
  const first = new Map<string, string>();
  return values.flatMap(({ path, value }) => {
    const before = first.get(value);
    if (before === undefined) {
      first.set(value, path);
      return [];
    }
    return [{ path, found: `${quoted(value)}, which ${before} is already`, expected }];
  });
}

/** The value with its default filled in, or undefined when its schema refuses it. */
function sound<const Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
): v.InferOutput<Schema> | undefined {
  const result = v.safeParse(schema, value);
  return result.success ? result.output : undefined;
}

function sectionOf(value: unknown): Section {
  return isObject(value) ? value : {};
}

/** The elements of a list that are objects, as far as the list may be long. */
function sectionsOf(value: unknown, path: string, lengthMax: number): Placed<Section>[] {
  const elements: unknown[] = Array.isArray(value) ? value.slice(0, lengthMax) : [];
  return elements.flatMap((element, index) =>
    isObject(element) ? [{ path: `${path}[${index}]`, value: element }] : [],
  );
}

function textsOf(value: unknown, path: string): Placed<string>[] {
  const elements: unknown[] = Array.isArray(value) ? value : [];
  return elements.flatMap((element, index) =>
    typeof element === "string" ? [{ path: `${path}[${index}]`, value: element }] : [],
  );
}

function idsOf(entries: readonly Placed<Section>[]): Placed<string>[] {
  return entries.flatMap(({ path, value }) =>
    v.is(IdSchema, value.id) ? [{ path: `${path}.id`, value: value.id }] : [],
  );
}
