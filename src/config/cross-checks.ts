/**
 * Checks between parts of a configuration. They run on any content: a part that its own schema
 * refuses is skipped, so that each mistake is reported once and hides no other.
 */

import * as v from "valibot";
import { leaseDetectionMsMin, leaseFits } from "../boundary/timing.ts";
import {
  DETECTION_TIME_MS_MAX,
  DETECTION_TIME_MS_MIN,
  FUNCTIONS_MAX,
  LEASE_LATENESS_MS,
  LEASE_TICKS_MS,
  RECOVERY_TIME_MS_MAX,
  SERVERS_MAX,
} from "../limits.ts";
import { addressKey, isLoopback, parseAddress, parseListen, parseVip } from "./address.ts";
import { dataLoadProblems } from "./data-load-checks.ts";
import { fleetOf } from "./fleet.ts";
import type { Problem } from "./model.ts";
import { nearestName } from "./nearest.ts";
import { partnerProblems } from "./partner-checks.ts";
import {
  idsOf,
  type Placed,
  repeated,
  type Section,
  sectionOf,
  sectionsOf,
  sound,
  textsOf,
} from "./placed.ts";
import { alternatives, quoted } from "./problem.ts";
import { resourceProblems } from "./resource-checks.ts";
import { ClientsSchema, FunctionSchema, KeepAliveSchema, WebSchema } from "./schema.ts";
import { isObject } from "./schema-problems.ts";
import { IdSchema, VipSchema, WitnessSchema } from "./schema-values.ts";

/** Problems between parts of `file`, the parsed JSON. */
export function crossProblems(file: unknown): Problem[] {
  const root = sectionOf(file);
  const keepAlive = sectionOf(root.keepAlive);
  const clients = sectionOf(root.clients);
  const servers = sectionsOf(root.servers, "servers", SERVERS_MAX);
  const functions = sectionsOf(root.functions, "functions", FUNCTIONS_MAX);
  const fleet = fleetOf(root.servers, functions);
  // Without a list of servers no name can be judged.
  const known = Array.isArray(root.servers)
    ? [...new Set(idsOf(servers).map(({ value }) => value))]
    : null;
  return [
    ...timingProblems(keepAlive),
    ...leaseProblems(keepAlive, clients),
    ...multicastProblems(keepAlive, clients),
    ...keyProblems(keepAlive),
    ...repeated(textsOf(keepAlive.interfaces, "keepAlive.interfaces"), "each interface once"),
    ...repeated(textsOf(clients.witnesses, "clients.witnesses"), "each witness once"),
    ...repeated(textsOf(sectionOf(root.parts).trust, "parts.trust"), "each file once"),
    ...repeated(idsOf(servers), "an identifier of no other server"),
    ...repeated(idsOf(functions), "an identifier of no other function"),
    ...webProblems(sectionOf(sectionOf(root.maintenance).web)),
    ...dataLoadProblems(
      sectionOf(root.maintenance).dataLoad,
      udpPorts(keepAlive, clients),
      functions.flatMap(({ path, value }) => textsOf(value.vips, `${path}.vips`)),
    ),
    ...functions.flatMap(programProblems),
    ...functions.flatMap(readyProblems),
    ...functions.flatMap((entry) => eligibilityProblems(entry, known)),
    ...resourceProblems(fleet),
    ...partnerProblems(fleet),
    ...vipProblems(functions, clients),
  ];
}

function timingProblems(keepAlive: Section): Problem[] {
  const periodMs = sound(KeepAliveSchema.entries.periodMs, keepAlive.periodMs);
  if (periodMs === undefined) return [];
  const problems: Problem[] = [];
  const within = (
    key: "lostAfterPeriods" | "recoveredAfterPeriods",
    minMs: number,
    maxMs: number,
  ): void => {
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

/**
 * A lease must end before the others take over, and last until the next renewal. Every lease that
 * fits with eBPF is accepted; a server that only has nftables reports its needs at its start. The
 * default yields where none fits: `wingman check` and the start report it.
 */
function leaseProblems(keepAlive: Section, clients: Section): Problem[] {
  const lease = sound(ClientsSchema.entries.lease, clients.lease);
  const bridges = sound(ClientsSchema.entries.leaseBridges, clients.leaseBridges);
  const periodMs = sound(KeepAliveSchema.entries.periodMs, keepAlive.periodMs);
  const periods = sound(KeepAliveSchema.entries.lostAfterPeriods, keepAlive.lostAfterPeriods);
  if (periods !== undefined && clients.leaseBridges !== undefined && bridges !== undefined) {
    // Bridging as many as a failure detection takes would leave no divided network.
    const most = Math.max(0, periods - 2);
    const found = `${bridges} with failures detected after ${periods} periods`;
    if (bridges > most)
      return [{ path: "clients.leaseBridges", found, expected: `at most ${most}, two less` }];
  }
  if (clients.lease === undefined || lease === undefined || lease === "off") return [];
  if (periodMs === undefined || periods === undefined || leaseFits(periodMs, periods)) return [];
  const leastMs = leaseDetectionMsMin(periodMs);
  const found = `${quoted(lease)} with failures detected after ${periods * periodMs} ms`;
  const parts = `2 periods, ${2 * LEASE_LATENESS_MS} ms of lateness; by nftables up to ${LEASE_TICKS_MS} ms more`;
  const expected = `a detection time of at least ${leastMs} ms, so that a lease fits (${parts}), or "off"`;
  return [{ path: "clients.lease", found, expected }];
}

/** Keep-alives and notices must not arrive in the same socket. */
function multicastProblems(keepAlive: Section, clients: Section): Problem[] {
  const group = sound(KeepAliveSchema.entries.group, keepAlive.group);
  const port = sound(KeepAliveSchema.entries.port, keepAlive.port);
  const noticeGroup = sound(ClientsSchema.entries.noticeGroup, clients.noticeGroup);
  const noticePort = sound(ClientsSchema.entries.noticePort, clients.noticePort);
  if (group === undefined || port === undefined || group !== noticeGroup || port !== noticePort)
    return [];
  const found = `${noticeGroup} port ${noticePort}, which the keep-alives use`;
  return [
    {
      path: "clients.noticeGroup",
      found,
      expected: "another group or another port than in keepAlive",
    },
  ];
}

/** UDP ports that this server binds at every address. */
function udpPorts(keepAlive: Section, clients: Section): { path: string; port: number }[] {
  const port = sound(KeepAliveSchema.entries.port, keepAlive.port);
  const noticePort = sound(ClientsSchema.entries.noticePort, clients.noticePort);
  return [
    ...(port === undefined ? [] : [{ path: "keepAlive.port", port }]),
    ...(noticePort === undefined ? [] : [{ path: "clients.noticePort", port: noticePort }]),
  ];
}

/** A second key requires a first one. */
function keyProblems(keepAlive: Section): Problem[] {
  const keyFile = sound(KeepAliveSchema.entries.keyFile, keepAlive.keyFile);
  const acceptKeyFile = sound(KeepAliveSchema.entries.acceptKeyFile, keepAlive.acceptKeyFile);
  if (typeof acceptKeyFile !== "string" || keyFile === undefined) return [];
  const refused = (found: string, expected: string): Problem[] => [
    { path: "keepAlive.acceptKeyFile", found, expected },
  ];
  if (keyFile === null)
    return refused(
      `${quoted(acceptKeyFile)} without keepAlive.keyFile`,
      "a keepAlive.keyFile to send with",
    );
  if (keyFile === acceptKeyFile)
    return refused(`${quoted(keyFile)}, which keepAlive.keyFile is already`, "another file");
  return [];
}

/** Whoever reaches the page reads the whole state: beyond this machine it requires a token. */
function webProblems(web: Section): Problem[] {
  const listen = sound(WebSchema.entries.listen, web.listen);
  const tokenFile = sound(WebSchema.entries.tokenFile, web.tokenFile);
  if (listen === undefined) return [];
  const place = parseListen(listen);
  if (place === null || tokenFile !== null || isLoopback(place.address)) return [];
  const found = `${quoted(listen)} without maintenance.web.tokenFile`;
  const expected =
    'a loopback address, such as "127.0.0.1:8044", or a tokenFile with the token that the page demands';
  return [{ path: "maintenance.web.listen", found, expected }];
}

/** A program is started by its path, without a search through PATH. */
function programProblems(entry: Placed<Section>): Problem[] {
  const [program] = sound(FunctionSchema.entries.command, entry.value.command) ?? [];
  if (program === undefined || program.startsWith("/")) return [];
  return [
    {
      path: `${entry.path}.command[0]`,
      found: quoted(program),
      expected: "the absolute path of a program",
    },
  ];
}

/** A process reports readiness in exactly one way. */
function readyProblems({ path, value: { ready } }: Placed<Section>): Problem[] {
  if (!v.is(FunctionSchema.entries.ready, ready) || !isObject(ready)) return [];
  const { port, notify } = ready;
  if ((port === undefined) !== (notify === undefined)) return [];
  const found = port === undefined ? "neither port nor notify" : "port and notify";
  return [{ path: `${path}.ready`, found, expected: "one of the two" }];
}

/** Servers that a function names must exist, and be named once. */
function eligibilityProblems(entry: Placed<Section>, known: readonly string[] | null): Problem[] {
  const named = textsOf(entry.value.servers, `${entry.path}.servers`).filter(({ value }) =>
    v.is(IdSchema, value),
  );
  const unknown = named.filter(({ value }) => known?.includes(value) === false);
  return [
    ...repeated(named, "each server once"),
    ...unknown.map(({ path, value }) => {
      const nearest = nearestName(value, known ?? []);
      const expected =
        nearest === null
          ? `a server: ${alternatives(known ?? []) || "none is defined"}`
          : quoted(nearest);
      return { path, found: `an unknown server ${quoted(value)}`, expected };
    }),
  ];
}

/**
 * An address belongs to one function, and to nothing else on the client network. Addresses are
 * compared, not their spelling.
 */
function vipProblems(functions: readonly Placed<Section>[], clients: Section): Problem[] {
  const problems: Problem[] = [];
  const users = new Map<string, { path: string; user: string }>();
  for (const { path, value } of textsOf(clients.witnesses, "clients.witnesses")) {
    const address = v.is(WitnessSchema, value) ? parseAddress(value) : null;
    if (address !== null)
      users.set(addressKey(address.bytes), { path, user: `the witness ${path}` });
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
