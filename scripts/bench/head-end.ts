/** A pair of head-end servers for the benchmarks, with any software. */
import { readFileSync } from "node:fs";
import type { Machine } from "./bench-network.ts";

/**
 * Software that keeps VIPs alive on two servers; the first one should own them all while it lives.
 */
export interface HeadEnd {
  readonly name: string;
  /** Start-up of one benchmark: writes the configuration for `vips`. */
  prepare(vips: readonly string[]): void;
  /** Starts it on server `index` (0 or 1). */
  start(machine: Machine, index: number): void;
  /** Whether server 0 owns every VIP, and server 1, if started, stands by and hears server 0. */
  isSettled(machines: readonly Machine[]): Promise<boolean>;
  /**
   * The server (0 or 1) that owns every VIP while the other stands by and hears it, or null when
   * there is none.
   */
  ownerIn(machines: readonly [Machine, Machine]): Promise<number | null>;
  /** Last lines logged by the software on server `index`, for error messages. */
  lastWords(index: number): string;
  /** Planned departure of server 0, as ordered by an operator. Returns when it was ordered. */
  depart(machine: Machine): Promise<void>;
}

/** Keep-alive period and the number of silent ones that mean failure, for both systems. */
export const PERIOD_MS = 10;
export const LOST_AFTER_PERIODS = 3;

/**
 * Wingman's shortest detection time that fits a lease, at {@link PERIOD_MS}; keepalived has no
 * lease.
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
