/**
 * Holds the lease of VIPs and waits to be killed or stopped: `watched-lease-holder.ts tcx|nftables
 * INTERFACE LEASE_MS PERIOD_MS FILE VIP…`. Owns all of them. Before each renewal it writes the end,
 * in µs of CLOCK_MONOTONIC, as an f64 into FILE. After a loss on a busy machine the lease begins
 * again. Prints `up` after the first renewal.
 */
import { FilterInterfaces, removeEverywhere } from "../../src/io/filter-interfaces.ts";
import { type FlightLease, NftablesLease } from "../../src/io/flight-lease.ts";
import { MappedFile } from "../../src/io/mapped-file.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { Tcx } from "../../src/io/program-attachment.ts";
import { ProgramLease } from "../../src/io/program-lease.ts";
import { VipLease } from "../../src/io/vip-lease.ts";
import { VipPrograms } from "../../src/io/vip-programs.ts";
import { vip } from "../harness/virtual-network.ts";

const [kind = "", interfaceName = "", leaseMs, periodMs, file = "", ...texts] =
  process.argv.slice(2);
const vips = [texts.map(vip)];
const lengthUs = Number(leaseMs) * 1000;

/** Leftovers of a holder of the other kind would keep the VIPs silent forever. */
function byPrograms(): FlightLease {
  const left = new VipLease(interfaceName, vips, Number(leaseMs));
  for (let tries = 0; ; tries++) {
    try {
      left.remove();
      break;
    } catch (error) {
      if (tries === 100) throw error;
      Bun.sleepSync(10); // who is just dying still owns the table
    }
  }
  const programs = new VipPrograms(vips, lengthUs);
  const interfaces = new FilterInterfaces(
    ...([new Tcx(), programs.clients, programs.others, interfaceName, () => true] as const),
  );
  const refused = interfaces.install();
  if (refused !== 0) throw new Error(`errno ${refused}`);
  const lease = new ProgramLease(programs, interfaces, lengthUs);
  lease.setOwned(0, true);
  return lease;
}

function byNftables(): FlightLease {
  removeEverywhere(new Tcx(), () => true);
  const lease = new VipLease(interfaceName, vips, Number(leaseMs));
  lease.install();
  return new NftablesLease(lease);
}

const lease = kind === "tcx" ? byPrograms() : byNftables();
const end = new Float64Array(new MappedFile(file, 8).buffer);
let isUp = false;
setInterval(() => {
  const grantedUs = nowUs();
  const endUs = grantedUs + lengthUs;
  end[0] = endUs;
  if (lease.renew(grantedUs, endUs) !== 0) {
    end[0] = endUs + lengthUs; // not before the end of what begins now
    lease.begin();
  } else if (!isUp) {
    isUp = true;
    process.stdout.write("up\n");
  }
}, Number(periodMs));
