/**
 * Which servers are heard on which keep-alive network. A server is alive as long as any network
 * carries it; a network that carries nothing while its carrier is up is detected only here.
 *
 * Pure and preallocated. The caller notes each keep-alive and judges once per period.
 */
import {
  GROUP_FORGOTTEN_REPEAT_MS,
  GROUP_REPORT_MS,
  GROUP_REPORT_PAUSE_MS_MAX,
  NETWORK_SILENT_MS,
} from "../limits.ts";

// ---- changes of a server on a network
export const NETWORK_UNCHANGED = 0;
/** The server is alive, but has been silent on this network for too long. */
export const NETWORK_SILENT = 1;
/** The server is heard on this network again, or no longer expected: the fault is over. */
export const NETWORK_HEARD_AGAIN = 2;

const NEVER = Number.NEGATIVE_INFINITY;
/** A server is missed after this fraction of the detection time: the report still helps in time. */
const MISSED_SHARE = 2;
/** Minimum of consecutive missed keep-alives: one or two are lost now and then. */
const MISSED_PERIODS_MIN = 3;

export class NetworkWatch {
  /** When each server was last heard on each network: one row per network. */
  private readonly heardUs: Float64Array;
  /** Since when each server is expected there. */
  private readonly expectedUs: Float64Array;
  private readonly silent: Uint8Array;
  private readonly silentUs: number;
  private readonly missedUs: number;
  /**
   * Per network: the last group report to switches, the next pause, and when switches had last
   * forgotten the group.
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

  /** Notes a keep-alive that the server itself sent on the network. */
  noteHeard(network: number, server: number, nowUs: number): void {
    const slot = network * this.serverCount + server;
    const gapUs = nowUs - (this.heardUs[slot] as number);
    this.heardUs[slot] = nowUs;
    const sinceReportUs = nowUs - (this.reportedUs[network] as number);
    // The server was missed, the group was reported to switches, and now it is heard.
    if (this.pauseUs[network] === 0 || gapUs <= sinceReportUs) return;
    // A longer gap means that the server was restarted.
    if (gapUs < this.missedUs + this.detectionUs) this.answered[network] = 1;
  }

  /** Begins a period. A late period says nothing about the others. */
  begin(nowUs: number): void {
    this.isOnTime = nowUs - this.judgedUs < 1.5 * this.periodUs;
    this.judgedUs = nowUs;
  }

  /**
   * Once per period.
   * @param isAlive the server is heard on any network
   * @param carrier of this server's interface to the network
   * @returns NETWORK_UNCHANGED, NETWORK_SILENT or NETWORK_HEARD_AGAIN
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
      return wasSilent ? NETWORK_HEARD_AGAIN : NETWORK_UNCHANGED;
    }
    const sinceUs = Math.max(this.heardUs[slot] as number, this.expectedUs[slot] as number);
    const isSilent = nowUs - sinceUs >= (wasSilent ? this.missedUs : this.silentUs);
    if (isSilent === wasSilent) return NETWORK_UNCHANGED;
    this.silent[slot] = isSilent ? 1 : 0;
    return isSilent ? NETWORK_SILENT : NETWORK_HEARD_AGAIN;
  }

  /**
   * Once per period: whether to report to switches that this host wants the group. Without a
   * querier, a snooping switch forgets the group, and this host hears nobody. So it reports at once
   * when a server is missed, again with growing pauses, and now and then in any case.
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

  /** Whether a server that was heard on the network is missed there. */
  private isMissing(network: number, nowUs: number): boolean {
    const first = network * this.serverCount;
    for (let slot = first; slot < first + this.serverCount; slot++) {
      const heardUs = this.heardUs[slot] as number;
      if (heardUs !== NEVER && nowUs - heardUs >= this.missedUs) return true;
    }
    return false;
  }

  /** Whether switches have just turned out to have forgotten the group; at most once per pause. */
  takeForgotten(network: number, nowUs: number): boolean {
    if (this.answered[network] === 0) return false;
    this.answered[network] = 0;
    if (nowUs - (this.forgottenUs[network] as number) < GROUP_FORGOTTEN_REPEAT_MS * 1000)
      return false;
    this.forgottenUs[network] = nowUs;
    return true;
  }

  /** Mask of the servers that are currently heard on the network. */
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
