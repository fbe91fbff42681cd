/**
 * Somebody on the network without the key: records messages, and sends them again later, unchanged
 * or changed.
 */
import { KEEP_ALIVE_BYTES } from "../../src/wire/keep-alive.ts";
import type { Chance } from "./random.ts";

const RECORDINGS_MAX = 64;
/** One in this number of datagrams is recorded. */
const RECORDED_ONE_IN = 16;

export class Attacker {
  /** Datagrams sent by the attacker. */
  sent = 0;
  private readonly recordings: Uint8Array[] = [];
  private readonly recordedUs: number[] = [];
  private heard = 0;

  constructor(private readonly random: Chance) {}

  /**
   * A datagram passes.
   * @returns whether it is recorded: then {@link record} must be called with its bytes, sealed
   */
  listens(): boolean {
    return this.heard++ % RECORDED_ONE_IN === 0 && this.recordings.length < RECORDINGS_MAX;
  }

  record(bytes: Uint8Array, nowUs: number): void {
    this.recordings.push(bytes);
    this.recordedUs.push(nowUs);
  }

  /**
   * A recording from before `beforeUs`: younger ones may be the first copy that arrives. null when
   * there is none.
   */
  replay(beforeUs: number): Uint8Array | null {
    const chosen = this.random.below(Math.max(1, this.recordings.length));
    const bytes = this.recordings[chosen];
    if (bytes === undefined || (this.recordedUs[chosen] as number) >= beforeUs) return null;
    this.sent++;
    return bytes;
  }

  /**
   * A recording in which some bytes behind magic, version and sender are others; null when there is
   * none.
   */
  forge(): Uint8Array | null {
    const bytes = this.replay(Number.POSITIVE_INFINITY);
    if (bytes === null) return null;
    const forged = Uint8Array.from(bytes);
    for (let changed = this.random.between(1, 8); changed > 0; changed--) {
      forged[this.random.between(8, KEEP_ALIVE_BYTES - 1)] ^= this.random.between(1, 255);
    }
    return forged;
  }
}
