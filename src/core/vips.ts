/**
 * The VIPs of the functions on this server, as the kernel reports them and is asked to set them.
 */
import { assert } from "../assert.ts";
import {
  EFFECT_LOG,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
  type EffectQueue,
} from "../boundary/effect-queue.ts";
import { LOG_VIP_FAILED, LOG_VIP_REMOVED } from "../boundary/maintenance-code.ts";
import { FUNCTIONS_MAX, VIP_ATTEMPTS_MAX } from "../limits.ts";

const UNKNOWN = 0;
const UP = 1;
const FAILED = 2;
const WITHDRAWN = 3;

export class Vips {
  private readonly state = new Uint8Array(FUNCTIONS_MAX);
  /** Failed attempts in a row to set or remove them. */
  private readonly attempts = new Uint8Array(FUNCTIONS_MAX);
  /** 1: somebody else removed one since they were requested. */
  private readonly removedByOthers = new Uint8Array(FUNCTIONS_MAX);
  /** Such a removal is not recorded again before this. */
  private readonly recordRemovedFromUs = new Float64Array(FUNCTIONS_MAX);

  /** @param recordAgainUs repeated removals are recorded at most once per this time */
  constructor(
    private readonly effects: EffectQueue,
    private readonly recordAgainUs: number,
  ) {}

  isUp(index: number): boolean {
    return this.state[index] === UP;
  }

  hasFailed(index: number): boolean {
    return this.state[index] === FAILED;
  }

  wasWithdrawn(index: number): boolean {
    return this.state[index] === WITHDRAWN;
  }

  isDown(index: number): boolean {
    return this.state[index] === UNKNOWN;
  }

  wereRemoved(index: number): boolean {
    return this.removedByOthers[index] !== 0;
  }

  add(index: number): void {
    this.state[index] = UNKNOWN;
    this.removedByOthers[index] = 0;
    this.effects.push(EFFECT_VIP_ADD, index, 0, 0);
  }

  putBack(index: number, nowUs: number): void {
    if (nowUs >= this.recordRemovedFromUs[index])
      this.effects.push(EFFECT_LOG, LOG_VIP_REMOVED, index, 0);
    this.recordRemovedFromUs[index] = nowUs + this.recordAgainUs;
    this.add(index);
  }

  remove(index: number): void {
    this.effects.push(EFFECT_VIP_REMOVE, index, 0, 0);
  }

  // ---- events

  onUp(index: number): void {
    this.attempts[index] = 0;
    this.state[index] = UP;
  }

  /** @param mayPass want of memory or of an answer: retried, up to VIP_ATTEMPTS_MAX attempts */
  onFailed(index: number, errno: number, mayPass: boolean): void {
    if (mayPass && ++this.attempts[index] < VIP_ATTEMPTS_MAX) {
      this.effects.push(EFFECT_VIP_ADD, index, 0, 0);
      return;
    }
    this.attempts[index] = 0;
    this.effects.push(EFFECT_LOG, LOG_VIP_FAILED, index, errno);
    this.state[index] = FAILED;
  }

  onDown(index: number): void {
    this.attempts[index] = 0;
    this.state[index] = UNKNOWN;
  }

  onWithdrawn(index: number): void {
    this.state[index] = WITHDRAWN;
  }

  /**
   * It may still answer here, so nobody is told that it is gone. An engine that cannot remove its
   * VIPs ends, and its supervisor removes them.
   */
  onStays(index: number): void {
    this.attempts[index]++;
    assert(this.attempts[index] < VIP_ATTEMPTS_MAX, "the kernel takes VIPs away");
    this.remove(index);
  }

  /** Somebody removed an address that should be up. */
  onRemoved(index: number): void {
    this.removedByOthers[index] = 1;
  }
}
