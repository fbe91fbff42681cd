import { assert } from "../assert.ts";
import type { Vip } from "../config/model.ts";
import { ARP_BYTES, encodeArpAnnouncement } from "../wire/arp.ts";
import { encodeNeighbourAdvertisement, NEIGHBOUR_ADVERTISEMENT_BYTES } from "../wire/neighbour.ts";
import { EAGAIN, ENOBUFS } from "./errno.ts";
import { AF_INET } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { PacketSocket } from "./packet-socket.ts";
import { VipTable } from "./vip-table.ts";

/** The kernel takes at most this many messages in one sendmmsg (UIO_MAXIOV). */
const FRAMES_PER_CALL = 1024;

/**
 * After so many flushes in a row that could send nothing the rest is dropped: the caller announces
 * again soon anyway.
 */
const FRUITLESS_FLUSHES_MAX = 16;

/** Room for the longer of the two frames, on a multiple of 8. */
const FRAME_BYTES = 88;

// struct mmsghdr on 64-bit Linux: msghdr (56 bytes; the pointer to the iovec at 16, their number at
// 24), message length.
const MESSAGE_BYTES = 64;
const MESSAGE_IOVEC_AT = 16;
const MESSAGE_IOVEC_COUNT_AT = 24;
const IOVEC_BYTES = 16;

assert(
  FRAME_BYTES >= NEIGHBOUR_ADVERTISEMENT_BYTES && FRAME_BYTES >= ARP_BYTES,
  "a frame fits its row",
);

const REHEARSALS = 20;

/**
 * Tells the hosts of the client network which server answers for a VIP now: a gratuitous ARP for
 * IPv4, an unsolicited neighbour advertisement for IPv6. The frames are made at start-up, and again
 * when the interface's address changes.
 */
export class Announcer {
  private readonly socket: PacketSocket;
  private readonly table: VipTable;
  /** A frame for each VIP. */
  private readonly frames: NativeMemory;
  /** The iovec of each frame. */
  private readonly iovecs: NativeMemory;
  /** What one system call sends. */
  private readonly messages = new NativeMemory(FRAMES_PER_CALL * MESSAGE_BYTES);
  /** VIPs to announce: a ring of `table.count` places from `head` on, each VIP at most once. */
  private readonly ring: Int32Array<ArrayBuffer>;
  private readonly waiting: Uint8Array<ArrayBuffer>;
  /** sendmmsg calls so far. */
  systemCalls = 0;
  private head = 0;
  private fruitlessFlushes = 0;
  private queuedCount = 0;

  /**
   * Start-up. `vipsOfFunction[f]`: the VIPs of function f. Throws a SystemError (see PacketSocket).
   */
  constructor(interfaceName: string, vipsOfFunction: readonly (readonly Vip[])[]) {
    this.socket = new PacketSocket(interfaceName, 0);
    this.table = new VipTable(vipsOfFunction);
    const size = Math.max(1, this.table.count);
    this.frames = new NativeMemory(size * FRAME_BYTES);
    this.iovecs = new NativeMemory(size * IOVEC_BYTES);
    this.ring = new Int32Array(new ArrayBuffer(4 * size));
    this.waiting = new Uint8Array(new ArrayBuffer(size));
    for (let vip = 0; vip < this.table.count; vip++) {
      const length = this.table.family[vip] === AF_INET ? ARP_BYTES : NEIGHBOUR_ADVERTISEMENT_BYTES;
      this.iovecs.setPointer(vip * IOVEC_BYTES, vip * FRAME_BYTES, this.frames);
      this.iovecs.view.setUint32(vip * IOVEC_BYTES + 8, length, true);
    }
    for (let i = 0; i < FRAMES_PER_CALL; i++) {
      this.messages.view.setUint32(i * MESSAGE_BYTES + MESSAGE_IOVEC_COUNT_AT, 1, true);
    }
    this.makeFrames();
  }

  /** Frames that wait for {@link flush}. */
  get queued(): number {
    return this.queuedCount;
  }

  private makeFrames(): void {
    const { table, frames, socket } = this;
    for (let vip = 0; vip < table.count; vip++) {
      const encode =
        table.family[vip] === AF_INET ? encodeArpAnnouncement : encodeNeighbourAdvertisement;
      encode(
        frames.bytes,
        vip * FRAME_BYTES,
        socket.hardwareAddress,
        table.address,
        table.addressAt(vip),
      );
    }
  }

  /**
   * Queues the announcement of all VIPs of the function; one that waits already is not queued
   * twice. No garbage.
   */
  announce(index: number): void {
    const end = this.table.firstOf[index + 1] as number;
    for (let vip = this.table.firstOf[index] as number; vip < end; vip++) {
      if (this.waiting[vip] === 1) continue;
      this.waiting[vip] = 1;
      this.ring[(this.head + this.queuedCount) % this.ring.length] = vip;
      this.queuedCount++;
    }
  }

  /**
   * Sends what is queued, up to 1,024 frames a system call. 0, or errno. After EAGAIN or ENOBUFS
   * (the interface's queue is full) the rest waits for the next flush; after any other error it is
   * dropped, because nobody can be reached, and the caller announces again when the interface is
   * back. No garbage.
   */
  flush(): number {
    if (this.queuedCount === 0) return 0;
    const outcome = this.socket.refresh();
    if (outcome === 1) this.makeFrames();
    const errno = outcome < 0 ? -outcome : this.sendQueued();
    if (errno === 0) return 0;
    this.fruitlessFlushes++;
    const mayPass = errno === EAGAIN || errno === ENOBUFS;
    if (!mayPass || this.fruitlessFlushes >= FRUITLESS_FLUSHES_MAX) this.drop(this.queuedCount);
    return errno;
  }

  /**
   * Start-up: goes the way of an announcement up to the system call, so that the compiler has seen
   * it; nothing is sent.
   */
  rehearse(): void {
    for (let round = 0; round < REHEARSALS; round++) {
      for (let index = 0; index < this.table.functionCount; index++) this.announce(index);
      if (this.socket.refresh() === 1) this.makeFrames();
      this.fillMessages(Math.min(this.queuedCount, FRAMES_PER_CALL));
      this.socket.sendMany(this.messages, 0, 0);
      this.drop(this.queuedCount);
    }
  }

  private fillMessages(count: number): void {
    for (let i = 0; i < count; i++) {
      const vip = this.ring[(this.head + i) % this.ring.length] as number;
      this.messages.setPointer(
        i * MESSAGE_BYTES + MESSAGE_IOVEC_AT,
        vip * IOVEC_BYTES,
        this.iovecs,
      );
    }
  }

  private sendQueued(): number {
    while (this.queuedCount > 0) {
      const count = Math.min(this.queuedCount, FRAMES_PER_CALL);
      this.fillMessages(count);
      this.systemCalls++;
      const sent = this.socket.sendMany(this.messages, 0, count);
      if (sent < 0) return -sent;
      this.drop(sent);
    }
    return 0;
  }

  /** Takes the first `count` out of the queue. */
  private drop(count: number): void {
    for (let i = 0; i < count; i++)
      this.waiting[this.ring[(this.head + i) % this.ring.length] as number] = 0;
    this.head = (this.head + count) % this.ring.length;
    this.queuedCount -= count;
    this.fruitlessFlushes = 0;
  }

  close(): void {
    this.socket.close();
  }
}
