import { dlopen, FFIType } from "bun:ffi";
import { closeSync, openSync, statSync } from "node:fs";
import type { Vip } from "../../src/config/model.ts";
import { processesIn } from "../../src/rig/process-table.ts";
import { run } from "./command.ts";
import { runName } from "./run-mark.ts";

const CLONE_NEWNET = 0x40000000;
const namespaces = dlopen("libc.so.6", {
  setns: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
}).symbols;

/** Without spanning tree ports forward at once, without snooping multicast reaches all of them. */
const SWITCH = ["stp_state", "0", "mcast_snooping", "0"];

const POLL_MS = 5;
const LOOKS_MAX = 4000;

/**
 * The eth0 of the first host has this index, and each switch port that of its host's eth0: so
 * IFLA_LINK names eth0 itself, as for a network adapter, and the kernel reports its link no faster
 * than there. The automatic numbers of a fresh namespace are far from it.
 */
export const INTERFACE_INDEX = 77;

let namespaceCount = 0;

function enter(path: string): void {
  const fd = openSync(path, "r");
  try {
    if (namespaces.setns(fd, CLONE_NEWNET) !== 0) throw new Error(`setns ${path}: needs root`);
  } finally {
    closeSync(fd);
  }
}

/**
 * A machine of its own as far as the network goes: a namespace with `eth0` on the network's switch.
 */
export class Host {
  constructor(
    readonly namespace: string,
    /** The switch's end of eth0. */
    readonly port: string,
    /** The namespace of the switch. */
    readonly bridge: string,
  ) {}

  /** Command prefix that runs a program on this host; the program has the number of the process. */
  get enter(): string[] {
    return enterNamespace(this.namespace);
  }

  /** Runs a command on this host to its end; gives what it prints. Throws when it fails. */
  run(...command: string[]): string {
    return run(...this.enter, ...command);
  }

  /**
   * Runs `make` with this host's network: sockets that it makes belong to the host for ever.
   * Synchronous.
   */
  inside<T>(make: () => T): T {
    enter(`/run/netns/${this.namespace}`);
    try {
      return make();
    } finally {
      enter(`/proc/${process.pid}/ns/net`); // of the process's first thread, which is this one
    }
  }

  /** Every process on this host. */
  processes(): number[] {
    const { ino } = statSync(`/run/netns/${this.namespace}`);
    return processesIn("net", `net:[${ino}]`);
  }

  ip(...args: string[]): string {
    return run("ip", "-n", this.namespace, ...args);
  }

  /** The current one of eth0. */
  hardwareAddress(): number[] {
    const text = /link\/ether (\S+)/.exec(this.ip("link", "show", "dev", "eth0"))?.[1] ?? "";
    return text.split(":").map((byte) => Number.parseInt(byte, 16));
  }

  /** The same as twelve hexadecimal digits. */
  get mac(): string {
    return Buffer.from(this.hardwareAddress()).toString("hex");
  }

  /** Addresses of an interface as `10.44.1.1/32`, link-local ones left out. */
  addresses(interfaceName = "eth0"): string[] {
    const lines = this.ip("-o", "addr", "show", "dev", interfaceName).split("\n");
    return lines.flatMap((line) => /inet6? (?!fe80)(\S+)/.exec(line)?.[1] ?? []).sort();
  }

  /** Sets the kernel's variable in this namespace. */
  sysctl(name: string, value: string): void {
    this.run("sh", "-c", `echo ${value} > /proc/sys/${name}`);
  }

  /**
   * Lays a cable to another host: an interface of one name on both, each with an address such as
   * `10.45.0.1/24`. It goes when one of the two is deleted.
   */
  cable(name: string, own: string, other: Host, others: string): void {
    run(
      ...["ip", "link", "add", name, "netns", this.namespace, "type", "veth"],
      ...["peer", "name", name, "netns", other.namespace],
    );
    for (const [host, address] of [
      [this, own],
      [other, others],
    ] as const) {
      host.ip("addr", "add", address, "dev", name);
      host.ip("link", "set", name, "up");
    }
  }

  /** The switch stops sending multicast to this host, or resumes; broadcast and unicast pass. */
  dropMulticast(dropped = true): void {
    this.setPort("mcast_flood", dropped ? "off" : "on");
  }

  /**
   * The switch forwards nothing from and to this host, or does again: a cut somewhere behind its
   * port, which it cannot see.
   */
  block(blocked: boolean): void {
    // States of a port in the spanning tree (linux/if_bridge.h): 0 disabled, 3 forwarding.
    this.setPort("state", blocked ? "0" : "3");
  }

  /**
   * Cuts the network behind the switch's port, or joins it: the host's link stays up all the time.
   */
  attach(attached: boolean): void {
    const master = attached ? ["master", "br0"] : ["nomaster"];
    run("ip", "-n", this.bridge, "link", "set", this.port, ...master);
  }

  /** Takes the cable out of the switch, or puts it back. */
  plug(plugged: boolean): void {
    const { bridge, port } = this;
    if (!plugged) run("ip", "-n", bridge, "link", "set", port, "down");
    else {
      // In one command: a server that has its link before its switch forwards may serve alone.
      const lines = `link set ${port} up\\nlink show dev ${port}\\n`;
      run("sh", "-c", `printf '${lines}' | ip -n ${bridge} -batch -`);
    }
  }

  private setPort(setting: string, value: string): void {
    run("bridge", "-n", this.bridge, "link", "set", "dev", this.port, setting, value);
  }
}

/**
 * Hosts on one switch (a bridge in a namespace of its own). Nothing of it is outside its
 * namespaces, whose names belong to this run.
 */
export class VirtualNetwork {
  private readonly names: string[] = [];
  private readonly bridge = this.addNamespace();
  private nextIndex = INTERFACE_INDEX;
  private readonly indexes = new Map<string, number>();

  /** @param hasIpv6 false: the hosts have no IPv6 address, not even a link-local one */
  constructor(private readonly hasIpv6 = true) {
    run("ip", "-n", this.bridge, "link", "add", "br0", "type", "bridge", ...SWITCH);
    this.bringUp(this.bridge, "br0");
  }

  /** Command prefix that runs a program at the switch, where it sees every port. */
  get enter(): string[] {
    return enterNamespace(this.bridge);
  }

  /** A host whose eth0 is up and has the given addresses, such as `10.44.0.1/16`. */
  addHost(...addresses: string[]): Host {
    const namespace = this.addNamespace();
    const host = new Host(namespace, `port${this.names.length}`, this.bridge);
    this.plugIn(host, addresses);
    return host;
  }

  /**
   * As after a fresh boot of the host: only these addresses, and no entry for it in any cache. Its
   * processes are dead by then. It has another hardware address.
   */
  renew(host: Host, ...addresses: string[]): void {
    run("ip", "-n", this.bridge, "link", "del", host.port);
    run("ip", "netns", "del", host.namespace);
    makeNamespace(host.namespace);
    this.plugIn(host, addresses);
  }

  /** The host's network adapter falls out. */
  takeOut(host: Host): void {
    host.ip("link", "del", "eth0");
  }

  /**
   * It is put in again, with these addresses, which the host sets up by itself; another Ethernet
   * address.
   */
  putIn(host: Host, ...addresses: string[]): void {
    this.plugIn(host, addresses);
  }

  /** Removes everything; for afterAll and finally. */
  close(): void {
    for (const name of this.names.splice(0)) run("ip", "netns", "del", name);
  }

  private addNamespace(): string {
    const name = runName(`${process.pid}n${namespaceCount++}`);
    makeNamespace(name);
    this.names.push(name);
    return name;
  }

  private plugIn(host: Host, addresses: readonly string[]): void {
    const { namespace, port } = host;
    const number = this.indexes.get(namespace) ?? this.nextIndex++;
    this.indexes.set(namespace, number);
    const index = ["index", String(number)]; // each port of the switch needs its own
    run(
      ...["ip", "link", "add", "eth0", ...index, "netns", namespace, "type", "veth"],
      ...["peer", "name", port, ...index, "netns", this.bridge],
    );
    run("ip", "-n", this.bridge, "link", "set", port, "master", "br0");
    this.bringUp(this.bridge, port);
    this.bringUp(namespace, "eth0");
    settleLink(this.bridge, port);
    settleLink(namespace, "eth0");
    for (const address of addresses) {
      host.ip("addr", "add", address, "dev", "eth0", ...(address.includes(":") ? ["nodad"] : []));
    }
    this.awaitForwarding(port);
  }

  /** The kernel may take a while to open a port of its bridge, and tests send a frame once. */
  private awaitForwarding(port: string): void {
    for (let look = 0; look < LOOKS_MAX; look++) {
      const state = run("bridge", "-n", this.bridge, "link", "show", "dev", port);
      if (state.includes("state forwarding")) return;
      Bun.sleepSync(POLL_MS);
    }
    throw new Error(`the switch does not open ${port}`);
  }

  private bringUp(namespace: string, link: string): void {
    if (!this.hasIpv6) run("ip", "-n", namespace, "link", "set", link, "addrgenmode", "none");
    run("ip", "-n", namespace, "link", "set", link, "up");
  }
}

/**
 * When asked for a single link, the kernel now applies the events that it has gathered for it
 * (Linux 6.8).
 */
function settleLink(namespace: string, link: string): void {
  run("ip", "-n", namespace, "link", "show", "dev", link);
}

function makeNamespace(name: string): void {
  run("ip", "netns", "add", name);
  run("ip", "-n", name, "link", "set", "lo", "up");
}

/** Unlike `ip netns exec` it leaves everything but the network as it is. */
function enterNamespace(name: string): string[] {
  return ["nsenter", `--net=/run/netns/${name}`];
}

/** A VIP as the configuration gives it: `10.44.1.1/16` or `fd44:0:0:0:0:0:1:1/64` (no `::`). */
export function vip(text: string): Vip {
  const [address = "", prefixLength] = text.split("/");
  const family = address.includes(":") ? 6 : 4;
  const bytes =
    family === 4
      ? address.split(".").map(Number)
      : address
          .split(":")
          .flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
  return { text, family, address: Uint8Array.from(bytes), prefixLength: Number(prefixLength) };
}
