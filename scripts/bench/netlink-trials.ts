/**
 * A separate process in a server's namespace: `netlink-trials.ts COUNT TRIALS DIRECTORY` prints
 * {@link NetlinkTimes}.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Vip } from "../../src/config/model.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { VipSwitcher } from "../../src/io/vip-switcher.ts";
import { VIPS_PER_FUNCTION_MAX } from "../../src/limits.ts";
import { INTERFACE } from "./bench-network.ts";
import { vipList } from "./head-end.ts";
import type { NetlinkTimes } from "./netlink.ts";

const WARM_UP = 3;

const [count = 1, trials = 1] = process.argv.slice(2, 4).map(Number);
const directory = process.argv[4] as string;
const addresses = vipList(count);
const vips = addresses.map(
  (text): Vip => ({
    text: `${text}/16`,
    family: 4,
    address: Uint8Array.from(text.split(".").map(Number)),
    prefixLength: 16,
  }),
);
const functions = Array.from({ length: Math.ceil(count / VIPS_PER_FUNCTION_MAX) }, (_, index) =>
  vips.slice(index * VIPS_PER_FUNCTION_MAX, (index + 1) * VIPS_PER_FUNCTION_MAX),
);
const switcher = new VipSwitcher(INTERFACE, functions);
const batches = {
  add: writeBatch("add"),
  delete: writeBatch("del"),
};

const times: NetlinkTimes = { wingman: { add: [], delete: [] }, ip: { add: [], delete: [] } };
for (let trial = -WARM_UP; trial < trials; trial++) {
  for (const what of ["add", "delete"] as const)
    enter(times.wingman[what], trial, () => switchAll(what));
  for (const what of ["add", "delete"] as const)
    enter(times.ip[what], trial, () => runBatch(batches[what]));
}
process.stdout.write(JSON.stringify(times));

function enter(values: number[], trial: number, work: () => void): void {
  const beganUs = nowUs();
  work();
  if (trial >= 0) values.push((nowUs() - beganUs) / 1000);
}

function switchAll(what: "add" | "delete"): void {
  let failed = 0;
  for (let index = 0; index < functions.length; index++) {
    if (!switcher.fits(index)) failed += switcher.commit();
    if (what === "add") switcher.add(index);
    else switcher.remove(index);
  }
  failed += switcher.commit();
  if (failed > 0) throw new Error(`${what}: ${failed} functions failed`);
}

function writeBatch(verb: string): string {
  const file = join(directory, `ip-${verb}-${count}`);
  writeFileSync(
    file,
    addresses.map((address) => `addr ${verb} ${address}/32 dev ${INTERFACE}\n`).join(""),
  );
  return file;
}

function runBatch(file: string): void {
  const { exitCode, stderr } = Bun.spawnSync(["ip", "-batch", file], { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(stderr.toString());
}
