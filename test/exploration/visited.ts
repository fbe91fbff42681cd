/**
 * Every distinct state once: known by a 64-bit hash of its canonical form, with the path on which
 * it was first met. Two states with one hash would count as one; among ten million states that
 * happens once in some hundred thousand runs.
 */
import type { Part } from "./frontier-file.ts";

const FIRST_CAPACITY = 1 << 16;

/** The move by which a state came about that was there from the start. */
export const ROOT = -2;
/** Time passed: one tick. */
export const TICK = -1;

export class Visited {
  count = 0;
  /** The predecessor of each state, and the move from it. */
  parent = new Int32Array(FIRST_CAPACITY);
  move = new Int16Array(FIRST_CAPACITY);
  /** Faults on the way to it. */
  level = new Uint8Array(FIRST_CAPACITY);
  /** The state after a tick, −1 while not yet explored. */
  next = new Int32Array(FIRST_CAPACITY);
  /** 1 where no fault lasts. */
  isClear = new Uint8Array(FIRST_CAPACITY);
  private low = new Uint32Array(FIRST_CAPACITY);
  private high = new Uint32Array(FIRST_CAPACITY);
  /** Index of a state + 1 at each place of the hash table. */
  private slots = new Int32Array(2 * FIRST_CAPACITY);
  private mask = 2 * FIRST_CAPACITY - 1;
  private hashLow = 0;
  private hashHigh = 0;
  /** The state that `meet` was asked for is new. */
  isNew = false;

  /** Memory for all of it, free room included. */
  get bytes(): number {
    const { parent, move, level, next, isClear, low, high, slots } = this;
    const columns = [parent, move, level, next, isClear, low, high, slots];
    return columns.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** The state's index; it is entered when it is new, or when it took more faults before. */
  meet(words: Int32Array, length: number, parent: number, move: number, level: number): number {
    this.hash(words, length);
    const { hashLow: low, hashHigh: high } = this;
    let slot = low & this.mask;
    for (; this.slots[slot] !== 0; slot = (slot + 1) & this.mask) {
      const index = this.slots[slot] - 1;
      if (this.low[index] !== low || this.high[index] !== high) continue;
      this.isNew = level < this.level[index];
      if (this.isNew) this.enter(index, parent, move, level);
      return index;
    }
    this.isNew = true;
    if (this.count === this.parent.length) {
      this.grow();
      slot = low & this.mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & this.mask;
    }
    const index = this.count++;
    this.slots[slot] = index + 1;
    this.low[index] = low;
    this.high[index] = high;
    this.next[index] = -1;
    this.enter(index, parent, move, level);
    return index;
  }

  /**
   * Four lanes of 64 bits with two words each, because one after the other would wait for each
   * multiplication. Each step is one-to-one for the same words: flights that differ in one lane
   * only at one place never share a hash.
   */
  private hash(words: Int32Array, length: number): void {
    for (let at = length; at < length + 7; at++) words[at] = 0;
    let a = 0x811c9dc5;
    let b = 0x01000193;
    let c = 0x2545f491;
    let d = 0x4f6cdd1d;
    let e = 0x165667b1;
    let f = 0x27d4eb2f;
    let g = 0x5bd1e995;
    let h = length;
    for (let at = 0; at < length; at += 8) {
      a = Math.imul(a ^ words[at], 0x85ebca6b);
      c = Math.imul(c ^ words[at + 2], 0x85ebca6b);
      e = Math.imul(e ^ words[at + 4], 0x85ebca6b);
      g = Math.imul(g ^ words[at + 6], 0x85ebca6b);
      b = Math.imul(b ^ words[at + 1] ^ (a >>> 15), 0xc2b2ae35);
      d = Math.imul(d ^ words[at + 3] ^ (c >>> 15), 0xc2b2ae35);
      f = Math.imul(f ^ words[at + 5] ^ (e >>> 15), 0xc2b2ae35);
      h = Math.imul(h ^ words[at + 7] ^ (g >>> 15), 0xc2b2ae35);
      a ^= b >>> 13;
      c ^= d >>> 13;
      e ^= f >>> 13;
      g ^= h >>> 13;
    }
    let low = mixed(mixed(mixed(a, c), e), g);
    const high = mixed(mixed(mixed(mixed(b, d), f), h), low);
    low = mixed(low, high);
    this.hashLow = low >>> 0;
    this.hashHigh = high >>> 0;
  }

  private enter(index: number, parent: number, move: number, level: number): void {
    this.parent[index] = parent;
    this.move[index] = move;
    this.level[index] = level;
  }

  /** The moves that lead to the state, from the first one on. */
  wayTo(index: number): number[] {
    const way: number[] = [];
    for (let at = index; this.move[at] !== ROOT; at = this.parent[at]) way.push(this.move[at]);
    return way.reverse();
  }

  part(): Part {
    const { parent, move, level, next, isClear, low, high, count } = this;
    const columns = [parent, move, level, next, isClear, low, high];
    return { numbers: { count }, columns: columns.map((column) => column.subarray(0, count)) };
  }

  /** As it was when `part` was asked for. */
  take({ numbers, columns }: Part): void {
    this.count = numbers.count as number;
    while (this.parent.length < this.count) this.grow();
    const { parent, move, level, next, isClear, low, high } = this;
    for (const [place, column] of [parent, move, level, next, isClear, low, high].entries())
      column.set(columns[place] as Int32Array);
    this.fillSlots();
  }

  private grow(): void {
    const twice = 2 * this.parent.length;
    this.parent = enlarged(this.parent, new Int32Array(twice));
    this.move = enlarged(this.move, new Int16Array(twice));
    this.level = enlarged(this.level, new Uint8Array(twice));
    this.next = enlarged(this.next, new Int32Array(twice));
    this.isClear = enlarged(this.isClear, new Uint8Array(twice));
    this.low = enlarged(this.low, new Uint32Array(twice));
    this.high = enlarged(this.high, new Uint32Array(twice));
    this.slots = new Int32Array(2 * twice);
    this.mask = 2 * twice - 1;
    this.fillSlots();
  }

  private fillSlots(): void {
    for (let index = 0; index < this.count; index++) {
      let slot = this.low[index] & this.mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & this.mask;
      this.slots[slot] = index + 1;
    }
  }
}

function mixed(one: number, other: number): number {
  let both = Math.imul(one ^ (other >>> 16) ^ (other << 16), 0x9e3779b1);
  both ^= both >>> 14;
  both = Math.imul(both, 0x85ebca77) + other;
  return both ^ (both >>> 16);
}

function enlarged<T extends Int32Array | Int16Array | Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
