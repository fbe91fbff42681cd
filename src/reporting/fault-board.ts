/**
 * Active faults of every server, and its build. `wingman manage` reports the faults of this server;
 * each keep-alive carries their number and, in turn, one of them or the build. So every server
 * shows the faults of all.
 */
import type { Engine } from "../core/engine.ts";
import { FAULT_REPORT_PERIODS, FAULTS_TOLD_MAX, SERVERS_MAX } from "../limits.ts";
import type { KeepAliveMessage } from "../wire/keep-alive.ts";

const AGE_S_MAX = 0xffff_ffff;

export class FaultBoard {
  /** Faults of each server; at most FAULTS_TOLD_MAX of them are reported one by one. */
  readonly count = new Uint8Array(SERVERS_MAX);
  /** FAULTS_TOLD_MAX rows per server: code, 0 while unknown; function index + 1; begin. */
  readonly code = new Uint16Array(SERVERS_MAX * FAULTS_TOLD_MAX);
  readonly functionNumber = new Uint16Array(SERVERS_MAX * FAULTS_TOLD_MAX);
  readonly sinceUs = new Float64Array(SERVERS_MAX * FAULTS_TOLD_MAX);
  /** First 48 bits of each server's build digest, as 16 and 32 bits; 0: unknown. */
  readonly buildHigh = new Uint16Array(SERVERS_MAX);
  readonly buildLow = new Uint32Array(SERVERS_MAX);
  private readonly builtIncarnation = new Uint32Array(SERVERS_MAX);
  private period = 0;

  constructor(
    private readonly serverCount: number,
    private readonly self: number,
    buildHigh = 0,
    buildLow = 0,
  ) {
    this.buildHigh[self] = buildHigh;
    this.buildLow[self] = buildLow;
  }

  /** Sets one of this server's own faults. @param functionNumber its index + 1, 0 for none */
  set(
    place: number,
    count: number,
    code: number,
    functionNumber: number,
    ageS: number,
    nowUs: number,
  ): void {
    this.take(this.self, place, count, code, functionNumber, ageS, nowUs);
  }

  /** Once per period: takes what the others report. No garbage. */
  observe({ membership }: Engine, nowUs: number): void {
    this.period++;
    for (let server = 0; server < this.serverCount; server++) {
      if (server === this.self) continue;
      if (!membership.isHeard(server)) this.count[server] = 0;
      else {
        const latest = membership.latest(server);
        const { faultPlace, faultCount, faultCode, faultFunction, faultAgeS } = latest;
        this.take(server, faultPlace, faultCount, faultCode, faultFunction, faultAgeS, nowUs);
        this.takeBuild(server, latest);
      }
    }
  }

  /** Writes this period's fault or the build into an own keep-alive. No garbage. */
  tell(message: KeepAliveMessage, nowUs: number): void {
    const count = this.count[this.self] as number;
    const told = Math.min(count, FAULTS_TOLD_MAX);
    const turn = Math.floor(this.period / FAULT_REPORT_PERIODS) % (told + 1);
    const isFault = turn < told;
    const place = isFault ? turn : 0;
    const row = this.self * FAULTS_TOLD_MAX + place;
    const code = isFault ? (this.code[row] as number) : 0;
    message.faultCount = count;
    message.faultPlace = place;
    message.faultCode = code;
    message.faultFunction = code === 0 ? 0 : (this.functionNumber[row] as number);
    const ageS = Math.floor((nowUs - (this.sinceUs[row] as number)) / 1_000_000);
    message.faultAgeS = code === 0 ? 0 : Math.min(Math.max(ageS, 0), AGE_S_MAX);
    message.buildHigh = this.buildHigh[this.self] as number;
    message.buildLow = this.buildLow[this.self] as number;
  }

  /** Not every message carries the build, so it is kept for one incarnation. */
  private takeBuild(server: number, { incarnation, buildHigh, buildLow }: KeepAliveMessage): void {
    const isNotable = buildHigh !== 0 || buildLow !== 0;
    if (!isNotable && this.builtIncarnation[server] === incarnation) return;
    this.builtIncarnation[server] = incarnation;
    this.buildHigh[server] = buildHigh;
    this.buildLow[server] = buildLow;
  }

  private take(
    server: number,
    place: number,
    count: number,
    code: number,
    functionNumber: number,
    ageS: number,
    nowUs: number,
  ): void {
    const before = this.count[server] as number;
    this.count[server] = count;
    const first = server * FAULTS_TOLD_MAX;
    // Rows beyond the number of faults, and new ones, are unknown until they are reported.
    for (let row = Math.min(before, count); row < FAULTS_TOLD_MAX; row++)
      this.code[first + row] = 0;
    if (code === 0 || place >= FAULTS_TOLD_MAX || place >= count) return;
    this.code[first + place] = code;
    this.functionNumber[first + place] = functionNumber;
    this.sinceUs[first + place] = nowUs - ageS * 1_000_000;
  }
}
