/**
 * Codes of the maintenance records of the supervisor and of `wingman manage`, from 400. They are as
 * stable as those of the engine (boundary/maintenance-code).
 */
export const LOG_POWER_ON = 400;
export const LOG_STARTED_AGAIN = 401;
export const LOG_STOPPED = 402;
export const LOG_LEG_BEGUN = 410;
export const LOG_LEG_ENDED = 411;
export const LOG_ARCHIVED = 420;
export const LOG_RECORDS_DAMAGED = 421;
export const LOG_RECORDS_LOST = 422;
export const LOG_NOT_WRITTEN = 423;
export const LOG_WRITTEN_AGAIN = 424;
export const LOG_RESIZED = 425;
export const LOG_NOT_RESIZED = 426;
export const LOG_RENEWED = 427;
export const LOG_ACTION = 430;
export const LOG_ACTION_REFUSED = 431;

// Codes of the supervisor.
export const LOG_DRAIN_NOT_STORED = 432;
export const LOG_STARTED_DRAINED = 433;
export const LOG_RESUMED = 434;
export const LOG_DRAIN_STORED = 435;
export const LOG_CAPACITY_LOWERED = 436;
export const LOG_CAPACITY_FULL = 437;
export const LOG_HELD = 438;
export const LOG_HOLD_ENDED = 439;
export const LOG_INPUTS_NOT_STORED = 465;
export const LOG_INPUTS_STORED = 466;
export const LOG_CAPACITY_INPUT_WRONG = 467;
export const LOG_CAPACITY_INPUT_READ = 468;
export const LOG_HOLD_INPUT_WRONG = 469;
export const LOG_HOLD_INPUT_READ = 473;
export const LOG_RUN_KILLED = 440;
export const LOG_ENGINE_ENDED = 441;
export const LOG_ENGINE_STARTED = 442;
export const LOG_PROCESS_ENDED = 443;
export const LOG_VIPS_SWEPT = 444;
export const LOG_MANAGE_ENDED = 445;
export const LOG_INTERFACE_MISSING = 446;
export const LOG_INTERFACE_PRESENT = 447;
export const LOG_NETWORKS_MISSING = 448;
export const LOG_NETWORKS_PRESENT = 449;

// Codes of `wingman manage`.
export const LOG_ACTION_FAILED = 460;
export const LOG_GROUND_UNKNOWN = 461;
export const LOG_CONSOLE_FAILED = 462;
export const LOG_PAGE_FAILED = 463;
export const LOG_PAGE_REFUSED = 464;

// Codes of `wingman manage` about data loads.
export const LOG_LOAD_STARTED = 494;
export const LOG_LOAD_COMPLETED = 495;
export const LOG_LOAD_REFUSED = 496;
export const LOG_LOAD_ABORTED = 497;
export const LOG_LOAD_NOT_SERVED = 498;

// Codes of `wingman manage` about the machine.
export const LOG_EXECUTABLE_REPLACED = 450;
export const LOG_EXECUTABLE_RESTORED = 451;
export const LOG_DISK_HANGS = 452;
export const LOG_KEY_CHANGED = 454;
export const LOG_KEY_UNCHANGED = 455;
export const LOG_CONSOLE_IN_USE = 456;
export const LOG_CONSOLE_FREE = 457;
export const LOG_ANSWERS_FOR_VIP = 458;
export const LOG_ANSWERS_FOR_VIP_GONE = 459;

// Codes of the supervisor about the machine.
export const LOG_RUN_ON_DISK = 470;

// Codes of the supervisor about loadable parts.
export const LOG_PART_ON_TRIAL = 490;
export const LOG_PART_GOOD = 491;
export const LOG_PART_ROLLED_BACK = 492;

// Codes of the supervisor about the functions' processes.
export const LOG_FUNCTION_RETRYABLE = 480;
export const LOG_FUNCTION_WORKS = 481;
export const LOG_NOT_KEPT_READY = 482;
export const LOG_PROCESS_UNSTOPPABLE = 483;
export const LOG_PROCESS_GONE = 484;
export const LOG_START_REFUSED = 485;
export const LOG_RIGHTS_MISSING = 486;
export const LOG_NOT_READY = 487;
