/**
 * The future of states without a lasting fault: only time decides, so each leads to one cycle of
 * states. Reports the time to get there, and the cycles.
 */
import type { Visited } from "./visited.ts";

const UNKNOWN = -1;
const UNDER_WAY = -2;
/** It leads to where a fault lasts, or was not flown to its end. */
const NOWHERE = -3;

export class Settling {
  worstState = -1;
  worstTicks = 0;
  /** One state of each circle. */
  readonly circles: number[] = [];

  constructor(
    visited: Visited,
    private readonly tickUs: number,
  ) {
    const ticks = new Int32Array(visited.count).fill(UNKNOWN);
    const way: number[] = [];
    for (let first = 0; first < visited.count; first++) {
      way.length = 0;
      let at = first;
      while (at >= 0 && visited.isClear[at] === 1 && ticks[at] === UNKNOWN) {
        ticks[at] = UNDER_WAY;
        way.push(at);
        at = visited.next[at];
      }
      let distance = at < 0 || visited.isClear[at] === 0 ? NOWHERE : ticks[at];
      if (distance === UNDER_WAY) {
        this.circles.push(at);
        const begin = way.indexOf(at);
        for (let place = begin; place < way.length; place++) ticks[way[place] as number] = 0;
        way.length = begin;
        distance = 0;
      }
      for (let place = way.length - 1; place >= 0; place--) {
        if (distance !== NOWHERE) distance++;
        const state = way[place] as number;
        ticks[state] = distance;
        if (distance <= this.worstTicks) continue;
        this.worstTicks = distance;
        this.worstState = state;
      }
    }
  }

  get worstMs(): number {
    return (this.worstTicks * this.tickUs) / 1000;
  }
}
