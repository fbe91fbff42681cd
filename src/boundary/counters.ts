/** Datagram counters, in the order of the status snapshot. */
export const COUNTER_SENT = 0;
export const COUNTER_ACCEPTED = 1;
export const COUNTER_MALFORMED = 2;
export const COUNTER_AUTHENTICATION = 3;
export const COUNTER_REPLAY = 4;
export const COUNTER_UNKNOWN = 5;
export const COUNTER_SYSTEM = 6;
/** Own datagrams and second copies from the other network: neither accepted nor rejected. */
export const COUNTER_DUPLICATE = 7;
export const COUNTER_SEND_FAILED = 8;
/** Events lost because the queue was full. */
export const COUNTER_OVERFLOW = 9;
/** First contacts of a server that has not yet proven its freshness. */
export const COUNTER_UNPROVEN = 10;
/**
 * Datagrams dropped by the kernel: refused by the socket filter, or without room in the receive
 * buffer.
 */
export const COUNTER_DROPPED = 11;
/** Frames in which a foreign host answered for a VIP that is up here. */
export const COUNTER_STRANGER = 12;
export const COUNTERS = 13;
