/** The meaning of a maintenance code. */

/** Meaning of one of the two values of a record. */
export type ValueKind =
  | "none"
  | "network"
  | "server"
  | "function"
  | "errno"
  | "number"
  | "milliseconds"
  | "perCent"
  /** Of a process; of one that a signal ended, its negative number. */
  | "exitCode"
  | "phase"
  /** Index of a slot: 0 is a. */
  | "slot"
  /** ROLLED_BACK_* of slots/slot-store. */
  | "rollBack"
  | "digest"
  /** Content found in a file: four characters here, four in the second value. */
  | "characters"
  /** LEASE_* of boundary/lease-kind. */
  | "leaseKind"
  /**
   * Function in the lower half and the first two bytes of a MAC in the upper half; the second value
   * has the rest of the MAC.
   */
  | "functionAndMac"
  /** The same with a network in the lower half. */
  | "networkAndMac"
  /** Mask of servers; in the word of a decision, together with the bits above them. */
  | "servers"
  /** Nine functions and their servers, encoded in both values by wire/decision-record. */
  | "owners"
  /** Function in the lower half, and the number of its VIP, from 0, in the upper half. */
  | "functionAndVip";

/** Treatment of a code by the fault memory; absent for a code that is no fault. */
interface FaultRules {
  /**
   * 1: noticed in cabin or cockpit; 2: maintenance status only; 3: only in this system's own
   * report.
   */
  readonly class?: 1 | 2 | 3;
  /**
   * Faults that end with this code, for the same subject: a server, network or function; for a
   * stranger function and MAC, for a VIP function and address.
   */
  readonly clears?: readonly number[];
  /** It only clears with one of these as its first value. */
  readonly clearsWith?: readonly number[];
  /**
   * How long the fault lasts. "cleared": until another code clears it. "start": until the daemon
   * restarts, because nothing reports its end. "engine": until a code clears it or the next engine
   * begins, which detects it again. A new daemon ends all faults: it detects those that persist.
   * Absent: it ends at once.
   */
  readonly lasts?: "cleared" | "start" | "engine";
  /**
   * Records that belong together are all logged, however often they come: the parts, and the end,
   * which alone is for people.
   */
  readonly series?: "part" | "end";
  /**
   * No fault in the time after a common power-up, while servers and links come up one after
   * another.
   */
  readonly inhibited?: boolean;
}

export interface CatalogueEntry {
  readonly code: number;
  readonly text: string;
  readonly first: ValueKind;
  readonly second: ValueKind;
  readonly cause: string;
  readonly action: string;
  /** 0: no fault. */
  readonly class: 0 | 1 | 2 | 3;
  readonly clears: readonly number[];
  readonly clearsWith: readonly number[] | null;
  readonly lasts: "cleared" | "start" | "engine" | null;
  readonly inhibited: boolean;
  readonly series: "part" | "end" | null;
}

/** Makes an entry of the catalogue. */
export function entry(
  code: number,
  text: string,
  first: ValueKind,
  second: ValueKind,
  cause: string,
  action: string,
  rules: FaultRules = {},
): CatalogueEntry {
  return {
    ...{ code, text, first, second, cause, action },
    class: rules.class ?? 0,
    clears: rules.clears ?? [],
    clearsWith: rules.clearsWith ?? null,
    lasts: rules.lasts ?? null,
    inhibited: rules.inhibited ?? false,
    series: rules.series ?? null,
  };
}
