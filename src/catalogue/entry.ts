/** What one maintenance code means. */

/** What one of the two values of a record is. */
export type ValueKind =
  | "none"
  | "network"
  | "server"
  | "function"
  | "errno"
  | "number"
  | "phase"
  /** Place of a slot: 0 is a. */
  | "slot"
  /** ROLLED_BACK_* of slots/slot-store. */
  | "rollBack"
  | "digest"
  /** LEASE_* of boundary/lease-kind. */
  | "leaseKind"
  /**
   * Function in the lower half and the first two bytes of a MAC in the upper half; the second value
   * is the rest of the MAC.
   */
  | "functionAndMac"
  /** Likewise with a network in the lower half. */
  | "networkAndMac"
  /** Function in the lower half, and which of its VIPs, from 0, in the upper half. */
  | "functionAndVip";

/** What a code is to the fault memory; all of it may be left out by one that is no fault. */
interface FaultRules {
  /**
   * 1: seen in cabin or cockpit; 2: maintenance status only; 3: in this system's own report only.
   */
  readonly class?: 1 | 2 | 3;
  /**
   * Faults of the same subject (server, network, function; a stranger by function and MAC,
   * a VIP by function and address) that are
   * over with it.
   */
  readonly clears?: readonly number[];
  /** It clears only with one of these as its first value. */
  readonly clearsWith?: readonly number[];
  /**
   * The fault is there until another code clears it ("cleared"), or, since nothing ever says that
   * it is over, until the daemon is started again ("start"); or until a code clears it or the next
   * engine begins, which finds it again ("engine"). A new daemon ends them all: it finds again what
   * is still there. Left out: it is over as soon as it was.
   */
  readonly lasts?: "cleared" | "start" | "engine";
  /**
   * No fault in the time after a common power-up, when servers and links come up one after another.
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
}

/** An entry of the catalogue. */
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
  };
}
