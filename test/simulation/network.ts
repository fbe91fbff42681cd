/**
 * The keep-alive networks between the servers, each direction of each for itself: cut or not,
 * lossy, slow, jittery, doubling and flipping bits. Two servers are joined while datagrams pass
 * between them in both directions, each on one network at least.
 *
 * Loss is what happens to single datagrams: it never takes so many in a row from one direction that
 * the detection time passes, and never two in a row from both directions of a pair at once.
 * Anything longer is a cut, and flown as one. With two exceptions: a server that starts may hear
 * nobody for a while, and nothing passes to and from a server for so long as never counts as a
 * divided network. A flood that fills a receive buffer cuts that direction.
 */
import { LEASE_LATENESS_MS, NETWORKS_MAX, SERVERS_MAX } from "../../src/limits.ts";
import type { Chance } from "./random.ts";

const NEVER = Number.POSITIVE_INFINITY;

export const PASSES = 0;
export const LOST = 1;
export const FLIPPED = 2;

export class Network {
  lossPerMille = 0;
  delayUs = 100;
  jitterUs = 0;
  duplicatePerMille = 0;
  flipPerMille = 0;
  /** Asked first what becomes of a datagram, where somebody else than chance decides. */
  fateOf: ((from: number, to: number, nowUs: number) => number) | null = null;
  /** Extra delay of the datagrams of each direction, if set. */
  heldUs: Float64Array | null = null;
  /** The server that did not get what was lost last. */
  lostTo = 0;
  readonly counts = { lost: 0, duplicated: 0, reordered: 0, flipped: 0 };
  /** How many faults cut each direction of each network now. */
  private readonly cuts = new Uint8Array(NETWORKS_MAX * SERVERS_MAX * SERVERS_MAX);
  /** Since when each direction passes on any network; NEVER while it does not. */
  private readonly passesSinceUs = new Float64Array(SERVERS_MAX * SERVERS_MAX);
  /** Until when all that each server sends is lost. */
  readonly mutedUntilUs = new Float64Array(SERVERS_MAX);
  /** Until when nothing passes to and from each server, as far as that is bridged. */
  readonly silentUntilUs = new Float64Array(SERVERS_MAX);
  /** Until when each server hears nothing: only while it listens. */
  readonly deafUntilUs = new Float64Array(SERVERS_MAX);
  /** Since when: its start. */
  readonly deafSinceUs = new Float64Array(SERVERS_MAX);
  /** A network that loses copies of what the other one delivers, and how many of 1,000. */
  lossyNetwork = 0;
  lossyPerMille = 0;
  /** When receive buffers last had no room, on any network, for what one server sent to another. */
  private readonly overflowedUs = new Float64Array(SERVERS_MAX * SERVERS_MAX).fill(-NEVER);
  /** Datagrams lost in a row in each direction. */
  private readonly lostInARow = new Uint8Array(SERVERS_MAX * SERVERS_MAX);
  /** When the last datagram of each direction was sent that was not lost. */
  private readonly passedUs = new Float64Array(SERVERS_MAX * SERVERS_MAX);
  /** Something is lost, cut or joined between the two; without them, it concerns everybody. */
  onTrouble: (from?: number, to?: number) => void = () => {};
  /** A cut begins in this direction; and then, if nothing of it passes any more. */
  onCut: (from: number, to: number) => void = () => {};
  onClosed: (from: number, to: number) => void = () => {};
  /** When one of each direction was lost last. */
  private readonly lostUs = new Float64Array(SERVERS_MAX * SERVERS_MAX).fill(-NEVER);
  private readonly lastArrivalUs = new Float64Array(NETWORKS_MAX * SERVERS_MAX * SERVERS_MAX);

  constructor(
    private readonly random: Chance,
    readonly networks: number,
    private readonly lostInARowMax: number,
    /**
     * Without a lease: how long no datagram of a direction is accepted any more after one has
     * passed, however few a stalled server has sent meanwhile.
     */
    private readonly lossUsMax: number,
    /** Keep-alives that may be lost in a row in both directions at once. */
    readonly bridgedPeriods: number,
    private readonly periodUs: number,
  ) {}

  cut(from: number, to: number, network: number, nowUs: number): void {
    this.onCut(from, to);
    this.cuts[place(from, to, network)]++;
    this.note(from, to, nowUs);
  }

  join(from: number, to: number, network: number, nowUs: number): void {
    const at = place(from, to, network);
    if (this.cuts[at] > 0) this.cuts[at]--;
    this.note(from, to, nowUs);
  }

  /** Where datagrams pass, they do so only from now on. */
  divide(one: number, other: number, nowUs: number): void {
    for (const at of [one * SERVERS_MAX + other, other * SERVERS_MAX + one])
      if (this.passesSinceUs[at] !== NEVER) this.passesSinceUs[at] = nowUs;
    this.onClosed(one, other);
    this.onClosed(other, one);
  }

  joinAll(nowUs: number): void {
    this.cuts.fill(0);
    for (let from = 0; from < SERVERS_MAX; from++)
      for (let to = 0; to < SERVERS_MAX; to++) this.note(from, to, nowUs);
  }

  private note(from: number, to: number, nowUs: number): void {
    this.onTrouble(from, to);
    const at = from * SERVERS_MAX + to;
    if (!this.passes(from, to)) {
      this.passesSinceUs[at] = NEVER;
      this.onClosed(from, to);
    } else if (this.passesSinceUs[at] === NEVER) this.passesSinceUs[at] = nowUs;
  }

  passes(from: number, to: number): boolean {
    for (let network = 0; network < this.networks; network++)
      if (this.isOpen(from, to, network)) return true;
    return false;
  }

  isOpen(from: number, to: number, network: number): boolean {
    return this.cuts[place(from, to, network)] === 0;
  }

  /** Since when datagrams pass between the two in both directions; NEVER while they do not. */
  joinedSinceUs(one: number, other: number): number {
    return Math.max(this.heardSinceUs(one, other), this.heardSinceUs(other, one));
  }

  /** Since when datagrams of this direction pass; NEVER while they do not. */
  heardSinceUs(from: number, to: number): number {
    const at = from * SERVERS_MAX + to;
    return Math.max(this.passesSinceUs[at], this.overflowedUs[at]);
  }

  /**
   * The last datagram of this direction came in by no network: a flood has kept it out. That is as
   * good as lost, so no two in a row are lost of the other direction meanwhile.
   */
  noteOverflow(from: number, to: number, nowUs: number): void {
    const at = from * SERVERS_MAX + to;
    this.onCut(from, to);
    this.overflowedUs[at] = nowUs;
    this.lostInARow[at] = Math.max(1, this.lostInARow[at]);
  }

  /**
   * The fate of a datagram that is sent now, by chance: PASSES, LOST or FLIPPED, which counts as
   * lost. One network that delivers is enough, so it happens on both or on neither.
   */
  fate(from: number, to: number, nowUs: number): number {
    if (this.fateOf !== null && this.fateOf(from, to, nowUs) !== PASSES) {
      this.onTrouble(from, to);
      return LOST;
    }
    const at = from * SERVERS_MAX + to;
    if (nowUs < this.deafUntilUs[to]) {
      // One that hears nothing of an owner for D + 2 T from its start on is beyond what is promised:
      // only so many are lost from here that something passes before.
      const leftUs = this.deafSinceUs[to] + (this.lostInARowMax + 4) * this.periodUs - nowUs;
      const more = Math.max(0, Math.ceil(leftUs / this.periodUs) - 2);
      this.lostInARow[at] = Math.max(1, this.lostInARowMax - more);
      this.onTrouble(from, to);
      return LOST;
    }
    const isMuted = nowUs < this.mutedUntilUs[from];
    if (nowUs < Math.max(this.silentUntilUs[from], this.silentUntilUs[to])) {
      if (this.isBridged(at, nowUs) && this.isBridged(to * SERVERS_MAX + from, nowUs)) {
        this.lostInARow[at]++;
        this.lostUs[at] = nowUs;
        this.counts.lost++;
        this.lostTo = to;
        this.onTrouble(from, to);
        return LOST;
      }
    }
    if (this.lossPerMille === 0 && this.flipPerMille === 0 && !isMuted) {
      this.notePassed(from, to, nowUs);
      return PASSES;
    }
    const back = to * SERVERS_MAX + from;
    const inARow = this.lostInARow[at];
    if (nowUs - this.passedUs[at] > this.lossUsMax) {
      this.lostInARow[at] = 0;
    } else if (this.isQuietBack(back, nowUs)) {
      // Where nothing is bridged, one each way is a divided network.
    } else if (!this.passes(to, from) && !this.isBridged(at, nowUs)) {
      // So is one where no more than that is bridged is lost one way, and the other way is cut.
    } else if (inARow === 0 || (inARow < this.lostInARowMax && this.lostInARow[back] === 0)) {
      if (isMuted || this.random.perMille(this.lossPerMille)) {
        this.lostInARow[at]++;
        this.lostUs[at] = nowUs;
        this.counts.lost++;
        this.onTrouble(from, to);
        this.lostTo = to;
        return LOST;
      }
      if (this.random.perMille(this.flipPerMille)) {
        this.lostInARow[at]++;
        this.lostUs[at] = nowUs;
        this.counts.flipped++;
        this.onTrouble(from, to);
        return FLIPPED;
      }
    }
    this.notePassed(from, to, nowUs);
    this.lostInARow[at] = 0;
    return PASSES;
  }

  private notePassed(from: number, to: number, nowUs: number): void {
    if (this.isMissed(from, to, nowUs)) this.onClosed(from, to);
    this.passedUs[from * SERVERS_MAX + to] = nowUs;
  }

  /**
   * Nothing of this direction was sent that passed for longer than is bridged, and the other
   * direction is cut. Where losses are chosen, ChosenLosses counts them.
   */
  isMissed(from: number, to: number, nowUs: number): boolean {
    const at = from * SERVERS_MAX + to;
    if (this.fateOf !== null || this.passes(to, from)) return false;
    const bridgedUs = (this.bridgedPeriods + 1) * this.periodUs + 500 * LEASE_LATENESS_MS;
    return nowUs - this.passedUs[at] > bridgedUs;
  }

  private isQuietBack(back: number, nowUs: number): boolean {
    return (
      this.bridgedPeriods === 0 &&
      nowUs - this.lostUs[back] < (this.lostInARowMax + 3) * this.periodUs
    );
  }

  /** The silence of this direction is still bridged when a datagram of it is lost now. */
  private isBridged(at: number, nowUs: number): boolean {
    return nowUs - this.passedUs[at] <= (this.bridgedPeriods + 0.5) * this.periodUs;
  }

  /** Whether this network loses its copy of a datagram that passes on the other one. */
  losesCopy(from: number, to: number, network: number): boolean {
    if (this.lossyPerMille === 0 || network !== this.lossyNetwork) return false;
    return this.isOpen(from, to, 1 - network) && this.random.perMille(this.lossyPerMille);
  }

  arrivalUs(from: number, to: number, network: number, nowUs: number): number {
    const atUs =
      nowUs + this.delayUs + (this.jitterUs === 0 ? 0 : this.random.below(this.jitterUs));
    if (this.heldUs !== null) return atUs + this.heldUs[from * SERVERS_MAX + to];
    const at = place(from, to, network);
    if (atUs < this.lastArrivalUs[at]) this.counts.reordered++;
    else this.lastArrivalUs[at] = atUs;
    return atUs;
  }

  doubles(): boolean {
    if (!this.random.perMille(this.duplicatePerMille)) return false;
    this.counts.duplicated++;
    return true;
  }

  /** Single faults of datagrams end; cuts stay. */
  calm(): void {
    this.lossPerMille = 0;
    this.jitterUs = 0;
    this.delayUs = 100;
    this.duplicatePerMille = 0;
    this.flipPerMille = 0;
    this.lossyPerMille = 0;
    this.deafUntilUs.fill(0);
    this.mutedUntilUs.fill(0);
    this.silentUntilUs.fill(0);
  }
}

function place(from: number, to: number, network: number): number {
  return (network * SERVERS_MAX + from) * SERVERS_MAX + to;
}
