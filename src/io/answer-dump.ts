/**
 * Asks the kernel for everything, beside its own addresses, that makes it answer for an address.
 * Makes garbage and may wait for the kernel: not for the flight loop. Needs no privilege.
 */
import {
  type AnswerSource,
  encodeAllRoutesDump,
  encodeProxyDump,
  proxySource,
  RTM_NEWNEIGH,
  routeSource,
} from "../wire/answer-sources.ts";
import { messageType, NETLINK_ROUTE, RTM_NEWROUTE } from "../wire/rtnetlink.ts";
import { AF_INET, AF_INET6 } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { type DumpReader, NetlinkSocket } from "./netlink-socket.ts";

const RECEIVE_BUFFER_BYTES = 1024 * 1024;

export class AnswerDump {
  private readonly netlink = new NetlinkSocket(NETLINK_ROUTE, 0, RECEIVE_BUFFER_BYTES);
  private readonly request = new NativeMemory(64);

  /** All sources; null when the kernel gave no answer because it was changing or busy. */
  look(): AnswerSource[] | null {
    const { view } = this.request;
    const ipv4 = this.dump(() => encodeAllRoutesDump(view, AF_INET));
    // A kernel without IPv6 has no IPv6 routes.
    const ipv6 = this.dump(() => encodeAllRoutesDump(view, AF_INET6)) ?? [];
    const entries = this.dump(() => encodeProxyDump(view));
    return ipv4 === null || entries === null ? null : [...ipv4, ...ipv6, ...entries];
  }

  private dump(encode: () => number): AnswerSource[] | null {
    let found: AnswerSource[] = [];
    const reader: DumpReader = {
      begin: () => {
        found = [];
      },
      message: (view, bytes, at, length) => {
        const type = messageType(view, at);
        const read =
          type === RTM_NEWROUTE ? routeSource : type === RTM_NEWNEIGH ? proxySource : null;
        const source = read?.(view, bytes, at, length) ?? null;
        if (source !== null) found.push(source);
      },
    };
    return this.netlink.dump(this.request, encode(), reader) === 0 ? found : null;
  }

  close(): void {
    this.netlink.close();
  }
}
