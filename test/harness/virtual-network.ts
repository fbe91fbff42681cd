import { dlopen, FFIType } from "bun:ffi";
import { closeSync, openSync } from "node:fs";
import type { Vip } from "../../src/config/model.ts";
import { run } from "./command.ts";
import { runName } from "./run-mark.ts";

const CLONE_NEWNET = 0x40000000;
const namespaces = dlopen("libc.so.6", {
  setns: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
}).symbols;

let networkCount = 0;

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

  ip(...args: string[]): string {
    return run("ip", "-n", this.namespace, ...args);
  }

  /** Addresses of an interface as `10.44.1.1/32`, link-local ones left out. */
  addresses(interfaceName = "eth0"): string[] {
    const lines = this.ip("-o", "addr", "show", "dev", interfaceName).split("\n");
    return lines.flatMap((line) => /inet6? (?!fe80)(\S+)/.exec(line)?.[1] ?? []).sort();
  }

  /** Sets the kernel's variable in this namespace. */
  sysctl(name: string, value: string): void {
    run("ip", "netns", "exec", this.namespace, "sh", "-c", `echo ${value} > /proc/sys/${name}`);
  }

  /**
   * The switch sends this host no multicast any more, or does again; broadcast and what is for it
   * alone pass.
   */
  dropMulticast(dropped = true): void {
    run(
      "bridge",
      "-n",
      this.bridge,
      "link",
      "set",
      "dev",
      this.port,
      "mcast_flood",
      dropped ? "off" : "on",
    );
  }

  /**
   * The switch forwards nothing from and to this host, or does again: a cut somewhere behind its
   * port, which it cannot see.
   */
  block(blocked: boolean): void {
    // States of a port in the spanning tree (linux/if_bridge.h): 0 disabled, 3 forwarding.
    run("bridge", "-n", this.bridge, "link", "set", "dev", this.port, "state", blocked ? "0" : "3");
  }

  /**
   * Cuts the network behind the switch's port, or joins it: the host's link stays up all the time.
   */
  attach(attached: boolean): void {
    run(
      "ip",
      "-n",
      this.bridge,
      "link",
      "set",
      this.port,
      ...(attached ? ["master", "br0"] : ["nomaster"]),
    );
  }

  /** Takes the cable out of the switch, or puts it back. */
  plug(plugged: boolean): void {
    run("ip", "-n", this.bridge, "link", "set", this.port, plugged ? "up" : "down");
  }
}

/**
 * Hosts on one switch (a bridge in a namespace of its own). Nothing of it is outside its
 * namespaces, whose names belong to this run.
 */
export class VirtualNetwork {
  private readonly names: string[] = [];
  private readonly bridge = this.addNamespace();

  constructor() {
    run(
      "ip",
      "-n",
      this.bridge,
      "link",
      "add",
      "br0",
      "type",
      "bridge",
      "stp_state",
      "0",
      "mcast_snooping",
      "0",
    );
    run("ip", "-n", this.bridge, "link", "set", "br0", "up");
  }

  private addNamespace(): string {
    const name = runName(`${process.pid}n${networkCount++}`);
    run("ip", "netns", "add", name);
    this.names.push(name);
    run("ip", "-n", name, "link", "set", "lo", "up");
    return name;
  }

  /** A host whose eth0 is up and has the given addresses, such as `10.44.0.1/16`. */
  addHost(...addresses: string[]): Host {
    const namespace = this.addNamespace();
    const port = `port${this.names.length}`;
    const end = [
      "link",
      "add",
      "eth0",
      "netns",
      namespace,
      "type",
      "veth",
      "peer",
      "name",
      port,
      "netns",
      this.bridge,
    ];
    run("ip", ...end);
    run("ip", "-n", this.bridge, "link", "set", port, "master", "br0", "up");
    const host = new Host(namespace, port, this.bridge);
    host.ip("link", "set", "eth0", "up");
    for (const address of addresses) {
      host.ip("addr", "add", address, "dev", "eth0", ...(address.includes(":") ? ["nodad"] : []));
    }
    return host;
  }

  /** Removes everything; for afterAll and finally. */
  close(): void {
    for (const name of this.names.splice(0)) run("ip", "netns", "del", name);
  }
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
