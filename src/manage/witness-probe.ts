/**
 * Whether a host of the client network is there, as far as a process without privileges can tell:
 * where no engine runs, which asks better.
 */
import { readFileSync } from "node:fs";
import { ConnectionAttempt } from "../io/connection-attempt.ts";
import { ECONNREFUSED } from "../io/errno.ts";

/** Nobody listens there (discard, RFC 863): a host that is there refuses at once. */
const PORT = 9;

const LOOK_MS = 10;

/**
 * The kernel gives an address without a MAC up after three questions a second apart (arp(7):
 * mcast_solicit, retrans_time).
 */
const ANSWER_MS_MAX = 3500;

/** ATF_COM of linux/if_arp.h: the host's MAC is known. */
const ARP_COMPLETE = 0x2;

/**
 * "silent": its MAC is known, and it drops connections (a firewall); or it has gone within the last
 * minute.
 */
export type WitnessState = "there" | "silent" | "no answer";

/**
 * One connection attempt to a port that is not used: accepted or refused, the host is there.
 * @param address IPv4 in dotted decimals
 */
export async function probeWitness(
  address: string,
  answerMsMax = ANSWER_MS_MAX,
): Promise<WitnessState> {
  const attempt = new ConnectionAttempt(Uint8Array.from(address.split("."), Number), PORT);
  try {
    const untilMs = performance.now() + answerMsMax;
    while (performance.now() < untilMs) {
      const outcome = attempt.look();
      if (outcome === 0 || outcome === ECONNREFUSED) return "there";
      if (outcome !== null) return "no answer";
      await Bun.sleep(LOOK_MS);
    }
    return isKnownNeighbour(address) ? "silent" : "no answer";
  } finally {
    attempt.close();
  }
}

/**
 * @param table text of /proc/net/arp (proc(5)): a head line, then address, type, flags, MAC, mask,
 * device
 */
export function isKnownNeighbour(
  address: string,
  table: string = readFileSync("/proc/net/arp", "latin1"),
): boolean {
  return table.split("\n").some((line) => {
    const [ip, , flags] = line.split(/\s+/);
    return ip === address && (Number(flags) & ARP_COMPLETE) !== 0;
  });
}
