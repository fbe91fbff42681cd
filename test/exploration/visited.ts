/**
 * Every distinct state once: known by a hash of 64 bits of its canonical form, with the way on
 * which it was first met. Two states of one hash would be taken for one; among ten million states
 * that happens once in some hundred thousand runs.
 */

const FIRST_CAPACITY = 1 << 16;

/** The move by which a state came about that was there from the start. */
export const ROOT = -2;
/** Time passed: one tick. */
export const TICK = -1;

export class Visited {
  count = 0;
  /** Where each state came from, and by which move. */
  parent = new Int32Array(FIRST_CAPACITY);
  move = new Int16Array(FIRST_CAPACITY);
  /** Faults on the way to it. */
  level = new Uint8Array(FIRST_CAPACITY);
  /** What a tick makes of it, −1 while nobody has looked. */
  next = new Int32Array(FIRST_CAPACITY);
  /** 1 where no fault lasts. */
  isClear = new Uint8Array(FIRST_CAPACITY);
  private low = new Uint32Array(FIRST_CAPACITY);
  private high = new Uint32Array(FIRST_CAPACITY);
  /** Index of a state + 1 at each place of the hash table. */
  private slots = new Int32Array(2 * FIRST_CAPACITY);
  private mask = 2 * FIRST_CAPACITY - 1;
  /** The state that `meet` was asked for is new. */
  isNew = false;

  /** The state's index; it is entered when it is new, or when it took more faults before. */
  meet(words: Int32Array, length: number, parent: number, move: number, level: number): number {
    let low = 0x811c9dc5;
    let high = 0x2545f491;
    for (let at = 0; at < length; at++) {
      const word = words[at];
      low = Math.imul(low ^ word, 0x85ebca6b);
      low = (low << 13) | (low >>> 19);
      high = Math.imul(high ^ word, 0xc2b2ae35);
      high = ((high << 15) | (high >>> 17)) + low;
    }
    low = Math.imul(low ^ (high >>> 16), 0x9e3779b1) >>> 0;
    high = Math.imul(high ^ (low >>> 15), 0x85ebca77) >>> 0;
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
    for (let index = 0; index < this.count; index++) {
      let slot = this.low[index] & this.mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & this.mask;
      this.slots[slot] = index + 1;
    }
  }
}

function enlarged<T extends Int32Array | Int16Array | Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
