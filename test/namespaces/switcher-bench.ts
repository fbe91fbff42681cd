/** Servers with switchers for VIPs, and what is done with them: what their tests share. */
import { afterEach, beforeEach } from "bun:test";
import { join } from "node:path";
import { VipSwitcher } from "../../src/io/vip-switcher.ts";
import { type Host, VirtualNetwork, vip } from "../harness/virtual-network.ts";

export let network: VirtualNetwork;
/** They are closed after the test. */
export const switchers: VipSwitcher[] = [];

/** Sets the network up before each test of the file that calls it, and takes it down. */
export function useSwitcherBench(): void {
  beforeEach(() => {
    network = new VirtualNetwork();
  });
  afterEach(() => {
    for (const switcher of switchers.splice(0)) switcher.close();
    network.close();
  });
}

export function switcherOn(host: Host, ...vipsOfFunction: string[][]): VipSwitcher {
  const switcher = host.inside(
    () =>
      new VipSwitcher(
        "eth0",
        vipsOfFunction.map((vips) => vips.map(vip)),
      ),
  );
  switchers.push(switcher);
  return switcher;
}

export function add(host: Host, switcher: VipSwitcher, ...indexes: number[]): number {
  for (const index of indexes) switcher.add(index);
  return host.inside(() => switcher.commit());
}

export function remove(host: Host, switcher: VipSwitcher, ...indexes: number[]): number {
  for (const index of indexes) switcher.remove(index);
  return host.inside(() => switcher.commit());
}

export const answers = (host: Host, address: string): boolean =>
  Bun.spawnSync([
    ...host.enter,
    process.execPath,
    join(import.meta.dir, "../children/echo-client.ts"),
    address,
  ]).exitCode === 0;
