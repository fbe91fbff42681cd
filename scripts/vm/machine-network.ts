/**
 * Two switches in the namespace of this run, each a bridge, with a tap per machine; the seat is at
 * the first one.
 */
import { runCommand } from "../../src/rig/command-run.ts";
import { SEAT_ADDRESS, type ServerId } from "./aircraft.ts";

/** Without spanning tree ports forward at once, without snooping multicast reaches all of them. */
const SWITCH = ["stp_state", "0", "mcast_snooping", "0"];
const SWITCHES = ["clients", "second"];

/** Name of the switch's port to a machine. */
export const tapOf = (server: ServerId, network: 0 | 1): string => `tap-${server}${network}`;

/** For all of a run: taps stay while machines come and go. Sysfs is of this namespace, too. */
export async function makeNetworks(servers: readonly ServerId[]): Promise<void> {
  await runCommand(["ip", "link", "set", "lo", "up"]);
  for (const [network, name] of SWITCHES.entries()) {
    await runCommand(["ip", "link", "add", name, "type", "bridge", ...SWITCH]);
    await runCommand(["ip", "link", "set", name, "up"]);
    for (const server of servers) {
      const tap = tapOf(server, network as 0 | 1);
      await runCommand(["ip", "tuntap", "add", tap, "mode", "tap"]);
      await runCommand(["ip", "link", "set", tap, "master", name, "up"]);
    }
  }
  await runCommand(["ip", "addr", "add", SEAT_ADDRESS, "dev", SWITCHES[0] as string]);
}
