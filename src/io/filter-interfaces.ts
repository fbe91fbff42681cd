/**
 * Installs the VIP filter's programs on the interfaces of this host: those for clients on the
 * client interface, the others on every other Ethernet interface that belongs to no bridge or bond.
 * (Traffic of such a port that is meant for this host shows on its bridge.) An interface below the
 * client interface, such as the adapter of a VLAN, gets none: all traffic of the client interface
 * passes it.
 */
import {
  encodeLinkDump,
  isEthernetAlone,
  linkInterface,
  linkLower,
  NETLINK_ROUTE,
} from "../wire/rtnetlink.ts";
import { errno, SystemError } from "./errno.ts";
import { AF_INET, libc, SIOCGIFINDEX, SOCK_CLOEXEC, SOCK_DGRAM } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { NetlinkSocket } from "./netlink-socket.ts";
import { INTERFACE_NAME_BYTES, requireInterface } from "./network-interface.ts";
import type { Attachment, IsOurs, ProgramPair, Standing } from "./program-attachment.ts";

const REQUEST_BYTES = 40;

export class FilterInterfaces {
  private readonly netlink = new NetlinkSocket(NETLINK_ROUTE, 0, 1024 * 1024);
  private readonly dump = new NativeMemory(64);
  private readonly request = new NativeMemory(REQUEST_BYTES);
  private readonly socket: number;
  /** The client interface that has the programs; another one of the same name has none. */
  private clientIndex: number;

  /** Throws a SystemError. */
  constructor(
    readonly attachment: Attachment,
    private readonly clients: ProgramPair,
    private readonly others: ProgramPair,
    interfaceName: string,
    private readonly isOurs: IsOurs,
  ) {
    this.clientIndex = requireInterface(interfaceName);
    this.socket = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.socket < 0) throw new SystemError("socket", errno(), "UDP");
    for (let i = 0; i < interfaceName.length && i < INTERFACE_NAME_BYTES - 1; i++)
      this.request.view.setUint8(i, interfaceName.charCodeAt(i));
  }

  /** Whether the client interface is still the same. No garbage. */
  get isSame(): boolean {
    return this.currentIndex() === this.clientIndex;
  }

  /** Switches to the interface that has the name now. @returns false when there is none */
  follow(): boolean {
    const index = this.currentIndex();
    if (index !== 0) this.clientIndex = index;
    return index !== 0;
  }

  private currentIndex(): number {
    if (libc.ioctl(this.socket, SIOCGIFINDEX, this.request.address) !== 0) return 0;
    return this.request.view.getInt32(INTERFACE_NAME_BYTES, true);
  }

  /**
   * Installs on the client interface first; returns its errno where refused. The others may refuse,
   * like one that is just disappearing.
   */
  install(): number {
    const refused = this.attachment.attach(this.clientIndex, this.clients, this.isOurs);
    if (refused === 0) this.installBeside();
    return refused;
  }

  /**
   * Installs on the other current interfaces. Those that change right now follow at the next look.
   */
  installBeside(): void {
    let all: readonly Present[];
    try {
      all = interfacesOf(this.netlink, this.dump);
    } catch (error) {
      if (error instanceof SystemError) return;
      throw error;
    }
    const below = lowerThan(this.clientIndex, all);
    for (const { index, isAlone } of all) {
      if (index === this.clientIndex) continue;
      if (isAlone && !below.has(index)) this.attachment.attach(index, this.others, this.isOurs);
      else this.attachment.remove(index, this.isOurs);
    }
  }

  look(): Standing {
    return this.attachment.look(this.clientIndex, this.clients);
  }

  /** Throws a SystemError. */
  remove(): void {
    removeFrom(this.attachment, interfacesOf(this.netlink, this.dump), this.isOurs);
  }
}

/** Removes our programs, attached this way, from every interface of this host. */
export function removeEverywhere(attachment: Attachment, isOurs: IsOurs): void {
  const netlink = new NetlinkSocket(NETLINK_ROUTE, 0, 1024 * 1024);
  removeFrom(attachment, interfacesOf(netlink, new NativeMemory(64)), isOurs);
  netlink.close();
}

function removeFrom(attachment: Attachment, all: readonly Present[], isOurs: IsOurs): void {
  for (const { index } of all) {
    const refused = attachment.remove(index, isOurs);
    if (refused !== 0)
      throw new SystemError("VIP filter", refused, `cannot be removed from interface ${index}`);
  }
}

interface Present {
  readonly index: number;
  /** An Ethernet interface in no bridge or bond. */
  readonly isAlone: boolean;
  /** Index of the interface below it; 0 when this host has none. */
  readonly lower: number;
}

/** Indexes of all interfaces below this one, layer by layer. */
function lowerThan(upper: number, all: readonly Present[]): Set<number> {
  const below = new Set<number>();
  for (let at = upper; at !== 0 && !below.has(at); ) {
    at = all.find(({ index }) => index === at)?.lower ?? 0;
    if (at !== 0 && !below.has(at)) below.add(at);
    else break;
  }
  return below;
}

/** Throws a SystemError. */
function interfacesOf(netlink: NetlinkSocket, request: NativeMemory): Present[] {
  const found: Present[] = [];
  const refused = netlink.dump(request, encodeLinkDump(request.view, 0), {
    begin: () => found.splice(0),
    message: (view, _bytes, at, length) => {
      const index = linkInterface(view, at, length);
      if (index === 0) return;
      const isAlone = isEthernetAlone(view, at, length);
      found.push({ index, isAlone, lower: linkLower(view, at, length) });
    },
  });
  if (refused !== 0) throw new SystemError("netlink dump of links", refused);
  return found;
}
