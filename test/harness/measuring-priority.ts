/**
 * Real-time priority (SCHED_FIFO) of everything that measures. Prober, responder and watcher run
 * before all that is measured, whichever software it is: each works some ten microseconds in a
 * millisecond, and what they would wait for the system under test would be charged to it.
 */
export const MEASURING_PRIORITY = 60;
