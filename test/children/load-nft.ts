/**
 * Loads a set of this many IPv4 addresses into nftables as one change, and removes it again. Prints
 * the loading time in ms.
 */
import { errnoName } from "../../src/io/errno.ts";
import { libc, SO_SNDBUFFORCE, SOL_SOCKET } from "../../src/io/libc.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { NetlinkSocket } from "../../src/io/netlink-socket.ts";
import { KEY_IPV4, NETLINK_NETFILTER, NftablesBatch } from "../../src/wire/nftables.ts";

const ELEMENT_BYTES_MAX = 32;
const TABLE = "other";
const count = Number(process.argv[2]);
const memory = new NativeMemory(count * ELEMENT_BYTES_MAX + 4096);
const socket = new NetlinkSocket(NETLINK_NETFILTER, 0, 1 << 20);
const size = new NativeMemory(4);
size.view.setInt32(0, memory.bytes.length, true);
libc.setsockopt(socket.fd, SOL_SOCKET, SO_SNDBUFFORCE, size.address, 4);

function carryOut(write: (batch: NftablesBatch) => void): void {
  const batch = new NftablesBatch(memory.view, memory.bytes, 1);
  batch.begin();
  write(batch);
  batch.end();
  const refused = socket.send(memory, 0, batch.length);
  if (refused !== 0) throw new Error(`nftables: ${errnoName(refused)}`);
}

const keys = new Uint8Array(new ArrayBuffer(4 * count));
const view = new DataView(keys.buffer);
for (let n = 0; n < count; n++) view.setUint32(4 * n, 0x0b00_0000 + n);

const beganMs = performance.now();
carryOut((batch) => {
  batch.newTable(TABLE, 0, "");
  batch.newSet(TABLE, "addresses", KEY_IPV4, 4, 0);
  batch.newElements(TABLE, "addresses", keys, 4);
});
console.log(Math.round(performance.now() - beganMs));
carryOut((batch) => batch.deleteTable(TABLE));
