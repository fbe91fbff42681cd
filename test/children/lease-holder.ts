/**
 * Holds the lease of VIPs and waits to be killed or stopped: `lease-holder.ts INTERFACE LEASE_MS
 * PERIOD_MS VIP…`. Prints `up` when it runs, and `errno N` when it loses the lease; then it does
 * nothing more.
 */
import { VipLease } from "../../src/io/vip-lease.ts";
import { vip } from "../harness/virtual-network.ts";

const [interfaceName = "", leaseMs, periodMs, ...texts] = process.argv.slice(2);
const lease = new VipLease(interfaceName, [texts.map(vip)], Number(leaseMs));
lease.install();
const begun = lease.begin();
if (begun !== 0) throw new Error(`errno ${begun}`);
process.stdout.write("up\n");
let lost = 0;
setInterval(() => {
  if (lost !== 0) return;
  lost = lease.renew();
  if (lost !== 0) process.stdout.write(`errno ${lost}\n`);
}, Number(periodMs));
