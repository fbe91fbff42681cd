import { encodeAddress, NETLINK_ROUTE, RTM_DELADDR } from "../wire/rtnetlink.ts";
import { AF_INET } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { NetlinkSocket } from "./netlink-socket.ts";

const RECEIVE_BUFFER_BYTES = 64 * 1024;

/** No Linux interface reaches this index. */
const NO_SUCH_INTERFACE = 0x7fff_fff0;

/**
 * The kernel's lock for changes of addresses and interfaces (RTNL). The only way to wait for it is
 * to request a change: the kernel is asked to delete an address from an interface that does not
 * exist. It takes the lock to look for the interface, and refuses.
 */
export class AddressLock {
  private readonly netlink = new NetlinkSocket(NETLINK_ROUTE, 0, RECEIVE_BUFFER_BYTES);
  private readonly request = new NativeMemory(128);
  private readonly length: number;

  constructor() {
    const { view, bytes } = this.request;
    const address = new Uint8Array(4);
    const target = [AF_INET, 32, NO_SUCH_INTERFACE, address, 0] as const;
    this.length = encodeAddress(view, bytes, 0, RTM_DELADDR, ...target);
  }

  /** Waits until the lock is free. @returns the errno of the kernel's refusal */
  await(): number {
    return this.netlink.ask(this.request, this.length, 0);
  }

  close(): void {
    this.netlink.close();
  }
}
