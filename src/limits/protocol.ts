/** What the servers rely on of each other; see also the lease in vips.ts. */
import { assert } from "../assert.ts";
import { LOST_AFTER_PERIODS_MAX } from "./aircraft.ts";

/**
 * Start-up listens for the detection time and this many periods more before owning anything
 * (protocol, section 2).
 */
export const LISTEN_EXTRA_PERIODS = 2;

/**
 * After so many periods without a keep-alive of a server, another incarnation of it may take its
 * place.
 */
export const SUCCESSION_PERIODS = 2;

/**
 * When a datagram of a server's own is so late, the others are asked to send its messages on
 * (core/relay): one that is missing shows in the next keep-alive of most. Any later, and leases run
 * out before the echoes come by the other way; what is sent on for nothing when a loop is late costs
 * some datagrams.
 */
export const DIRECT_LATE_MS = 2.5;

/**
 * Messages of one server that another one sends on in a period: the periodic one, and some changes
 * of state.
 */
export const RELAYS_PER_PERIOD_MAX = 4;

/**
 * Own keep-alives whose time is remembered, a power of two: more than are sent within the longest
 * detection time, the extra ones included.
 */
export const SENT_TIMES = 4096;

/** Keep-alives sent at once in one period at most; further changes wait for the next period. */
export const EXTRA_SENDS_MAX = 32;

/** An incarnation ends before its sequence numbers do: at 100 a second after more than a year. */
export const SEQUENCE_MAX = 0xfff0_0000;

/**
 * A planned move waits this much longer than the longest stop grace before the old owner lets go in
 * any case; where that is longer, so many periods: the new owner's word that it has room may be
 * lost once.
 */
export const HANDOVER_EXTRA_MS = 500;
export const HANDOVER_EXTRA_PERIODS = 2;

/**
 * A move that was asked for is given up after this part of a hand-over's time: well before the old
 * owner would let go of a function that the new one does not take.
 */
export const MOVE_SHARE_OF_HANDOVER = 2;

/**
 * A move that was carried out is told for so many periods more, so that all hear of the new owner
 * first.
 */
export const MOVE_TOLD_PERIODS = 3;

/**
 * Tables that disagree for this many periods although nothing changes are computed again from what
 * is seen (P5).
 */
export const DISAGREEMENT_PERIODS = 10;

/**
 * A server that reaches no witness for so long, and for two windows of its questions at least,
 * hands its functions over to one that does. Shorter, and what a switch loses while it learns would
 * move functions; longer, and the cabin would notice.
 */
export const WITNESS_SILENT_MS = 400;

/** And so long before that no witness answers is recorded: a switch may be started again. */
export const WITNESS_NAMED_MS = 1000;

/**
 * It takes part again after it has reached a witness without a break for so long; each time in a
 * row twice as long, up to the greater one: a cable that comes and goes moves nothing to and fro.
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
