/**
 * Cabin networks of the virtual aircraft: one bridge per interface of the servers, in the rig's
 * network namespace, and a cable (veth pair) from it to each machine. All of it vanishes with the
 * namespaces. The machines keep the kernel's default settings, as in the field.
 */
import type { InterfaceAddresses } from "./address-plan.ts";
import { runCommand } from "./command-run.ts";

/** One machine on the network. */
export interface Machine {
  /** Short unique name, part of the names of its cables: `s0`, `c1`. */
  label: string;
  /** A process in the machine's network namespace. */
  pid: number;
  interfaces: readonly InterfaceAddresses[];
  /** Unique number below 256, part of its hardware addresses. */
  number: number;
  routes: readonly string[];
}

export class GroundNetwork {
  readonly #interfaces: readonly string[];

  private constructor(interfaces: readonly string[]) {
    this.#interfaces = interfaces;
  }

  /**
   * Makes the bridges. `witnesses` are IPv4 addresses that answer on the first network, like a
   * cabin switch.
   */
  static async create(
    interfaces: readonly string[],
    witnesses: readonly string[],
  ): Promise<GroundNetwork> {
    const lines = ["link set lo up"];
    interfaces.forEach((_, number) => {
      // Without multicast snooping, keep-alives reach every port at once; without spanning tree,
      // ports forward at once.
      lines.push(`link add br${number} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`);
      lines.push(`link set br${number} addrgenmode none`);
      lines.push(`link set br${number} up`);
    });
    for (const witness of witnesses) lines.push(`addr add ${witness}/32 dev br0`);
    await runCommand(["ip", "-batch", "-"], `${lines.join("\n")}\n`);
    return new GroundNetwork(interfaces);
  }

  /** Lays the cables to a machine and configures its end. */
  async connect(machine: Machine): Promise<void> {
    const outside: string[] = [];
    const inside = ["link set lo up"];
    for (const entry of machine.interfaces) {
      const network = this.#interfaces.indexOf(entry.name);
      const port = portName(machine.label, network);
      const hardware = [0x02, 0x57, 0x4d, 0x00, network, machine.number]
        .map((byte) => byte.toString(16))
        .join(":");
      const index = INTERFACE_INDEX + NETWORK_INDEXES * network + machine.number;
      const inner = `name ${entry.name} index ${index} address ${hardware} netns ${machine.pid}`;
      outside.push(`link add ${port} index ${index} type veth peer ${inner}`);
      outside.push(`link set ${port} addrgenmode none`);
      outside.push(`link set ${port} master br${network} up`);
      for (const address of entry.addresses) {
        inside.push(
          `addr add ${address} dev ${entry.name}${address.includes(":") ? " nodad" : ""}`,
        );
      }
      inside.push(`link set ${entry.name} up`);
    }
    for (const route of machine.routes)
      inside.push(`route add ${route} dev ${machine.interfaces[0]?.name}`);
    await runCommand(["ip", "-batch", "-"], `${outside.join("\n")}\n`);
    await runCommand([...enterNetwork(machine.pid), "ip", "-batch", "-"], `${inside.join("\n")}\n`);
  }

  /**
   * Unplugs a machine: the carrier is lost at both ends. The client network goes last: a server
   * that only loses that one tells the others over the second network, and they take over at once,
   * unlike after a power failure.
   */
  async unplug(label: string): Promise<void> {
    const lines = this.#ports(label).map((port) => `link set ${port} down\n`);
    await runCommand(["ip", "-batch", "-"], lines.reverse().join(""));
  }

  /**
   * Removes the cables of a server. The kernel may already have done so, with the namespace at the
   * other end.
   */
  async remove(label: string): Promise<void> {
    const present = await runCommand(["ip", "-brief", "link", "show", "type", "veth"]);
    const ports = this.#ports(label).filter((port) => present.split(/[\s@]+/).includes(port));
    // The result is ignored: the kernel may delete one between the look and the deletion.
    const lines = ports.map((port) => `link del ${port}\n`).join("");
    await runCommand(["ip", "-force", "-batch", "-"], lines).catch(() => undefined);
  }

  #ports(label: string): string[] {
    return this.#interfaces.map((_, network) => portName(label, network));
  }
}

/** Command prefix that runs a program in the network namespace of process `pid`. */
export function enterNetwork(pid: number): string[] {
  return ["nsenter", `--net=/proc/${pid}/ns/net`];
}

/**
 * Both ends of a cable have the same index, from here on. So the IFLA_LINK of an interface names
 * the interface itself, as for a network adapter, and the kernel reports its link no faster than
 * there. Indexes that a namespace assigns itself stay far below.
 */
const INTERFACE_INDEX = 1_000;
/** More than the machines of a network. */
const NETWORK_INDEXES = 10_000;

const portName = (label: string, network: number): string => `${label}n${network}`;
