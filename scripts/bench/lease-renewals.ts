/**
 * Renews a lease many times, by eBPF and by nftables, in its own network namespace:
 * `lease-renewals.ts INTERFACE TRIALS`. Prints {@link RenewalTimes} as JSON.
 */
import { ETIME } from "../../src/io/errno.ts";
import { FilterInterfaces } from "../../src/io/filter-interfaces.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { Tcx } from "../../src/io/program-attachment.ts";
import { ProgramLease } from "../../src/io/program-lease.ts";
import { VipLease } from "../../src/io/vip-lease.ts";
import { VipPrograms } from "../../src/io/vip-programs.ts";
import { vip } from "../../test/harness/virtual-network.ts";

/** Processor time of a renewal in ns, one value per trial. */
export interface RenewalTimes {
  ebpf: number[];
  nftables: number[];
}

const RENEWALS = { ebpf: 2_000_000, nftables: 2_000 };
const LEASE_US = 60_000_000;

const [interfaceName = "", trials] = process.argv.slice(2);
const vips = [[vip("10.99.1.1/16")]];

function check(isRight: boolean): void {
  if (!isRight) throw new Error("a renewal was refused");
}

/** Processor time in ns of one of `count` calls: other load on the machine does not count. */
function measure(count: number, renew: () => void): number {
  const before = process.cpuUsage();
  for (let number = 0; number < count; number++) renew();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / count;
}

const programs = new VipPrograms(vips, LEASE_US);
const interfaces = new FilterInterfaces(
  ...([new Tcx(), programs.clients, programs.others, interfaceName, () => true] as const),
);
check(interfaces.install() === 0);
const lease = new ProgramLease(programs, interfaces, LEASE_US);
check(lease.begin() === 0);
/** Reading the clock for a grant is no part of the renewal: it is read now and then. */
let renewals = 0;
let grantedUs = 0;
const renewProgram = (): void => {
  if (renewals++ % 1000 === 0) grantedUs = nowUs();
  check(lease.renew(grantedUs, grantedUs + LEASE_US) === 0);
};

const nftables = new VipLease(interfaceName, vips, LEASE_US / 1000);
nftables.install();
check(nftables.begin() === 0);
/**
 * A renewal that a busy machine delayed for too long is taken back; then the lease begins again.
 */
const renewElement = (): void => {
  const refused = nftables.renew();
  check(refused === 0 || (refused === ETIME && nftables.begin() === 0));
};

const times: RenewalTimes = { ebpf: [], nftables: [] };
measure(RENEWALS.ebpf, renewProgram); // warms the compiler
for (let trial = 0; trial < Number(trials); trial++) {
  times.ebpf.push(measure(RENEWALS.ebpf, renewProgram));
  times.nftables.push(measure(RENEWALS.nftables, renewElement));
}
lease.remove();
nftables.remove();
console.log(JSON.stringify(times));
