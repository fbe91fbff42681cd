import { readFileSync } from "node:fs";

/**
 * Bits of capabilities(7) that a head-end server needs: for addresses and firewall; for raw sockets
 * of ARP and neighbour discovery.
 */
const NEEDED = [
  { name: "CAP_NET_ADMIN", bit: 12 },
  { name: "CAP_NET_RAW", bit: 13 },
] as const;

/**
 * Names of needed capabilities that are not effective in `status` (the text of /proc/self/status).
 */
export function missingCapabilities(
  status: string = readFileSync("/proc/self/status", "utf8"),
): string[] {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return NEEDED.filter(({ bit }) => ((effective >> BigInt(bit)) & 1n) === 0n).map(
    ({ name }) => name,
  );
}

/** Number of CAP_NET_BIND_SERVICE: for ports below 1024. */
export const NET_BIND_SERVICE = 10;
/** The first port that needs no privilege (default of ip_unprivileged_port_start). */
export const UNPRIVILEGED_PORT = 1024;

/** Whether a capability is effective in this process. */
export function hasCapability(
  bit: number,
  status: string = readFileSync("/proc/self/status", "utf8"),
): boolean {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return ((effective >> BigInt(bit)) & 1n) === 1n;
}

/**
 * Whether a thread with this `status` has any capability, now or after an execve.
 * @param kept number of a permitted one; null: none
 */
export function hasCapabilities(
  status: string = readFileSync("/proc/self/status", "utf8"),
  kept: number | null = null,
): boolean {
  const allowed = kept === null ? 0n : 1n << BigInt(kept);
  const isFree = ["CapInh", "CapPrm", "CapEff", "CapAmb"].every((set) => {
    const bits = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1];
    return bits !== undefined && (BigInt(`0x${bits}`) & ~allowed) === 0n;
  });
  return !isFree || !/^NoNewPrivs:\s*1$/m.test(status);
}

/** SIGHUP, as a bit number of the masks in /proc/self/status. */
const SIGHUP_BIT = 0;

/**
 * Whether this process was started to survive its terminal (nohup): then it continues to ignore
 * SIGHUP.
 */
export function hangUpIsIgnored(
  status: string = readFileSync("/proc/self/status", "utf8"),
): boolean {
  const ignored = BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  return ((ignored >> BigInt(SIGHUP_BIT)) & 1n) === 1n;
}
