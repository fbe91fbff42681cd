/**
 * Datagrams in transit. A buffer that will not be read any more is reused next: they are few, and
 * stay in the caches.
 */
import { KEEP_ALIVE_BYTES } from "../../src/wire/keep-alive.ts";

/**
 * An untouched datagram of a server of this system. Its MAC is right by construction, and is not
 * computed.
 */
export const GENUINE = 0;
/** Touched on its way or made by somebody without the key: its MAC is computed and verified. */
export const TOUCHED = 1;
/** A genuine one of long ago, sent again by somebody else. */
export const RECORDING = 2;
/** One of a flood: of the right length, but not sealed with the key. */
export const UNSEALED = 3;
/** One of a flood that is too short to be a keep-alive. */
export const TOO_SHORT = 4;

// Made once for all flights of a process: what an earlier flight left in them is overwritten before
// it is read.
const views: DataView[] = [];
const contents: Uint8Array[] = [];

export class Datagrams {
  private made = 0;
  /** Inboxes in which each buffer's datagram is unread. */
  private readonly readers: number[] = [];
  private readonly free: number[] = [];

  /**
   * @returns a buffer for a datagram, to be given to inboxes and then to {@link sent}; its content
   * is what was there before
   */
  take(): number {
    if (this.free.length > 0) return this.free.pop() as number;
    const buffer = this.made++;
    this.readers.push(0);
    if (buffer === views.length) {
      const memory = new ArrayBuffer(KEEP_ALIVE_BYTES);
      views.push(new DataView(memory));
      contents.push(new Uint8Array(memory));
    }
    return buffer;
  }

  /** All inboxes that it reaches have it. */
  sent(buffer: number): void {
    if (this.readers[buffer] === 0) this.free.push(buffer);
  }

  /** It is in one more inbox. */
  hold(buffer: number): void {
    this.readers[buffer]++;
  }

  /** It is read in one of them: its content stays until the next one is taken. */
  release(buffer: number): void {
    if (--this.readers[buffer] === 0) this.free.push(buffer);
  }

  view(buffer: number): DataView {
    return views[buffer] as DataView;
  }

  content(buffer: number): Uint8Array {
    return contents[buffer] as Uint8Array;
  }

  /** A copy that is kept for the whole flight. */
  keep(buffer: number): Uint8Array {
    return new Uint8Array(this.content(buffer));
  }

  /** Puts `bytes` under way. */
  put(bytes: Uint8Array): number {
    const buffer = this.take();
    this.content(buffer).set(bytes);
    return buffer;
  }

  copy(buffer: number): number {
    const copied = this.take();
    this.content(copied).set(this.content(buffer));
    return copied;
  }
}

/**
 * Datagrams that have arrived at one socket of a server and were not read yet, in order of arrival.
 */
export class Inbox {
  count = 0;
  dropped = 0;
  private head = 0;
  /** A ring that grows, because few inboxes are ever full. */
  private size = 64;
  private atUs = new Float64Array(this.size);
  private buffers = new Int32Array(this.size);
  private kinds = new Uint8Array(this.size);

  constructor(
    private readonly datagrams: Datagrams,
    private readonly capacity: number,
  ) {}

  /** @returns false when there was no room for it */
  push(atUs: number, buffer: number, kind: number): boolean {
    if (this.count === this.capacity) {
      this.dropped++;
      return false;
    }
    if (this.count === this.size) this.grow();
    let place = this.count++;
    while (place > 0 && this.atUs[this.slot(place - 1)] > atUs) {
      const from = this.slot(place - 1);
      const to = this.slot(place);
      this.atUs[to] = this.atUs[from];
      this.buffers[to] = this.buffers[from];
      this.kinds[to] = this.kinds[from];
      place--;
    }
    const slot = this.slot(place);
    this.atUs[slot] = atUs;
    this.buffers[slot] = buffer;
    this.kinds[slot] = kind;
    this.datagrams.hold(buffer);
    return true;
  }

  /** When the first one arrives; Infinity when there is none. */
  get firstUs(): number {
    return this.count === 0 ? Number.POSITIVE_INFINITY : this.atUs[this.head];
  }

  get buffer(): number {
    return this.buffers[this.head];
  }

  get kind(): number {
    return this.kinds[this.head];
  }

  arrivalUs(place: number): number {
    return this.atUs[this.slot(place)];
  }

  bufferAt(place: number): number {
    return this.buffers[this.slot(place)];
  }

  kindAt(place: number): number {
    return this.kinds[this.slot(place)];
  }

  shift(): void {
    this.datagrams.release(this.buffers[this.head]);
    this.head = this.slot(1);
    this.count--;
  }

  clear(): void {
    while (this.count > 0) this.shift();
  }

  private grow(): void {
    const { size, head, atUs, buffers, kinds } = this;
    this.size = Math.min(2 * size, this.capacity);
    this.atUs = new Float64Array(this.size);
    this.buffers = new Int32Array(this.size);
    this.kinds = new Uint8Array(this.size);
    for (let place = 0; place < this.count; place++) {
      const from = (head + place) % size;
      this.atUs[place] = atUs[from];
      this.buffers[place] = buffers[from];
      this.kinds[place] = kinds[from];
    }
    this.head = 0;
  }

  private slot(place: number): number {
    const slot = this.head + place;
    return slot < this.size ? slot : slot - this.size;
  }
}
