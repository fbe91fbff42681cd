/**
 * What the prober leaves in a file that it shares with the benchmark: when each probe was sent, and
 * who answered it.
 *
 * | offset                   | type   | meaning                                                        |
 * |--------------------------|--------|----------------------------------------------------------------|
 * | 0                        | i32    | 1: the benchmark wants the prober to end                       |
 * | 4                        | i32    | rounds begun; in each round every target gets one probe        |
 * | 8                        | i32    | 1: the prober runs at SCHED_FIFO                               |
 * | 64                       | f64[]  | send time of each round, µs of CLOCK_MONOTONIC                 |
 * | 64 + 8 R + R · target    | u8[]   | who answered the target's probe of each round: 0 nobody, else  |
 * |                          |        | the number of the server; + 0x80 when another one did as well  |
 */
import { MappedFile } from "../../src/io/mapped-file.ts";

/** Rounds of one record, R: a minute at one probe in a millisecond. */
export const ROUNDS_MAX = 60_000;
export const TARGETS_MAX = 2;

/** Magic "WMBP" in probes and answers. */
export const PROBE_MAGIC = 0x50424d57;
/** Magic, target, round, server (0 in the probe): four u32, little-endian. */
export const PROBE_BYTES = 16;
export const PROBE_PORT = 4499;

const SERVER_BITS = 0x7f;
const TWICE = 0x80;
const STOP = 0;
const ROUNDS = 1;
const REALTIME = 2;
const SENT_AT = 64;
const ANSWERED_AT = SENT_AT + 8 * ROUNDS_MAX;

/** When the last rounds are judged, answers later than this many rounds are not awaited. */
const ANSWER_ROUNDS = 20;

export class ProbeRecord {
  private readonly head: Int32Array;
  private readonly sentUs: Float64Array;
  private readonly answered: readonly Uint8Array[];

  constructor(
    path: string,
    readonly targetCount: number,
  ) {
    const { buffer } = new MappedFile(path, ANSWERED_AT + TARGETS_MAX * ROUNDS_MAX);
    this.head = new Int32Array(buffer, 0, 3);
    this.sentUs = new Float64Array(buffer, SENT_AT, ROUNDS_MAX);
    this.answered = Array.from(
      { length: targetCount },
      (_, target) => new Uint8Array(buffer, ANSWERED_AT + target * ROUNDS_MAX, ROUNDS_MAX),
    );
  }

  // ---- the prober's side

  get isToStop(): boolean {
    return Atomics.load(this.head, STOP) !== 0;
  }

  setRealtime(): void {
    Atomics.store(this.head, REALTIME, 1);
  }

  beginRound(round: number, nowUs: number): void {
    this.sentUs[round] = nowUs;
    Atomics.store(this.head, ROUNDS, round + 1);
  }

  enterAnswer(target: number, round: number, server: number): void {
    const column = this.answered[target];
    if (column === undefined || round >= this.rounds) return;
    const before = (column[round] as number) & SERVER_BITS;
    column[round] = before === 0 || before === server ? server : before | TWICE;
  }

  // ---- the benchmark's side

  stop(): void {
    Atomics.store(this.head, STOP, 1);
  }

  get rounds(): number {
    return Atomics.load(this.head, ROUNDS);
  }

  get isRealtime(): boolean {
    return Atomics.load(this.head, REALTIME) === 1;
  }

  /**
   * Whether `server` answered every probe of the last `count` rounds whose time for answers is
   * over.
   */
  isSteady(server: number, count: number): boolean {
    const end = this.rounds - ANSWER_ROUNDS;
    if (end < count) return false;
    return this.answered.every((column) =>
      column.subarray(end - count, end).every((by) => by === server),
    );
  }

  /** The same where each target has its own server, in the order of the targets. */
  isSteadyOf(servers: readonly number[], count: number): boolean {
    const end = this.rounds - ANSWER_ROUNDS;
    if (end < count) return false;
    return this.answered.every((column, target) =>
      column.subarray(end - count, end).every((by) => by === servers[target]),
    );
  }

  /**
   * Every probe of a target that had time to be answered: its send time and the answering server, 0
   * for none.
   */
  answersOf(target: number): { sentUs: number; by: number }[] {
    const column = this.answered[target] as Uint8Array;
    return Array.from({ length: Math.max(0, this.rounds - ANSWER_ROUNDS) }, (_, round) => ({
      sentUs: this.sentUs[round] as number,
      by: (column[round] as number) & SERVER_BITS,
    }));
  }

  /**
   * The client-visible outage in ms: the longest time between the send times of two answered probes
   * without an answered one between them, among those that end after `sinceUs`. Without loss it is
   * the distance of two probes, 1 ms.
   */
  outageMs(target: number, sinceUs: number): number {
    const column = this.answered[target] as Uint8Array;
    let last = -1;
    let longestUs = 0;
    for (let round = 0; round < this.rounds; round++) {
      if (column[round] === 0) continue;
      const atUs = this.sentUs[round] as number;
      if (last !== -1 && atUs > sinceUs)
        longestUs = Math.max(longestUs, atUs - (this.sentUs[last] as number));
      last = round;
    }
    return longestUs / 1000;
  }

  /** Probes that two servers answered. */
  get answeredTwice(): number {
    return this.answered.reduce(
      (sum, column) => sum + column.reduce((count, by) => count + (by >> 7), 0),
      0,
    );
  }
}
