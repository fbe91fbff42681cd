import { NativeMemory } from "../../src/io/native-memory.ts";
import { NetlinkSocket } from "../../src/io/netlink-socket.ts";
import { NETLINK_NETFILTER, NftablesBatch } from "../../src/wire/nftables.ts";
import { findAttribute } from "../../src/wire/rtnetlink.ts";
import type { Host } from "../harness/virtual-network.ts";

/** Names of the nf_tables tables of a host. */
export function tablesOf(host: Host): string[] {
  const netlink = host.inside(() => new NetlinkSocket(NETLINK_NETFILTER, 0, 65536));
  const names: string[] = [];
  const request = new NativeMemory(64);
  request.view.setUint32(0, 20, true); // NFT_MSG_GETTABLE of any family
  request.view.setUint16(4, (10 << 8) | 1, true);
  const refused = netlink.dump(request, 20, {
    begin: () => names.splice(0),
    message: (view, bytes, at, length) => {
      const name = findAttribute(view, at, length, 4, 1, 1);
      names.push(Buffer.from(bytes.slice(name, bytes.indexOf(0, name))).toString());
    },
  });
  netlink.close();
  if (refused !== 0) throw new Error(`dump of tables: errno ${refused}`);
  return names;
}

/** Changes that another privileged process can make to the filter. Returns 0 or errno. */
export function deleteTable(host: Host): number {
  const netlink = host.inside(() => new NetlinkSocket(NETLINK_NETFILTER, 0, 65536));
  const memory = new NativeMemory(256);
  const batch = new NftablesBatch(memory.view, memory.bytes, 1);
  batch.begin();
  batch.deleteTable("wingman");
  batch.end();
  if (netlink.send(memory, 0, batch.length) !== 0) throw new Error("netlink send");
  const answered = netlink.receive(false) > 0;
  const errno = answered ? -netlink.received.view.getInt32(16, true) : 0;
  netlink.close();
  return errno;
}
