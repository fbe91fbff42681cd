/** Datagrams under way, in a fixed number of buffers that are used in turn. */
import { KEEP_ALIVE_BYTES } from "../../src/wire/keep-alive.ts";

/** An untouched datagram of a server of this system. Its MAC is right by construction, and is not computed. */
export const GENUINE = 0;
/** Touched on its way or made by somebody without the key: its MAC is computed and verified. */
export const TOUCHED = 1;
/** A genuine one of long ago, sent again by somebody else. */
export const RECORDING = 2;

// Made once for all flights of a process: what an earlier flight left in them is overwritten before it is read.
const views: DataView[] = [];
const contents: Uint8Array[] = [];

export class Datagrams {
  private next = 0;

  /** @param capacity datagrams sent while one may still be unread: then nobody holds it any more, and its buffer is used again */
  constructor(private readonly capacity: number) {}

  /** @returns the buffer that holds the datagram from now on; its content is what was there before */
  take(): number {
    const buffer = this.next;
    this.next = (this.next + 1) % this.capacity;
    if (buffer === views.length) {
      const memory = new ArrayBuffer(KEEP_ALIVE_BYTES);
      views.push(new DataView(memory));
      contents.push(new Uint8Array(memory));
    }
    return buffer;
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

/** What has arrived at one server and was not read yet, in the order of its arrival. */
export class Inbox {
  count = 0;
  dropped = 0;
  private head = 0;
  private readonly atUs: Float64Array;
  private readonly buffers: Int32Array;
  private readonly networks: Uint8Array;
  private readonly kinds: Uint8Array;

  constructor(private readonly capacity: number) {
    this.atUs = new Float64Array(capacity);
    this.buffers = new Int32Array(capacity);
    this.networks = new Uint8Array(capacity);
    this.kinds = new Uint8Array(capacity);
  }

  push(atUs: number, buffer: number, network: number, kind: number): void {
    if (this.count === this.capacity) {
      this.dropped++;
      return;
    }
    let place = this.count++;
    while (place > 0 && this.atUs[this.slot(place - 1)] > atUs) {
      const from = this.slot(place - 1);
      const to = this.slot(place);
      this.atUs[to] = this.atUs[from];
      this.buffers[to] = this.buffers[from];
      this.networks[to] = this.networks[from];
      this.kinds[to] = this.kinds[from];
      place--;
    }
    const slot = this.slot(place);
    this.atUs[slot] = atUs;
    this.buffers[slot] = buffer;
    this.networks[slot] = network;
    this.kinds[slot] = kind;
  }

  /** When the first one arrives; Infinity when there is none. */
  get firstUs(): number {
    return this.count === 0 ? Number.POSITIVE_INFINITY : this.atUs[this.head];
  }

  get buffer(): number {
    return this.buffers[this.head];
  }

  get network(): number {
    return this.networks[this.head];
  }

  get kind(): number {
    return this.kinds[this.head];
  }

  shift(): void {
    this.head = (this.head + 1) % this.capacity;
    this.count--;
  }

  clear(): void {
    this.count = 0;
  }

  private slot(place: number): number {
    return (this.head + place) % this.capacity;
  }
}
