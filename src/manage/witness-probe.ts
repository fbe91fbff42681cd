/** Whether a host of the client network is there, as far as a process without privileges can tell. */
import { readFileSync } from "node:fs";
import { connect } from "node:net";

/** Nobody listens there (discard, RFC 863): a host that is there refuses at once. */
const PORT = 9;

/** The kernel gives an address up after three unanswered questions, a second apart (arp(7)). */
const ANSWER_MS_MAX = 3500;

/** ATF_COM of linux/if_arp.h: the host's MAC is known. */
const ARP_COMPLETE = 0x2;

/**
 * One connection attempt to a port that is not used: accepted or refused, the host is there. A host that drops it silently (a
 * firewall) is there if the kernel knows its MAC afterwards.
 */
export function probeWitness(address: string, answerMsMax = ANSWER_MS_MAX): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: PORT });
    const done = (isThere: boolean): void => {
      clearTimeout(limit);
      socket.destroy();
      resolve(isThere);
    };
    const limit = setTimeout(() => done(isKnownNeighbour(address)), answerMsMax);
    socket.once("connect", () => done(true));
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code === "ECONNREFUSED"));
  });
}

/** @param table text of /proc/net/arp (proc(5)): a head line, then address, type, flags, MAC, mask, device */
export function isKnownNeighbour(address: string, table: string = readFileSync("/proc/net/arp", "latin1")): boolean {
  return table.split("\n").some((line) => {
    const [ip, , flags] = line.split(/\s+/);
    return ip === address && (Number(flags) & ARP_COMPLETE) !== 0;
  });
}
