import { EVENT_RECORD, type EventQueue } from "../boundary/event-queue.ts";
import {
  LOG_ROUTE_MISSING,
  LOG_ROUTE_PUT_BACK,
  LOG_ROUTE_SET,
} from "../boundary/maintenance-code.ts";
import {
  ATTEMPT_PAUSE_MS_MAX,
  PUT_BACK_PAUSE_MS_MIN,
  ROUTE_MESSAGES_PER_PERIOD_MAX,
} from "../limits.ts";
import { Pauses } from "../upkeep/pauses.ts";
import { copyBytes, sameBytes } from "../wire/bytes.ts";
import { routeFilter } from "../wire/route-filter.ts";
import {
  addressBytes,
  encodeSubnetRoute,
  GROUP_IPV4_ROUTE,
  GROUP_IPV6_ROUTE,
  MESSAGE_BYTES_MAX,
  NETLINK_ROUTE,
  NLM_F_CREATE,
  NLM_F_REPLACE,
  RTM_DELROUTE,
  RTM_NEWROUTE,
  routeDestination,
  routeInterface,
  routePrefixLength,
} from "../wire/rtnetlink.ts";
import { EAGAIN, ENODEV, ESRCH } from "./errno.ts";
import { AF_INET } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { NetlinkSocket } from "./netlink-socket.ts";
import { ADDRESS_ROW_BYTES, type VipTable } from "./vip-table.ts";

const NO_SUBNET = -1;

/** Enough for a thousand routes that disappear at once. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

// State of a subnet's route.
const STANDS = 0;
/** Somebody deleted it. */
const REMOVED = 1;
/** The kernel refused it: it is retried, and this is not yet recorded. */
const REFUSED = 2;
/** The same, and it is recorded. */
const MISSING = 3;

/**
 * An IPv4 VIP is a /32 in the kernel. So the kernel has no route to the seats of its subnet unless
 * the server has an address of its own there. For that case a route to the configured subnet exists
 * while a VIP of it is up. Its metric ranks it behind every other: where the server has its own
 * address, that address's route is used.
 *
 * Network managers delete unknown routes. A missing one is set again within a period, and one that
 * the kernel refuses after growing pauses. The kernel sets the route of an IPv6 VIP itself, again
 * with the VIP's next renewal (addrconf, since Linux 4.20); its deletion is recorded all the same.
 */
export class SubnetRoutes {
  /**
   * Errno of the last route that could not be set, otherwise 0: without a route or an own address
   * the seats are not reached.
   */
  errno = 0;
  /** Subnet of each VIP, or NO_SUBNET for a VIP configured as a host address. */
  private readonly subnetOf: Int32Array<ArrayBuffer>;
  private readonly subnetCount: number;
  private readonly family: Uint8Array<ArrayBuffer>;
  /** Row s holds the network address of subnet s. */
  private readonly network: Uint8Array<ArrayBuffer>;
  private readonly prefixLength: Uint8Array<ArrayBuffer>;
  /** First function of the table with a VIP in the subnet: records name it. */
  private readonly functionOf: Int32Array<ArrayBuffer>;
  private readonly upCount: Int32Array<ArrayBuffer>;
  /** 1 where this batch made the route necessary or unnecessary. */
  private readonly touched: Uint8Array<ArrayBuffer>;
  private readonly state: Uint8Array<ArrayBuffer>;
  private readonly pauses: Pauses;
  private readonly request = new NativeMemory(MESSAGE_BYTES_MAX);
  private readonly notifications = new NetlinkSocket(
    NETLINK_ROUTE,
    GROUP_IPV4_ROUTE | GROUP_IPV6_ROUTE,
    RECEIVE_BUFFER_BYTES,
    routeFilter(),
  );

  constructor(
    private readonly netlink: NetlinkSocket,
    table: VipTable,
  ) {
    const size = Math.max(1, table.count);
    this.subnetOf = new Int32Array(new ArrayBuffer(4 * size));
    this.family = new Uint8Array(new ArrayBuffer(size));
    this.network = new Uint8Array(new ArrayBuffer(ADDRESS_ROW_BYTES * size));
    this.prefixLength = new Uint8Array(new ArrayBuffer(size));
    this.functionOf = new Int32Array(new ArrayBuffer(4 * size));
    this.upCount = new Int32Array(new ArrayBuffer(4 * size));
    this.touched = new Uint8Array(new ArrayBuffer(size));
    this.state = new Uint8Array(new ArrayBuffer(size));
    let count = 0;
    for (let vip = 0; vip < table.count; vip++) {
      const subnet = this.subnetFor(table, vip, count);
      this.subnetOf[vip] = subnet;
      if (subnet !== count) continue;
      this.functionOf[subnet] = table.functionOf[vip] as number;
      count++;
    }
    this.subnetCount = count;
    this.pauses = new Pauses(count, PUT_BACK_PAUSE_MS_MIN * 1000, ATTEMPT_PAUSE_MS_MAX * 1000);
  }

  /** Row of the VIP's subnet; a new one is written as row `next`. */
  private subnetFor(table: VipTable, vip: number, next: number): number {
    const prefixLength = table.configuredPrefixLength[vip] as number;
    const family = table.family[vip] as number;
    const bits = 8 * addressBytes(family);
    if (prefixLength === bits) return NO_SUBNET;
    const at = ADDRESS_ROW_BYTES * next;
    copyBytes(this.network, at, table.address, table.addressAt(vip), bits / 8);
    for (let bit = prefixLength; bit < bits; bit++) {
      const byte = at + (bit >> 3);
      this.network[byte] = (this.network[byte] as number) & ~(0x80 >> (bit & 7));
    }
    this.family[next] = family;
    this.prefixLength[next] = prefixLength;
    for (let subnet = 0; subnet < next; subnet++)
      if (this.isSubnet(subnet, family, prefixLength, this.network, at)) return subnet;
    return next;
  }

  private isSubnet(
    subnet: number,
    family: number,
    prefixLength: number,
    bytes: Uint8Array,
    at: number,
  ): boolean {
    return (
      this.family[subnet] === family &&
      this.prefixLength[subnet] === prefixLength &&
      sameBytes(this.network, ADDRESS_ROW_BYTES * subnet, bytes, at, addressBytes(family))
    );
  }

  /** Counts a VIP that was added (1), removed (−1) or restored (0) on the interface. */
  count(vip: number, change: number): void {
    const subnet = this.subnetOf[vip] as number;
    if (subnet === NO_SUBNET) return;
    this.upCount[subnet] = (this.upCount[subnet] as number) + change;
    if (change >= 0 || this.upCount[subnet] === 0) this.touched[subnet] = 1;
  }

  /** The interface was replaced: nothing is up on it. */
  forget(): void {
    this.upCount.fill(0);
    this.touched.fill(0);
  }

  /**
   * Sets or deletes the routes of the touched subnets. Returns 0 or the first errno. No garbage.
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
   * Sets the routes of all subnets with a VIP up: the kernel drops them when the interface goes
   * down. Returns 0 or the first errno.
   */
  restore(interfaceIndex: number): number {
    for (let subnet = 0; subnet < this.subnetCount; subnet++) {
      if (this.upCount[subnet] !== 0) this.touched[subnet] = 1;
    }
    return this.commit(interfaceIndex);
  }

  /**
   * Once per period: sets deleted or refused routes again and records it. Nothing is tried without
   * a carrier: routes are restored when it returns. No garbage.
   */
  lookAfter(interfaceIndex: number, hasCarrier: boolean, nowUs: number, events: EventQueue): void {
    this.readNotifications(interfaceIndex);
    if (!hasCarrier) return;
    for (let subnet = 0; subnet < this.subnetCount; subnet++) {
      if (this.state[subnet] !== STANDS && nowUs >= this.pauses.dueUs[subnet])
        this.tryAgain(subnet, interfaceIndex, nowUs, events);
    }
  }

  private tryAgain(
    subnet: number,
    interfaceIndex: number,
    nowUs: number,
    events: EventQueue,
  ): void {
    const before = this.state[subnet];
    const index = this.functionOf[subnet];
    const isNeeded = this.upCount[subnet] !== 0;
    this.pauses.note(subnet, nowUs);
    const errno = isNeeded ? this.apply(subnet, interfaceIndex) : 0;
    if (errno !== 0) {
      if (before !== REFUSED) this.state[subnet] = before === MISSING ? MISSING : REFUSED;
      else if (events.push(EVENT_RECORD, LOG_ROUTE_MISSING, index, errno))
        this.state[subnet] = MISSING;
      return;
    }
    this.state[subnet] = STANDS;
    if (before === MISSING) {
      if (!events.push(EVENT_RECORD, LOG_ROUTE_SET, index)) this.state[subnet] = MISSING;
    } else if (before === REMOVED && isNeeded) events.push(EVENT_RECORD, LOG_ROUTE_PUT_BACK, index);
  }

  /** Reads a bounded number of them. After an overflow every route is set again. */
  private readNotifications(interfaceIndex: number): void {
    const { view, bytes } = this.notifications.received;
    for (let message = 0; message < ROUTE_MESSAGES_PER_PERIOD_MAX; message++) {
      const end = this.notifications.receive(false);
      if (end === -EAGAIN) return;
      if (end > 0 && routeInterface(view, 0, end) === interfaceIndex) {
        this.takeRemoved(view, bytes, end);
      } else if (end < 0) {
        for (let subnet = 0; subnet < this.subnetCount; subnet++)
          if (this.upCount[subnet] !== 0 && this.state[subnet] === STANDS)
            this.state[subnet] = REFUSED;
      }
    }
  }

  private takeRemoved(view: DataView, bytes: Uint8Array, length: number): void {
    for (let subnet = 0; subnet < this.subnetCount; subnet++) {
      if (this.upCount[subnet] === 0 || this.state[subnet] !== STANDS) continue;
      const family = this.family[subnet];
      const at = routeDestination(view, 0, length, family);
      if (at >= 0 && this.isSubnet(subnet, family, routePrefixLength(view, 0), bytes, at))
        this.state[subnet] = REMOVED;
    }
  }

  /** Returns 0, always for IPv6, or errno. */
  private apply(subnet: number, interfaceIndex: number): number {
    if (this.family[subnet] !== AF_INET) return 0;
    const needed = this.upCount[subnet] !== 0;
    const { view, bytes } = this.request;
    const length = encodeSubnetRoute(
      view,
      bytes,
      0,
      needed ? RTM_NEWROUTE : RTM_DELROUTE,
      this.prefixLength[subnet] as number,
      interfaceIndex,
      this.network,
      ADDRESS_ROW_BYTES * subnet,
    );
    // Replacing an equal route does nothing, so it does not matter whether the kernel still has it.
    const errno = this.netlink.ask(this.request, length, needed ? NLM_F_CREATE | NLM_F_REPLACE : 0);
    // The notification of our own deletion is read while the route is not needed.
    if (!needed) this.readNotifications(interfaceIndex);
    if (needed && errno !== 0 && this.state[subnet] === STANDS) this.state[subnet] = REFUSED;
    return !needed && (errno === ESRCH || errno === ENODEV) ? 0 : errno;
  }

  close(): void {
    this.notifications.close();
  }
}
