/**
 * Codes of the maintenance records of the engine, 100 to 399: `WNG-` and four digits for people.
 * They are stable: none is ever used again for something else. What each means is in catalogue/.
 */
export const LOG_PHASE = 100;
export const LOG_SERVER_ALIVE = 110;
export const LOG_SERVER_LOST = 111;
export const LOG_SERVER_UNREACHABLE = 112;
export const LOG_SERVER_LEFT = 113;
export const LOG_SERVER_INCOMPATIBLE = 114;
export const LOG_SERVER_ID_TWICE = 115;
export const LOG_CARRIER_LOST = 120;
export const LOG_CARRIER_PRESENT = 121;
export const LOG_SEND_FAILED = 122;
export const LOG_ISOLATED = 125;
export const LOG_NETWORK_LOST = 123;
export const LOG_NETWORK_PRESENT = 124;
export const LOG_NETWORK_SILENT = 126;
export const LOG_NETWORK_HEARD = 127;
export const LOG_GROUP_FORGOTTEN = 128;
export const LOG_SERVER_NEVER_HEARD = 129;
/** Keep-alives refused: one code for each reason, in the order of upkeep/refused-senders. */
export const LOG_REFUSED_KEY = 130;
export const LOG_REFUSED_SYSTEM = 131;
export const LOG_REFUSED_PORT = 132;
export const LOG_REFUSED_SERVER = 133;
export const LOG_REFUSED_GONE = 134;
export const LOG_FUNCTION_UP = 200;
export const LOG_FUNCTION_RELEASED = 201;
export const LOG_FUNCTION_PREEMPTED = 202;
export const LOG_FUNCTION_FAILED = 203;
export const LOG_VIP_FAILED = 210;
export const LOG_VIP_REMOVED = 211;
export const LOG_VIP_FOREIGN = 212;
export const LOG_OWNED_TWICE = 213;
export const LOG_HANDOVER_LATE = 214;
export const LOG_STRANGER = 215;
export const LOG_STRANGER_GONE = 216;
export const LOG_DISAGREEMENT = 220;
export const LOG_MOVE_BEGUN = 230;
export const LOG_MOVE_DONE = 231;
export const LOG_MOVE_GIVEN_UP = 232;
export const LOG_NOT_REALTIME = 300;
export const LOG_STALLED = 301;
export const LOG_LEFTOVERS = 302;
export const LOG_QUEUE_FULL = 303;
export const LOG_NO_LEASE = 304;
export const LOG_LEASE_LOST = 305;
export const LOG_WATCHDOG_NO_TIMEOUT = 320;
export const LOG_WATCHDOG_REFUSED = 321;
export const LOG_LEASE_UNFIT = 306;
