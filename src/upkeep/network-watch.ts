/**
 * Who is heard on which keep-alive network. A server is alive as long as any network carries it; a
 * network that carries nothing while its carrier is up is seen here alone.
 *
 * Pure and preallocated. The caller notes what it hears, and judges once a period.
 */
import {
  GROUP_FORGOTTEN_AGAIN_MS,
  GROUP_REPORT_MS,
  GROUP_REPORT_PAUSE_MS_MAX,
  NETWORK_SILENT_MS,
} from "../limits.ts";

// ---- what became of a server on a network
export const AS_BEFORE = 0;
/** It is alive, and has not been heard on this network for long. */
export const FELL_SILENT = 1;
/** It is heard on this network again, or it is no longer expected to be: that fault is over. */
export const SILENCE_OVER = 2;

const NEVER = Number.NEGATIVE_INFINITY;
/** Share of the detection time after which a server is missed: the report still comes in time. */
const MISSED_SHARE = 2;
/** Keep-alives in a row that are missed at least: one or two are lost now and then. */
const MISSED_PERIODS_MIN = 3;

export class NetworkWatch {
  /** When each server was heard last on each network: a row a network. */
  private readonly heardUs: Float64Array;
  /** Since when each is expected there. */
  private readonly expectedUs: Float64Array;
  private readonly silent: Uint8Array;
  private readonly silentUs: number;
  private readonly missedUs: number;
  /**
   * When switches were told of the group on each network, how long the next pause is, and when they
   * had forgotten it.
   */
  private readonly reportedUs: Float64Array;
  private readonly pauseUs: Float64Array;
  private readonly forgottenUs: Float64Array;
  private readonly answered: Uint8Array;
  private judgedUs = NEVER;
  private isOnTime = false;

  constructor(
    readonly networkCount: number,
    readonly serverCount: number,
    private readonly periodUs: number,
    private readonly detectionUs: number,
  ) {
    const slots = networkCount * serverCount;
    this.heardUs = new Float64Array(slots).fill(NEVER);
    this.expectedUs = new Float64Array(slots).fill(NEVER);
    this.silent = new Uint8Array(slots);
    this.silentUs = Math.max(NETWORK_SILENT_MS * 1000, 2 * detectionUs);
    this.missedUs = Math.max(detectionUs / MISSED_SHARE, MISSED_PERIODS_MIN * periodUs);
    this.reportedUs = new Float64Array(networkCount).fill(NEVER);
    this.pauseUs = new Float64Array(networkCount);
    this.forgottenUs = new Float64Array(networkCount).fill(NEVER);
    this.answered = new Uint8Array(networkCount);
  }

  /** A keep-alive of the server itself has come in on the network. */
  noteHeard(network: number, server: number, nowUs: number): void {
    const slot = network * this.serverCount + server;
    const gapUs = nowUs - (this.heardUs[slot] as number);
    this.heardUs[slot] = nowUs;
    const sinceReportUs = nowUs - (this.reportedUs[network] as number);
    // It was missed, switches were told of the group, and here it is.
    if (this.pauseUs[network] === 0 || gapUs <= sinceReportUs) return;
    // A server that was away for longer has been started again.
    if (gapUs < this.missedUs + this.detectionUs) this.answered[network] = 1;
  }

  /** A period begins. One that comes late says nothing about the others. */
  begin(nowUs: number): void {
    this.isOnTime = nowUs - this.judgedUs < 1.5 * this.periodUs;
    this.judgedUs = nowUs;
  }

  /**
   * Once in a period.
   * @param isAlive the server is heard on any network
   * @param carrier of this server's interface to the network
   * @returns AS_BEFORE, FELL_SILENT or SILENCE_OVER
   */
  judge(
    network: number,
    server: number,
    isAlive: boolean,
    carrier: boolean,
    nowUs: number,
  ): number {
    const slot = network * this.serverCount + server;
    const wasSilent = this.silent[slot] === 1;
    if (!isAlive || !carrier || this.expectedUs[slot] === NEVER) {
      this.expectedUs[slot] = nowUs;
      this.silent[slot] = 0;
      return wasSilent ? SILENCE_OVER : AS_BEFORE;
    }
    const sinceUs = Math.max(this.heardUs[slot] as number, this.expectedUs[slot] as number);
    const isSilent = nowUs - sinceUs >= (wasSilent ? this.missedUs : this.silentUs);
    if (isSilent === wasSilent) return AS_BEFORE;
    this.silent[slot] = isSilent ? 1 : 0;
    return isSilent ? FELL_SILENT : SILENCE_OVER;
  }

  /**
   * Once in a period: whether switches are to be told that this host wants the group. A switch that
   * snoops forgets it where nobody asks (no querier), and then this host hears nobody: so at once
   * when somebody is missed, again with growing pauses, and now and then in any case.
   */
  wantsReport(network: number, nowUs: number): boolean {
    const sinceUs = nowUs - (this.reportedUs[network] as number);
    if (!this.isMissing(network, nowUs)) {
      this.pauseUs[network] = 0;
      if (sinceUs < GROUP_REPORT_MS * 1000) return false;
    } else {
      if (!this.isOnTime || sinceUs < (this.pauseUs[network] as number)) return false;
      const next = 2 * (this.pauseUs[network] as number);
      this.pauseUs[network] = Math.min(
        Math.max(next, this.detectionUs),
        GROUP_REPORT_PAUSE_MS_MAX * 1000,
      );
    }
    this.reportedUs[network] = nowUs;
    return true;
  }

  /** Somebody who was heard on the network is not heard there any more. */
  private isMissing(network: number, nowUs: number): boolean {
    const first = network * this.serverCount;
    for (let slot = first; slot < first + this.serverCount; slot++) {
      const heardUs = this.heardUs[slot] as number;
      if (heardUs !== NEVER && nowUs - heardUs >= this.missedUs) return true;
    }
    return false;
  }

  /**
   * Whether it has just turned out, after so long a pause, that switches had forgotten the group.
   */
  takeForgotten(network: number, nowUs: number): boolean {
    if (this.answered[network] === 0) return false;
    this.answered[network] = 0;
    if (nowUs - (this.forgottenUs[network] as number) < GROUP_FORGOTTEN_AGAIN_MS * 1000)
      return false;
    this.forgottenUs[network] = nowUs;
    return true;
  }

  /** Mask of the servers that are heard on the network now. */
  heardMask(network: number, nowUs: number): number {
    const windowUs = Math.max(this.detectionUs, MISSED_PERIODS_MIN * this.periodUs);
    let mask = 0;
    for (let server = 0; server < this.serverCount; server++) {
      const slot = network * this.serverCount + server;
      if (nowUs - (this.heardUs[slot] as number) < windowUs) mask |= 1 << server;
    }
    return mask;
  }
}
