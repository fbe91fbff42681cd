/** A pair of head-end servers as the benchmarks see it, whichever software flies on them. */
import { readFileSync } from "node:fs";
import type { Machine } from "./bench-network.ts";

/**
 * Software that keeps VIPs alive on two servers, the first of which is to own them all as long as
 * it lives.
 */
export interface HeadEnd {
  readonly name: string;
  /** Start-up of one benchmark: writes the configuration for `vips`. */
  prepare(vips: readonly string[]): void;
  /** Starts it on server `index` (0 or 1). */
  start(machine: Machine, index: number): void;
  /**
   * Whether server 0 owns every VIP, and server 1, when it is started, stands by and hears server
   * 0.
   */
  isSettled(machines: readonly Machine[]): Promise<boolean>;
  /**
   * The server (0 or 1) that owns every VIP while the other stands by and hears it, or null while
   * there is none.
   */
  ownerIn(machines: readonly [Machine, Machine]): Promise<number | null>;
  /**
   * The last lines that the software on server `index` has said, for when it does not do what it
   * should.
   */
  lastWords(index: number): string;
  /**
   * Planned departure of server 0 as its operator would order it. Comes back when it was ordered.
   */
  depart(machine: Machine): Promise<void>;
}

/** Keep-alive period and the number of silent ones that mean failure, for both systems. */
export const PERIOD_MS = 10;
export const LOST_AFTER_PERIODS = 3;

/**
 * The shortest detection time of Wingman that a lease fits into, at {@link PERIOD_MS}; keepalived
 * has no lease.
 */
export const LOST_AFTER_PERIODS_WITH_LEASE = 5;

const LAST_LINES = 3;

/** The end of a log. */
export function lastLines(file: string): string {
  return readFileSync(file, "utf8").trim().split("\n").slice(-LAST_LINES).join(" | ");
}

/** `count` VIPs in the client network. */
export function vipList(count: number): string[] {
  return Array.from(
    { length: count },
    (_, number) => `10.99.${1 + Math.floor(number / 250)}.${1 + (number % 250)}`,
  );
}
