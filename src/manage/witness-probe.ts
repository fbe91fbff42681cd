/**
 * Whether a host of the client network is reachable, as far as a process without privileges can
 * tell. Used when no engine runs, which has better means.
 */
import { readFileSync } from "node:fs";
import { ConnectionAttempt } from "../io/connection-attempt.ts";
import { ECONNREFUSED } from "../io/errno.ts";

/** A port without a listener (discard, RFC 863): a reachable host refuses at once. */
const PORT = 9;

const POLL_MS = 10;

/**
 * The kernel gives up an address without a MAC after three questions a second apart (arp(7):
 * mcast_solicit, retrans_time).
 */
const ANSWER_MS_MAX = 3500;

/** ATF_COM of linux/if_arp.h: the host's MAC is known. */
const ARP_COMPLETE = 0x2;

/**
 * "silent": its MAC is known, but it drops connections (a firewall), or it disappeared within the
 * last minute.
 */
export type WitnessState = "there" | "silent" | "no answer";

/**
 * One connection attempt to an unused port: if it is accepted or refused, the host is there.
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
      await Bun.sleep(POLL_MS);
    }
    return isKnownNeighbour(address) ? "silent" : "no answer";
  } finally {
    attempt.close();
  }
}

/**
 * @param table content of /proc/net/arp (proc(5)): a head line, then address, type, flags, MAC,
 * mask, device
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
