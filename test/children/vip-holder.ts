/**
 * Sets VIPs on an interface, reports it, and waits to be killed: `vip-holder.ts INTERFACE VIP…`.
 */
import { VipSwitcher } from "../../src/io/vip-switcher.ts";
import { vip } from "../harness/virtual-network.ts";

const [interfaceName = "", ...texts] = process.argv.slice(2);
const switcher = new VipSwitcher(interfaceName, [texts.map(vip)]);
switcher.add(0);
if (switcher.commit() !== 0) throw new Error(`errno ${switcher.result[0]}`);
process.stdout.write("up\n");
setInterval(() => {}, 1000);
