/**
 * Real-time priority (SCHED_FIFO) of everything that measures. Prober, responder and watcher run
 * before everything that is measured, whatever the software: each works some ten microseconds per
 * millisecond, and any waiting would be charged to the system under test.
 */
export const MEASURING_PRIORITY = 60;
