/**
 * A server with VIPs and a seat that asks for them, one frame after the other: what the tests of
 * the lease share.
 */
import { afterEach, beforeEach, expect } from "bun:test";
import { join } from "node:path";
import { VipLease } from "../../src/io/vip-lease.ts";
import { LEASE_LATENESS_MS } from "../../src/limits.ts";
import { SeatProbe } from "../harness/seat-probe.ts";
import { until } from "../harness/until.ts";
import { type Host, VirtualNetwork, vip } from "../harness/virtual-network.ts";

export const CHILDREN = join(import.meta.dir, "../children");

export const VIPS = [
  [vip("10.44.1.1/16"), vip("fd44:0:0:0:0:0:1:1/64")],
  [vip("10.44.1.2/16"), vip("fd44:0:0:0:0:0:1:9/64")],
];
export const VIP_TEXTS = VIPS.flat().map(({ text }) => text);
export const OWN = [vip("10.44.0.1/16"), vip("fd44:0:0:0:0:0:0:1/64")];
export const LONG_MS = 600_000;
/** Longer than any lateness that a lease forgives. */
export const STALL_MS = 20 * LEASE_LATENESS_MS;

export const hex = (address: Uint8Array): string => Buffer.from(address).toString("hex");
/** Everything that a server answers which has these addresses. */
export const answersOf = (vips: readonly { address: Uint8Array; family: number }[]): string[] =>
  vips
    .flatMap(({ address, family }) => [
      `${family === 4 ? "arp" : "na"} ${hex(address)}`,
      `echo ${hex(address)}`,
    ])
    .sort();

export const ALL_VIPS = VIPS.flat().slice(0, 2); // the others are not up on this server
export const EVERYTHING = answersOf([...OWN, ...ALL_VIPS]);
export const ONLY_OWN = answersOf(OWN);

export let network: VirtualNetwork;
export let server: Host;
export let seat: Host;
export let probe: SeatProbe;
export const closing: (() => void)[] = [];

/** Sets the bench up before each test of the file that calls it, and takes it down. */
export function useLeaseBench(): void {
  beforeEach(() => {
    network = new VirtualNetwork();
    server = network.addHost(...OWN.map(({ text }) => text));
    seat = network.addHost("10.44.0.9/16", "fd44:0:0:0:0:0:0:9/64");
    putVipsUp();
    openProbe();
  });

  afterEach(() => {
    for (const close of closing.splice(0).reverse()) close();
    network.close();
  });
}

/** The seat asks on the interfaces as they are now. */
export function openProbe(): void {
  probe = new SeatProbe(
    seat,
    server,
    [10, 44, 0, 9],
    [0xfd, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9],
  );
  closing.push(() => probe.close());
}

/**
 * Addresses as VipSwitcher sets them, by another tool: they stay up whatever happens to Wingman's
 * processes.
 */
export function putVipsUp(): void {
  server.ip("addr", "add", "10.44.1.1/32", "dev", "eth0", "scope", "host");
  server.ip("addr", "add", "fd44::1:1/64", "dev", "eth0", "nodad");
  // The server knows the seat: only answers are looked at, not its own questions.
  const seatHardware = seat
    .hardwareAddress()
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join(":");
  for (const address of ["10.44.0.9", "fd44::9"]) {
    server.ip(
      "neigh",
      "replace",
      address,
      "lladdr",
      seatHardware,
      "dev",
      "eth0",
      "nud",
      "permanent",
    );
  }
}

export function leaseOn(host: Host, leaseMs: number, vips = VIPS, asOlderKernel = false): VipLease {
  const lease = host.inside(() => new VipLease("eth0", vips, leaseMs, asOlderKernel));
  closing.push(() => lease.close());
  host.inside(() => lease.install());
  return lease;
}

/** Asks for every address once and gives what is answered within a while. */
export async function answersNow(): Promise<string[]> {
  probe.answers();
  for (const { address } of [...OWN, ...ALL_VIPS]) probe.ask(address);
  await Bun.sleep(50);
  return [...probe.answers()].sort();
}

/** Waits until the server answers exactly so. */
export async function untilAnswers(
  what: string,
  answers: string[],
  before?: () => void,
): Promise<void> {
  let now: string[] = [];
  await until(
    () => `${what}: ${now.join(", ")} instead of ${answers.join(", ")}`,
    async () => {
      before?.();
      now = await answersNow();
      return now.join() === answers.join();
    },
  );
}

/** The VIPs are silent, and stay so. */
export async function expectSilence(): Promise<void> {
  await untilAnswers("silence of the VIPs", ONLY_OWN);
  for (let round = 0; round < 5; round++) {
    for (const answer of await answersNow()) expect(ONLY_OWN).toContain(answer);
  }
}
