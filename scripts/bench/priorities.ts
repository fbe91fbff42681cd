/**
 * Prober and responder run before everything that is measured, for both systems alike: each works
 * some ten microseconds in a millisecond, and what they would wait for the system under test would
 * be charged to it.
 */
export const MEASURING_PRIORITY = 60;

/** keepalived's VRRP process; Wingman's engine takes the same by itself. */
export const KEEPALIVED_PRIORITY = 50;
