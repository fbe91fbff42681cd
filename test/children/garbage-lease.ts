/**
 * Runs the calls of the lease many times in this process's own network namespace; with a canary
 * that makes garbage.
 */
import { dlopen, FFIType } from "bun:ffi";
import { ETIME } from "../../src/io/errno.ts";
import { FilterInterfaces } from "../../src/io/filter-interfaces.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { Tcx } from "../../src/io/program-attachment.ts";
import { ProgramLease } from "../../src/io/program-lease.ts";
import { VipLease } from "../../src/io/vip-lease.ts";
import { VipPrograms } from "../../src/io/vip-programs.ts";
import { run } from "../harness/command.ts";
import { measureGarbage } from "../harness/garbage.ts";
import { vip } from "../harness/virtual-network.ts";

const CLONE_NEWNET = 0x40000000;
const { unshare } = dlopen("libc.so.6", {
  unshare: { args: [FFIType.i32], returns: FFIType.i32 },
}).symbols;
if (unshare(CLONE_NEWNET) !== 0) throw new Error("unshare: needs root");
run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "peer0");

const [name = "", kernel] = process.argv.slice(2);
const vips = [[vip("10.44.1.1/16"), vip("fd44:0:0:0:0:0:1:1/64")]];
const lease = new VipLease("eth0", vips, 600_000, kernel === "older");
lease.install();

function check(condition: boolean): void {
  if (!condition) process.exit(1);
}

/**
 * A machine that stalls during the call ends the lease; that makes no garbage either, and the lease
 * is started again.
 */
function renew(): void {
  const refused = lease.renew();
  check(refused === 0 || (refused === ETIME && lease.begin() === 0));
}

let kept: unknown;

const cases: Record<string, () => void> = {
  canary() {
    check(lease.begin() === 0);
    measureGarbage(20_000, (number) => {
      renew();
      kept = { number };
    });
  },
  renew() {
    check(lease.begin() === 0);
    measureGarbage(20_000, renew);
  },
  programs() {
    const vipPrograms = new VipPrograms(vips, 600_000_000);
    const { clients, others } = vipPrograms;
    const interfaces = new FilterInterfaces(new Tcx(), clients, others, "eth0", () => true);
    check(interfaces.install() === 0);
    const byPrograms = new ProgramLease(vipPrograms, interfaces, 600_000_000);
    check(byPrograms.begin() === 0);
    measureGarbage(1_000_000, () => {
      const grantedUs = nowUs();
      check(byPrograms.renew(grantedUs, grantedUs + 500_000_000) === 0);
      byPrograms.look();
      byPrograms.setOwned(0, true);
      byPrograms.setOwned(0, false);
    });
  },
  "begin-and-lapse"() {
    measureGarbage(3_000, () => check(lease.begin() === 0 && lease.lapse() === 0));
  },
};

cases[name]?.();
if (kept === cases) process.exit(2);
