/** Timing that the servers rely on of each other; see also the lease in vips.ts. */
import { assert } from "../assert.ts";
import { LOST_AFTER_PERIODS_MAX } from "./aircraft.ts";

/**
 * Start-up listens for the detection time and this many periods more before owning anything
 * (PROTOCOL.md, "Start-up").
 */
export const LISTEN_EXTRA_PERIODS = 2;

/**
 * After this many periods without a keep-alive of a server, another incarnation may take its place.
 */
export const SUCCESSION_PERIODS = 2;

/**
 * An engine goes by what the one before had heard no longer ago than this: more than a restart takes
 * with its pauses.
 */
export const REMEMBERED_S = 20;

/**
 * A server asks the others to send its messages on (core/relay) when a datagram of its own is this
 * late. One that is missing shows in the next keep-alive of most servers. Any later, and leases
 * would run out before the echoes arrive by the detour. When only the loop was late, the request
 * costs some needless datagrams.
 */
export const DIRECT_LATE_MS = 2.5;

/**
 * Messages of one server that another sends on per period: the periodic one and some changes of
 * state.
 */
export const RELAYS_PER_PERIOD_MAX = 4;

/**
 * Own keep-alives whose send time is remembered, a power of two: more than are sent within the
 * longest detection time, extra ones included.
 */
export const SENT_TIMES = 4096;

/** Maximum keep-alives sent at once in one period; further changes wait for the next period. */
export const EXTRA_SENDS_MAX = 32;

/**
 * An incarnation ends before its sequence numbers run out: after more than a year at 100 a second.
 */
export const SEQUENCE_MAX = 0xfff0_0000;

/**
 * Extra wait of a planned move beyond the longest stop grace, before the old owner lets go in any
 * case: this time, or this many periods where they are longer. The new owner's message that it has
 * room may be lost once.
 */
export const HANDOVER_EXTRA_MS = 500;
export const HANDOVER_EXTRA_PERIODS = 2;

/**
 * A requested move is given up after the hand-over's time divided by this: well before the old
 * owner would let go of a function that the new one does not take.
 */
export const MOVE_SHARE_OF_HANDOVER = 2;

/**
 * A completed move is announced for this many further periods, so that all hear of the new owner
 * first.
 */
export const MOVE_TOLD_PERIODS = 3;

/**
 * Tables that disagree for this many periods without any change are recomputed from observation
 * (P5).
 */
export const DISAGREEMENT_PERIODS = 10;

/**
 * A server that reaches no witness for this long, and for at least two windows of its questions,
 * hands its functions over to a server that does. If it were shorter, the losses of a switch that
 * is learning would move functions; if it were longer, the cabin would notice.
 */
export const WITNESS_SILENT_MS = 400;

/** Time before it is recorded that a server is heard, and does not hear this one. */
export const DEAF_NAMED_MS = 1000;

/** Time before it is recorded that no witness answers: a switch may be restarting. */
export const WITNESS_NAMED_MS = 1000;

/**
 * The server takes part again once it has reached a witness for this long without a break. The time
 * doubles with each repetition, up to the greater value: a loose cable does not move functions back
 * and forth.
 */
export const CUT_OFF_PAUSE_MS_MIN = 1000;
export const CUT_OFF_PAUSE_MS_MAX = 32_000;

assert((SENT_TIMES & (SENT_TIMES - 1)) === 0, "a sequence number's place is found by a mask");
assert(
  SENT_TIMES > LOST_AFTER_PERIODS_MAX * (1 + EXTRA_SENDS_MAX),
  "what is echoed within the detection time is remembered",
);
assert(
  HANDOVER_EXTRA_MS > 0 && HANDOVER_EXTRA_PERIODS >= 2,
  "a hand-over waits longer than the longest stop grace",
);
assert(MOVE_SHARE_OF_HANDOVER >= 2, "a move is given up well before the old owner lets go");
