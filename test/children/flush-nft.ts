/** Deletes every nftables table without an owner, as `nft flush ruleset` does. */
import { errnoName } from "../../src/io/errno.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { NetlinkSocket } from "../../src/io/netlink-socket.ts";
import { NETLINK_NETFILTER } from "../../src/wire/nftables.ts";

const MESSAGE_BYTES = 20;
const BATCH_BEGIN = 16;
const BATCH_END = 17;
/** NFNL_SUBSYS_NFTABLES, NFT_MSG_DELTABLE; of no family and no name: all. */
const DELETE_TABLES = (10 << 8) | 2;
const REQUEST = 1;

const socket = new NetlinkSocket(NETLINK_NETFILTER, 0, 65_536);
const batch = new NativeMemory(3 * MESSAGE_BYTES);
for (const [place, type] of [BATCH_BEGIN, DELETE_TABLES, BATCH_END].entries()) {
  const at = place * MESSAGE_BYTES;
  batch.view.setUint32(at, MESSAGE_BYTES, true);
  batch.view.setUint16(at + 4, type, true);
  batch.view.setUint16(at + 6, REQUEST, true);
  if (type !== DELETE_TABLES) batch.view.setUint16(at + 18, 10); // the subsystem
}
const refused = socket.send(batch, 0, batch.bytes.length);
if (refused !== 0) throw new Error(`nftables: ${errnoName(refused)}`);
const answered = socket.receive(false);
if (answered > 0) throw new Error(`nftables: ${-socket.received.view.getInt32(16, true)}`);
