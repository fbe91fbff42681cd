/**
 * Maintenance records in transit from the supervisor to the log: numbered, in order, kept until
 * they are on the disk. Pure.
 *
 * A ring of fixed size. When it is full, a new record is dropped and counted instead of replacing
 * an older one: older ones may already be in transit, and the begin of a fault says more than its
 * repetitions. The count becomes a record of its own as soon as there is room, in place of the
 * missing ones.
 */
import { assert } from "../assert.ts";

export class RecordQueue {
  readonly #bootUs: Float64Array;
  readonly #code: Uint16Array;
  readonly #first: Int32Array;
  readonly #second: Int32Array;
  /** Records at the front that were handed out and are not yet acknowledged. */
  #sent = 0;
  #count = 0;
  /** Place of the oldest record. */
  #head = 0;
  /** Delivery number of the oldest record; of the next one when there is none. */
  #oldest = 1;
  /** Records dropped since the last record that counts them. */
  #dropped = 0;

  /** @param lostCode code of the record that counts dropped ones; its first value is the count */
  constructor(
    private readonly capacity: number,
    private readonly lostCode: number,
  ) {
    assert(capacity >= 1, "a queue has room for a record");
    this.#bootUs = new Float64Array(capacity);
    this.#code = new Uint16Array(capacity);
    this.#first = new Int32Array(capacity);
    this.#second = new Int32Array(capacity);
  }

  /** Unacknowledged records. */
  get count(): number {
    return this.#count;
  }

  /** Records that were handed out and are not acknowledged. */
  get sent(): number {
    return this.#sent;
  }

  /** Dropped records that no record counts yet. */
  get dropped(): number {
    return this.#dropped;
  }

  push(code: number, first: number, second: number, bootUs: number): void {
    this.#reportDropped(bootUs);
    if (this.#count === this.capacity) this.#dropped++;
    else this.#append(code, first, second, bootUs);
  }

  /** Whether there is a record that {@link take} has not handed out. */
  get hasNext(): boolean {
    return this.#sent < this.#count;
  }

  /** Delivery number of the next record to hand out; its other properties follow. */
  get nextDelivery(): number {
    return this.#oldest + this.#sent;
  }
  get nextCode(): number {
    return this.#code[this.#place(this.#sent)] as number;
  }
  get nextFirst(): number {
    return this.#first[this.#place(this.#sent)] as number;
  }
  get nextSecond(): number {
    return this.#second[this.#place(this.#sent)] as number;
  }
  get nextBootUs(): number {
    return this.#bootUs[this.#place(this.#sent)] as number;
  }

  /** Notes that the next record was handed out. It stays until it is acknowledged. */
  take(): void {
    assert(this.hasNext, "only what is queued is handed out");
    this.#sent++;
  }

  /**
   * Forgets everything up to `delivery`: it is on the disk. Earlier numbers change nothing; a
   * number that was never handed out is the other side's error and counts as the last one that was.
   */
  acknowledge(delivery: number, bootUs: number): void {
    const done = Math.min(delivery - this.#oldest + 1, this.#sent);
    if (done <= 0) return;
    this.#head = this.#place(done);
    this.#oldest += done;
    this.#count -= done;
    this.#sent -= done;
    this.#reportDropped(bootUs);
  }

  /** The other side is new and has seen nothing: hands out all unacknowledged records again. */
  resend(): void {
    this.#sent = 0;
  }

  #reportDropped(bootUs: number): void {
    if (this.#dropped === 0 || this.#count === this.capacity) return;
    this.#append(this.lostCode, this.#dropped, 0, bootUs);
    this.#dropped = 0;
  }

  #append(code: number, first: number, second: number, bootUs: number): void {
    const at = this.#place(this.#count);
    this.#bootUs[at] = bootUs;
    this.#code[at] = code;
    this.#first[at] = first;
    this.#second[at] = second;
    this.#count++;
  }

  /** Place of the record that is `offset` younger than the oldest. */
  #place(offset: number): number {
    return (this.#head + offset) % this.capacity;
  }
}
