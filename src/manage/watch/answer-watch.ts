/**
 * Checks whether this server is set up to answer for VIPs by other means than addresses: routes of
 * type local, entries for proxy ARP and proxy neighbour discovery, proxy ARP of the client
 * interface.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { LOG_ANSWERS_FOR_VIP, LOG_ANSWERS_FOR_VIP_GONE } from "../../catalogue/supervisor-code.ts";
import type { AircraftConfig, Vip } from "../../config/model.ts";
import { AnswerDump } from "../../io/answer-dump.ts";
import { nativeString } from "../../io/native-memory.ts";
import { interfaceIndexOf, interfaceNames } from "../../io/network-interface.ts";
import { type AnswerSource, covers } from "../../wire/answer-sources.ts";
import type { WatchedThing } from "./machine-watch.ts";

/** The kernel's settings of each interface. */
const SETTINGS = "/proc/sys/net/ipv4/conf";

/** Simultaneous observations. */
export interface AnswerFacts {
  readonly vips: readonly Vip[];
  readonly sources: readonly AnswerSource[];
  readonly clientInterface: string;
  /** Whether the client interface answers ARP for addresses reached over another one. */
  readonly isProxy: boolean;
  /** Name of the interface with an index. */
  nameOf(index: number): string;
}

export class AnswerWatch implements WatchedThing {
  readonly faultCode = LOG_ANSWERS_FOR_VIP;
  readonly endCode = LOG_ANSWERS_FOR_VIP_GONE;
  private readonly vips: readonly Vip[];
  private readonly clientInterface: string;
  private readonly dump = new AnswerDump();
  private before: string | null = null;

  constructor({ functions, clients }: AircraftConfig) {
    this.vips = functions.flatMap(({ vips }) => vips);
    this.clientInterface = clients.interface;
  }

  async look(): Promise<string | null> {
    const { vips, clientInterface } = this;
    const sources = this.dump.look();
    if (sources === null) return this.before; // retried at the next look
    const isProxy = isProxyFor(clientInterface);
    this.before = answersFor({ vips, sources, clientInterface, isProxy, nameOf });
    return this.before;
  }
}

/**
 * The first such answer in a few words, and the number of further ones; null when there is none.
 */
export function answersFor({ vips, sources, ...facts }: AnswerFacts): string | null {
  const answering = sources.filter(({ kind }) => kind !== "own" && kind !== "way");
  const others = facts.isProxy ? sources.filter((source) => !answering.includes(source)) : [];
  const found = [
    ...vips.flatMap((vip) => directWays(vip, answering, facts)),
    ...vips.flatMap((vip) => proxyWay(vip, others, facts)),
  ];
  const more = found.length > 1 ? `, and ${found.length - 1} more` : "";
  return found.length === 0 ? null : `${found[0]}${more}`;
}

type Names = Pick<AnswerFacts, "clientInterface" | "nameOf">;

function directWays(vip: Vip, answering: readonly AnswerSource[], { nameOf }: Names): string[] {
  const covering = answering.filter((source) => covers(source, vip.address));
  return covering.map(({ kind, prefixLength, interfaceIndex }) => {
    const where =
      kind === "proxy entry" ? `on ${nameOf(interfaceIndex)}` : `of length ${prefixLength}`;
    return `${nameOfVip(vip)}: ${kind} ${where}`;
  });
}

/** With proxy ARP of the client interface: the route to the VIP leads over another one. */
function proxyWay(
  vip: Vip,
  others: readonly AnswerSource[],
  { clientInterface, nameOf }: Names,
): string[] {
  if (vip.family === 6) return [];
  const covering = others.filter((source) => covers(source, vip.address));
  // The server's own address is answered as such.
  if (covering.some(({ kind }) => kind === "own")) return [];
  const [best] = covering.sort((one, other) => other.prefixLength - one.prefixLength);
  const out = best === undefined ? clientInterface : nameOf(best.interfaceIndex);
  return out === clientInterface
    ? []
    : [`${nameOfVip(vip)}: proxy ARP on ${clientInterface} to ${out}`];
}

const nameOfVip = ({ text }: Vip): string => text.slice(0, text.indexOf("/"));

/** It forwards, and proxy ARP is on for it or for all. */
function isProxyFor(interfaceName: string): boolean {
  const isOn = (name: string, setting: string): boolean => {
    try {
      return readFileSync(join(SETTINGS, name, setting), "latin1").trim() === "1";
    } catch {
      return false; // the interface is gone
    }
  };
  const isProxy = isOn("all", "proxy_arp") || isOn(interfaceName, "proxy_arp");
  return isProxy && isOn(interfaceName, "forwarding");
}

function nameOf(index: number): string {
  const isIt = (name: string): boolean => interfaceIndexOf(nativeString(name)) === index;
  return interfaceNames().find(isIt) ?? `interface ${index}`;
}
