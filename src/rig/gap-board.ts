/**
 * What the seats see of every function at this moment: whether it answers, and how long it did not.
 * Pure: what seats report in, figures for the page out.
 */
import type { SeatGaps, SeatTarget } from "./seat-order.ts";
import type { Gap } from "./target-record.ts";

/**
 * Gaps of one function that end so close to each other, at several seats and addresses, are one
 * interruption: its longest counts.
 */
const TOGETHER_US = 1_000_000;

export interface EndedGap {
  ms: number;
  /** CLOCK_MONOTONIC. */
  endedUs: number;
}

/** Of one function: the worst of its addresses at any seat. */
export interface FunctionGaps {
  /** For how long nobody has answered; null: it answers. */
  openMs: number | null;
  /** The newest interruption that is over. */
  last: EndedGap | null;
  worst: EndedGap | null;
}

const NO_GAPS: FunctionGaps = { openMs: null, last: null, worst: null };

export class GapBoard {
  readonly #targets: readonly Pick<SeatTarget, "functionIndex">[];
  /** By function: what is judged. */
  #judged: FunctionGaps[];
  /** By seat: its newest report, and until when the gaps of each target are taken. */
  readonly #reports: { report: SeatGaps; untilUs: number[] }[] = [];
  #sinceUs: number;

  constructor(
    functionCount: number,
    targets: readonly Pick<SeatTarget, "functionIndex">[],
    sinceUs: number,
  ) {
    this.#targets = targets;
    this.#judged = Array.from({ length: functionCount }, () => NO_GAPS);
    this.#sinceUs = sinceUs;
  }

  /** Gaps that began earlier do not count. */
  get sinceUs(): number {
    return this.#sinceUs;
  }

  /** Forgets all gaps; only those that begin from now on count. */
  restart(sinceUs: number): void {
    this.#sinceUs = sinceUs;
    this.#judged = this.#judged.map(() => NO_GAPS);
  }

  /** A report may tell again of gaps that earlier ones told of. */
  take(seat: number, report: SeatGaps): void {
    const untilUs = this.#reports[seat]?.untilUs ?? this.#targets.map(() => 0);
    this.#targets.forEach(({ functionIndex }, target) => {
      for (const gap of report.targets[target]?.ended ?? []) {
        if ((gap.endUs ?? 0) <= (untilUs[target] ?? 0)) continue;
        untilUs[target] = gap.endUs ?? 0;
        this.#judged[functionIndex] = this.#with(this.#judged[functionIndex] ?? NO_GAPS, gap);
      }
    });
    this.#reports[seat] = { report, untilUs };
  }

  /** In the order of the functions. */
  figures(): FunctionGaps[] {
    const figures = [...this.#judged];
    for (const { report } of this.#reports)
      this.#targets.forEach(({ functionIndex }, target) => {
        for (const gap of report.targets[target]?.unjudged ?? []) {
          const before = figures[functionIndex] ?? NO_GAPS;
          figures[functionIndex] =
            gap.endUs === null
              ? { ...before, openMs: Math.max(before.openMs ?? 0, lengthMs(gap, report.atUs)) }
              : this.#with(before, gap);
        }
      });
    return figures;
  }

  #with(before: FunctionGaps, gap: Gap): FunctionGaps {
    if (gap.endUs === null || gap.startUs < this.#sinceUs) return before;
    const ended = { ms: lengthMs(gap, gap.endUs), endedUs: gap.endUs };
    const { last, worst } = before;
    return {
      ...before,
      last: later(last, ended),
      worst: worst === null || worst.ms < ended.ms ? ended : worst,
    };
  }
}

function later(last: EndedGap | null, ended: EndedGap): EndedGap {
  if (last === null || ended.endedUs - last.endedUs > TOGETHER_US) return ended;
  if (last.endedUs - ended.endedUs > TOGETHER_US) return last;
  return last.ms < ended.ms ? ended : last;
}

/** To tenths: a seat knows no more. */
function lengthMs({ startUs }: Gap, endUs: number): number {
  return Math.round((endUs - startUs) / 100) / 10;
}
