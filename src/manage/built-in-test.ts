/**
 * The built-in test: checks networks, servers, witnesses, clock and log, without disturbing
 * anything.
 */
import type { AircraftConfig } from "../config/model.ts";
import type { LinkState } from "../io/network-interface.ts";
import { validUtc } from "../io/valid-utc.ts";
import { WITNESS_NAMED_MS } from "../limits.ts";
import {
  leaseText,
  missingOn,
  type StatusDocument,
  serverWord,
} from "../supervisor/status-document.ts";
import type { StorageFigures, TestResult } from "./maintenance.ts";
import type { WitnessState } from "./witness-probe.ts";

/** A witness that left this many questions unanswered does not answer. */
const ROUNDS_MISSED = 3;

/** Observations; the test itself judges them. */
export interface Seen {
  readonly status: StatusDocument | null;
  readonly links: ReadonlyMap<string, LinkState>;
  readonly witnesses: ReadonlyMap<string, WitnessState>;
  readonly utcMs: number;
  readonly storage: StorageFigures;
  /** Why the log cannot be written; null when it can. */
  readonly logProblem: string | null;
}

/** One line per subject, in the order in which a mechanic would check. Pure. */
export function judge(config: AircraftConfig, serverId: string, seen: Seen): TestResult[] {
  const { status, links, utcMs, storage, logProblem } = seen;
  const interfaces = [...new Set([...config.keepAlive.interfaces, config.clients.interface])];
  return [
    ...interfaces.map((name) => networkResult(name, links.get(name) ?? "missing", status)),
    engineResult(status),
    ...serverResults(config, serverId, status),
    ...config.clients.witnesses.map((address) => witnessResult(address, config, seen)),
    ...(status === null
      ? []
      : [result("real-time scheduling", status.realtime, status.realtime ? "yes" : "refused")]),
    ...(status === null
      ? []
      : [result("VIP lease", status.lease !== "missing", leaseText(status))]),
    result("clock", validUtc(utcMs) !== null, new Date(utcMs).toISOString()),
    result(
      "log",
      logProblem === null,
      logProblem ?? `${storage.records} of ${storage.capacity} records, ${storage.lost} lost`,
    ),
  ];
}

/** A link is not enough: its traffic must arrive, too. */
function networkResult(name: string, link: LinkState, status: StatusDocument | null): TestResult {
  const network = status?.networks.find((one) => one.interface === name);
  const missing = status && network ? missingOn(status, network) : [];
  const found = missing.length === 0 ? link : `${link}, not heard: ${missing.join(" ")}`;
  return result(`network ${name}`, link === "up" && missing.length === 0, found);
}

/**
 * The engine asks by ARP all the time: its observations count. Without an engine, a host that
 * merely drops connections cannot be distinguished from one whose MAC the kernel still remembers.
 */
function witnessResult(
  address: string,
  { keepAlive, clients }: AircraftConfig,
  { status, witnesses }: Seen,
): TestResult {
  const heard = status?.witnesses.find((witness) => witness.address === address);
  const what = `witness ${address}`;
  if (heard === undefined) {
    const state = witnesses.get(address) ?? "no answer";
    return result(what, state === "there", state);
  }
  const { lastAnswerMs } = heard;
  // One of them is asked per period.
  const roundMs = clients.witnesses.length * keepAlive.periodMs;
  const patienceMs = Math.max(WITNESS_NAMED_MS, ROUNDS_MISSED * roundMs);
  const found = lastAnswerMs === null ? "never answered" : `answered ${lastAnswerMs} ms ago`;
  return result(what, lastAnswerMs !== null && lastAnswerMs <= patienceMs, found);
}

function engineResult(status: StatusDocument | null): TestResult {
  if (status === null) return result("engine", false, "does not run");
  return result("engine", status.phase !== "isolated", status.phase);
}

function serverResults(
  config: AircraftConfig,
  serverId: string,
  status: StatusDocument | null,
): TestResult[] {
  return config.servers.flatMap(({ id }) => {
    if (id === serverId) return [];
    const seen = status?.servers.find((server) => server.id === id);
    if (seen === undefined) return [result(`server ${id}`, false, "unknown")];
    const heard = seen.lastHeardMs === null ? "never heard" : `heard ${seen.lastHeardMs} ms ago`;
    const word = serverWord(seen);
    return [result(`server ${id}`, word === "alive" || word === "draining", `${word}, ${heard}`)];
  });
}

function result(what: string, passed: boolean, found: string): TestResult {
  return { what, passed, found };
}
