import { copyBytes, sameBytes } from "../wire/bytes.ts";
import {
  encodeSubnetRoute,
  MESSAGE_BYTES_MAX,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  RTM_DELROUTE,
  RTM_NEWROUTE,
} from "../wire/rtnetlink.ts";
import { ENODEV, ESRCH } from "./errno.ts";
import { AF_INET } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import type { NetlinkSocket } from "./netlink-socket.ts";
import type { VipTable } from "./vip-table.ts";

const NO_SUBNET = -1;

/**
 * An IPv4 VIP is a /32 in the kernel, which then knows no way to the seats of its subnet unless the
 * server has an address of its own there. For that case a route to the configured subnet stands as
 * long as a VIP of it is up. Its metric puts it behind every other: where the server has its own
 * address, the route of that address is used.
 */
export class SubnetRoutes {
  /**
   * Why the last route could not be set, 0 when it could: without an own address the seats are not
   * reached.
   */
  errno = 0;
  /** Subnet of each VIP, or NO_SUBNET: IPv6, and a configured /32. */
  private readonly subnetOf: Int32Array<ArrayBuffer>;
  private readonly subnetCount: number;
  /** Row s holds the network address of subnet s from byte 4 × s. */
  private readonly network: Uint8Array<ArrayBuffer>;
  private readonly prefixLength: Uint8Array<ArrayBuffer>;
  private readonly upCount: Int32Array<ArrayBuffer>;
  /** 1 where this batch made the route necessary or needless. */
  private readonly touched: Uint8Array<ArrayBuffer>;
  private readonly request = new NativeMemory(MESSAGE_BYTES_MAX);

  constructor(
    private readonly netlink: NetlinkSocket,
    table: VipTable,
  ) {
    const size = Math.max(1, table.count);
    this.subnetOf = new Int32Array(new ArrayBuffer(4 * size));
    this.network = new Uint8Array(new ArrayBuffer(4 * size));
    this.prefixLength = new Uint8Array(new ArrayBuffer(size));
    this.upCount = new Int32Array(new ArrayBuffer(4 * size));
    this.touched = new Uint8Array(new ArrayBuffer(size));
    let count = 0;
    for (let vip = 0; vip < table.count; vip++) {
      const subnet = this.subnetFor(table, vip, count);
      this.subnetOf[vip] = subnet;
      if (subnet === count) count++;
    }
    this.subnetCount = count;
  }

  /** The row of the VIP's subnet; writes it as row `next` when it is new. */
  private subnetFor(table: VipTable, vip: number, next: number): number {
    const prefixLength = table.configuredPrefixLength[vip] as number;
    if (table.family[vip] !== AF_INET || prefixLength === 32) return NO_SUBNET;
    copyBytes(this.network, 4 * next, table.address, table.addressAt(vip), 4);
    for (let bit = prefixLength; bit < 32; bit++) {
      const byte = 4 * next + (bit >> 3);
      this.network[byte] = (this.network[byte] as number) & ~(0x80 >> (bit & 7));
    }
    this.prefixLength[next] = prefixLength;
    for (let subnet = 0; subnet < next; subnet++) {
      const same = sameBytes(this.network, 4 * subnet, this.network, 4 * next, 4);
      if (same && this.prefixLength[subnet] === prefixLength) return subnet;
    }
    return next;
  }

  /** A VIP is one more (1) or one less (−1) on the interface, or was put there again (0). */
  count(vip: number, change: number): void {
    const subnet = this.subnetOf[vip] as number;
    if (subnet === NO_SUBNET) return;
    this.upCount[subnet] = (this.upCount[subnet] as number) + change;
    if (change >= 0 || this.upCount[subnet] === 0) this.touched[subnet] = 1;
  }

  /** The interface was made anew: nothing is up on it. */
  forget(): void {
    this.upCount.fill(0);
    this.touched.fill(0);
  }

  /**
   * Sets or deletes the routes of the subnets that were touched. 0 or the first errno. No garbage.
   */
  commit(interfaceIndex: number): number {
    this.errno = 0;
    for (let subnet = 0; subnet < this.subnetCount; subnet++) {
      if (this.touched[subnet] === 0) continue;
      this.touched[subnet] = 0;
      const errno = this.apply(subnet, interfaceIndex);
      if (this.errno === 0) this.errno = errno;
    }
    return this.errno;
  }

  /**
   * Sets the routes of all subnets with a VIP up: the kernel forgets them when the interface goes
   * down. 0 or the first errno.
   */
  restore(interfaceIndex: number): number {
    for (let subnet = 0; subnet < this.subnetCount; subnet++) {
      if (this.upCount[subnet] !== 0) this.touched[subnet] = 1;
    }
    return this.commit(interfaceIndex);
  }

  private apply(subnet: number, interfaceIndex: number): number {
    const needed = this.upCount[subnet] !== 0;
    const { view, bytes } = this.request;
    const type = needed ? RTM_NEWROUTE : RTM_DELROUTE;
    const prefixLength = this.prefixLength[subnet] as number;
    const length = encodeSubnetRoute(
      view,
      bytes,
      0,
      type,
      prefixLength,
      interfaceIndex,
      this.network,
      4 * subnet,
    );
    // Replacing an equal route does nothing, so that it need not be known whether the kernel still
    // has it.
    const errno = this.netlink.ask(this.request, length, needed ? NLM_F_CREATE | NLM_F_REPLACE : 0);
    return !needed && (errno === ESRCH || errno === ENODEV) ? 0 : errno;
  }
}
