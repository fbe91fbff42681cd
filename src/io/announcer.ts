import { assert } from "../assert.ts";
import type { Vip } from "../config/model.ts";
import { ARP_BYTES, encodeArpAnnouncement, encodeArpReplyAnnouncement } from "../wire/arp.ts";
import { encodeNeighbourAdvertisement, NEIGHBOUR_ADVERTISEMENT_BYTES } from "../wire/neighbour.ts";
import { EAGAIN, ENOBUFS } from "./errno.ts";
import { AF_INET } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { PacketSocket } from "./packet-socket.ts";
import { VipTable } from "./vip-table.ts";

/** Maximum messages in one sendmmsg (UIO_MAXIOV). */
const FRAMES_PER_CALL = 1024;

/**
 * After this many consecutive flushes without any success the rest is dropped: the caller announces
 * again soon.
 */
const FRUITLESS_FLUSHES_MAX = 16;

/**
 * An IPv4 VIP is announced in both forms of ARP. The second frame is the reply, for the few clients
 * that learn from nothing else.
 */
const FORMS = 2;

/** The longer of the two frames, rounded up to a multiple of 8. */
const FRAME_BYTES = 88;

// struct mmsghdr on 64-bit Linux: msghdr (56 bytes; pointer to the iovec at 16, their number at
// 24), then the message length.
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
 * Announces to the hosts of the client network which server now answers for a VIP: gratuitous ARP
 * for IPv4, as a request and as a reply, and an unsolicited neighbour advertisement for IPv6. The
 * frames are built at start-up, and again when the interface's address changes.
 */
export class Announcer {
  private readonly socket: PacketSocket;
  private readonly table: VipTable;
  /** FORMS rows per VIP; an IPv6 VIP uses only the first. */
  private readonly frames: NativeMemory;
  /** The iovec of each frame. */
  private readonly iovecs: NativeMemory;
  /** Message headers for one system call. */
  private readonly messages = new NativeMemory(FRAMES_PER_CALL * MESSAGE_BYTES);
  /** Rows of the frames to send; every client learns from these. */
  private readonly firsts: FrameQueue;
  private readonly replies: FrameQueue;
  /** sendmmsg calls so far. */
  systemCalls = 0;
  private fruitlessFlushes = 0;

  /**
   * Start-up. `vipsOfFunction[f]`: the VIPs of function f. Throws a SystemError (see PacketSocket).
   */
  constructor(interfaceName: string, vipsOfFunction: readonly (readonly Vip[])[]) {
    this.socket = new PacketSocket(interfaceName, 0);
    this.table = new VipTable(vipsOfFunction);
    const size = FORMS * Math.max(1, this.table.count);
    this.frames = new NativeMemory(size * FRAME_BYTES);
    this.iovecs = new NativeMemory(size * IOVEC_BYTES);
    this.firsts = new FrameQueue(size);
    this.replies = new FrameQueue(size);
    for (let row = 0; row < size; row++) {
      const family = this.table.family[Math.floor(row / FORMS)];
      const length = family === AF_INET ? ARP_BYTES : NEIGHBOUR_ADVERTISEMENT_BYTES;
      this.iovecs.setPointer(row * IOVEC_BYTES, row * FRAME_BYTES, this.frames);
      this.iovecs.view.setUint32(row * IOVEC_BYTES + 8, length, true);
    }
    for (let i = 0; i < FRAMES_PER_CALL; i++) {
      this.messages.view.setUint32(i * MESSAGE_BYTES + MESSAGE_IOVEC_COUNT_AT, 1, true);
    }
    this.makeFrames();
  }

  /** Frames waiting for {@link flush}. */
  get queued(): number {
    return this.firsts.count + this.replies.count;
  }

  private makeFrames(): void {
    const { table } = this;
    for (let vip = 0; vip < table.count; vip++) {
      const row = FORMS * vip;
      if (table.family[vip] === AF_INET) {
        this.makeFrame(encodeArpAnnouncement, row, vip);
        this.makeFrame(encodeArpReplyAnnouncement, row + 1, vip);
      } else this.makeFrame(encodeNeighbourAdvertisement, row, vip);
    }
  }

  private makeFrame(encode: typeof encodeArpAnnouncement, row: number, vip: number): void {
    const { table, frames, socket } = this;
    const addressAt = table.addressAt(vip);
    encode(frames.bytes, row * FRAME_BYTES, socket.hardwareAddress, table.address, addressAt);
  }

  /**
   * Queues the announcement of all VIPs of the function, unless it is already queued. No garbage.
   */
  announce(index: number): void {
    const { table } = this;
    const end = table.firstOf[index + 1] as number;
    for (let vip = table.firstOf[index] as number; vip < end; vip++) {
      this.firsts.add(FORMS * vip);
      if (table.family[vip] === AF_INET) this.replies.add(FORMS * vip + 1);
    }
  }

  /** Drops the function's queued announcements: it is no longer here. No garbage. */
  withdraw(index: number): void {
    const end = this.table.firstOf[index + 1] as number;
    for (let vip = this.table.firstOf[index] as number; vip < end; vip++) {
      this.firsts.withdraw(FORMS * vip);
      this.replies.withdraw(FORMS * vip + 1);
    }
  }

  /**
   * Sends the queue, up to 1,024 frames per system call, replies last. `moreFollow`: more VIPs are
   * about to move, and the replies wait for them. Returns 0 or errno. After EAGAIN or ENOBUFS (the
   * interface's queue is full) the rest waits for the next flush. After any other error nobody can
   * be reached: the rest is dropped, and the caller announces again when the interface is back. No
   * garbage.
   */
  flush(moreFollow = false): number {
    if (this.firsts.count === 0 && (moreFollow || this.replies.count === 0)) return 0;
    const outcome = this.socket.refresh();
    if (outcome === 1) this.makeFrames();
    let errno = outcome < 0 ? -outcome : this.sendQueued(this.firsts);
    if (errno === 0 && !moreFollow) errno = this.sendQueued(this.replies);
    if (errno === 0) return 0;
    this.fruitlessFlushes++;
    const mayPass = errno === EAGAIN || errno === ENOBUFS;
    if (!mayPass || this.fruitlessFlushes >= FRUITLESS_FLUSHES_MAX) this.dropAll();
    return errno;
  }

  /**
   * Start-up: exercises the path of an announcement up to the system call, so that it is compiled;
   * sends nothing.
   */
  rehearse(): void {
    for (let round = 0; round < REHEARSALS; round++) {
      for (let index = 0; index < this.table.functionCount; index++) this.announce(index);
      if (this.socket.refresh() === 1) this.makeFrames();
      for (const queue of [this.firsts, this.replies]) this.fillMessages(queue);
      for (let index = 0; index < this.table.functionCount; index++) this.withdraw(index);
      this.socket.sendMany(this.messages, 0, 0);
      this.dropAll();
    }
  }

  /** @returns frames of the queue that fit one system call */
  private fillMessages(queue: FrameQueue): number {
    const { messages, iovecs } = this;
    const count = Math.min(queue.count, FRAMES_PER_CALL);
    for (let i = 0; i < count; i++)
      messages.setPointer(i * MESSAGE_BYTES + MESSAGE_IOVEC_AT, queue.at(i) * IOVEC_BYTES, iovecs);
    return count;
  }

  private sendQueued(queue: FrameQueue): number {
    while (queue.count > 0) {
      const count = this.fillMessages(queue);
      this.systemCalls++;
      const sent = this.socket.sendMany(this.messages, 0, count);
      if (sent < 0) return -sent;
      queue.drop(sent);
      this.fruitlessFlushes = 0;
    }
    return 0;
  }

  private dropAll(): void {
    this.firsts.drop(this.firsts.count);
    this.replies.drop(this.replies.count);
    this.fruitlessFlushes = 0;
  }

  close(): void {
    this.socket.close();
  }
}

/** Rows of frames in order of arrival, without duplicates. No garbage. */
class FrameQueue {
  count = 0;
  private head = 0;
  private readonly ring: Int32Array<ArrayBuffer>;
  private readonly waits: Uint8Array<ArrayBuffer>;

  /** `rows`: number of rows that exist. */
  constructor(rows: number) {
    this.ring = new Int32Array(new ArrayBuffer(4 * rows));
    this.waits = new Uint8Array(new ArrayBuffer(rows));
  }

  /** Row at the given place of the queue. */
  at(place: number): number {
    return this.ring[(this.head + place) % this.ring.length] as number;
  }

  /** A row that is already queued keeps its place. */
  add(row: number): void {
    if (this.waits[row] === 1) return;
    this.waits[row] = 1;
    this.ring[(this.head + this.count) % this.ring.length] = row;
    this.count++;
  }

  /** Removes the first `count` rows. */
  drop(count: number): void {
    for (let place = 0; place < count; place++) this.waits[this.at(place)] = 0;
    this.head = (this.head + count) % this.ring.length;
    this.count -= count;
  }

  /** Removes a row if it is queued; the others keep their order. */
  withdraw(row: number): void {
    if (this.waits[row] === 0) return;
    const { ring, head, waits } = this;
    waits[row] = 0;
    let kept = 0;
    for (let place = 0; place < this.count; place++) {
      const other = this.at(place);
      if (other !== row) ring[(head + kept++) % ring.length] = other;
    }
    this.count = kept;
  }
}
