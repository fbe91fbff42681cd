/**
 * One seat's knowledge about one VIP: which of its probes were answered, and by whom.
 *
 * Probes are judged in the order in which they were sent, each as soon as it is answered or {@link
 * LATE_US} old. So a late answer counts as an answer, and answers that overtake each other do no
 * harm. Only numbers: the seat's loop makes no garbage.
 */

/** An answer later than this does not count. */
export const LATE_US = 1_000_000;

/** No server, no process. */
export const NOBODY = -1;

/** Remembered gaps, changes and overlaps of one VIP; the oldest are overwritten. */
export const GAPS_MAX = 64;
export const CHANGES_MAX = 64;

/** Remembered probes: at least {@link LATE_US} of them at one probe per millisecond. */
const PROBES = 1024;

/**
 * A server that answers this soon after another one answered a later probe is a second owner, or
 * flaps. Either violates a property (P1, P6), and no orderly sequence of failure and recovery is
 * that quick.
 */
const OVERLAP_US = 150_000;

const WAITING = -2;

/** Probes in a row without an answer that count as silence while the next answer is out. */
const SILENT_PROBES = 3;

/**
 * A run of unanswered probes between two answered ones. Times of CLOCK_MONOTONIC in microseconds.
 */
export interface Gap {
  /** Send time of the last answered probe before the run. */
  startUs: number;
  /** Send time of the first answered probe after the run; null while the run lasts. */
  endUs: number | null;
  /** Unanswered probes. */
  lost: number;
}

/** From this probe on another server answers, or another process on the same server. */
export interface Change {
  /** Send time of the first probe that the new one answered. */
  atUs: number;
  from: number;
  to: number;
}

/** Two servers answered for the VIP at a time. */
export interface Overlap {
  atUs: number;
  first: number;
  second: number;
}

export class TargetRecord {
  /** Sequence number of the next probe. */
  next = 0;
  answered = 0;
  lost = 0;
  /** Answers of a function or from an address that was not asked. */
  foreign = 0;
  overlaps = 0;
  /** Server that answered the newest judged and answered probe. */
  server = NOBODY;
  /** Send time of that probe; 0 before the first. */
  lastAnsweredUs = 0;
  /** Send time of the newest answered probe, judged or not; 0 before the first. */
  newestAnsweredUs = 0;

  #judged = 0;
  #process = 0;
  #run = 0;
  #previousServer = NOBODY;
  #previousServerUs = 0;

  readonly #sentUs = new Float64Array(PROBES);
  readonly #servers = new Int8Array(PROBES);
  readonly #processes = new Float64Array(PROBES);

  #gapCount = 0;
  readonly #gapStartUs = new Float64Array(GAPS_MAX);
  readonly #gapEndUs = new Float64Array(GAPS_MAX);
  readonly #gapLost = new Uint32Array(GAPS_MAX);

  #changeCount = 0;
  readonly #changeUs = new Float64Array(CHANGES_MAX);
  readonly #changeFrom = new Int8Array(CHANGES_MAX);
  readonly #changeTo = new Int8Array(CHANGES_MAX);

  readonly #overlapUs = new Float64Array(CHANGES_MAX);
  readonly #overlapFirst = new Int8Array(CHANGES_MAX);
  readonly #overlapSecond = new Int8Array(CHANGES_MAX);

  /** Notes that the probe with sequence number {@link next} was sent. Returns that number. */
  sent(nowUs: number): number {
    if (this.next - this.#judged >= PROBES) this.#judgeOne(false);
    const sequence = this.next++;
    this.#sentUs[sequence % PROBES] = nowUs;
    this.#servers[sequence % PROBES] = WAITING;
    return sequence;
  }

  /** Notes an answer. `process` is any number that identifies the answering process. */
  answer(sequence: number, server: number, process: number): void {
    if (sequence >= this.next || sequence < this.next - PROBES) return;
    const at = sequence % PROBES;
    const before = this.#servers[at] as number;
    if (before >= 0) {
      if (before !== server) this.#noteOverlap(this.#sentUs[at] as number, before, server);
      return;
    }
    if (sequence < this.#judged) return; // later than LATE_US
    this.#servers[at] = server;
    this.#processes[at] = process;
    this.newestAnsweredUs = Math.max(this.newestAnsweredUs, this.#sentUs[at] as number);
  }

  /** Judges every probe that can be judged now. */
  judge(nowUs: number): void {
    while (this.#judged < this.next) {
      const at = this.#judged % PROBES;
      const isAnswered = (this.#servers[at] as number) >= 0;
      if (!isAnswered && nowUs - (this.#sentUs[at] as number) < LATE_US) return;
      this.#judgeOne(isAnswered);
    }
  }

  /**
   * Gaps that ended after `sinceUs` or have not ended, oldest first. A gap before the first answer
   * does not count.
   */
  gapsSince(sinceUs: number): Gap[] {
    const gaps: Gap[] = [];
    for (let number = Math.max(0, this.#gapCount - GAPS_MAX); number < this.#gapCount; number++) {
      const at = number % GAPS_MAX;
      const endUs = this.#gapEndUs[at] as number;
      if (endUs > sinceUs)
        gaps.push({
          startUs: this.#gapStartUs[at] as number,
          endUs,
          lost: this.#gapLost[at] as number,
        });
    }
    if (this.#run > 0 && this.server !== NOBODY)
      gaps.push({ startUs: this.lastAnsweredUs, endUs: null, lost: this.#run });
    return gaps;
  }

  /**
   * Gaps among the probes that are not judged yet, oldest first: what a late answer still makes
   * shorter, or undoes. The last one has no end while nobody answers.
   */
  unjudgedGaps(): Gap[] {
    const gaps: Gap[] = [];
    let startUs = this.lastAnsweredUs;
    let lost = this.#run;
    for (let sequence = this.#judged; sequence < this.next; sequence++) {
      const at = sequence % PROBES;
      if ((this.#servers[at] as number) < 0) {
        lost++;
        continue;
      }
      const endUs = this.#sentUs[at] as number;
      if (lost > 0 && startUs > 0) gaps.push({ startUs, endUs, lost });
      startUs = endUs;
      lost = 0;
    }
    if (lost >= SILENT_PROBES && startUs > 0) gaps.push({ startUs, endUs: null, lost });
    return gaps;
  }

  changesSince(sinceUs: number): Change[] {
    const changes: Change[] = [];
    for (
      let number = Math.max(0, this.#changeCount - CHANGES_MAX);
      number < this.#changeCount;
      number++
    ) {
      const at = number % CHANGES_MAX;
      const atUs = this.#changeUs[at] as number;
      if (atUs > sinceUs)
        changes.push({
          atUs,
          from: this.#changeFrom[at] as number,
          to: this.#changeTo[at] as number,
        });
    }
    return changes;
  }

  overlapsSince(sinceUs: number): Overlap[] {
    const overlaps: Overlap[] = [];
    for (let number = Math.max(0, this.overlaps - CHANGES_MAX); number < this.overlaps; number++) {
      const at = number % CHANGES_MAX;
      const atUs = this.#overlapUs[at] as number;
      if (atUs <= sinceUs) continue;
      overlaps.push({
        atUs,
        first: this.#overlapFirst[at] as number,
        second: this.#overlapSecond[at] as number,
      });
    }
    return overlaps;
  }

  #judgeOne(isAnswered: boolean): void {
    const at = this.#judged++ % PROBES;
    if (!isAnswered) {
      this.#servers[at] = NOBODY;
      this.lost++;
      this.#run++;
      return;
    }
    const sentUs = this.#sentUs[at] as number;
    this.answered++;
    if (this.#run > 0 && this.server !== NOBODY) this.#noteGap(sentUs);
    this.#run = 0;
    this.#noteOwner(sentUs, this.#servers[at] as number, this.#processes[at] as number);
    this.lastAnsweredUs = sentUs;
  }

  #noteOwner(sentUs: number, server: number, process: number): void {
    if (server === this.server && process === this.#process) return;
    if (this.server !== NOBODY) {
      const at = this.#changeCount++ % CHANGES_MAX;
      this.#changeUs[at] = sentUs;
      this.#changeFrom[at] = this.server;
      this.#changeTo[at] = server;
    }
    if (server !== this.server) {
      if (server === this.#previousServer && sentUs - this.#previousServerUs < OVERLAP_US) {
        this.#noteOverlap(sentUs, this.server, server);
      }
      this.#previousServer = this.server;
      this.#previousServerUs = this.lastAnsweredUs;
    }
    this.server = server;
    this.#process = process;
  }

  #noteGap(endUs: number): void {
    const at = this.#gapCount++ % GAPS_MAX;
    this.#gapStartUs[at] = this.lastAnsweredUs;
    this.#gapEndUs[at] = endUs;
    this.#gapLost[at] = this.#run;
  }

  #noteOverlap(atUs: number, first: number, second: number): void {
    const at = this.overlaps++ % CHANGES_MAX;
    this.#overlapUs[at] = atUs;
    this.#overlapFirst[at] = first;
    this.#overlapSecond[at] = second;
  }
}
