/**
 * Names of the rare branches of the core. Each counts how often it is taken; the simulator requires
 * that its flights reach every one, so that no branch flies untested. Counting is one addition to a
 * preallocated table.
 */
/** Anything that is not rare. */
export const MARK_COMMON = 0;
export const MARK_UNREACHABLE = 34;
export const MARK_CORROBORATED = 1;
export const MARK_RELAYED = 2;
export const MARK_REPLAY_REFUSED = 3;
export const MARK_CANDIDATE = 4;
export const MARK_TWIN = 5;
export const MARK_INCOMPATIBLE = 6;
export const MARK_YIELDED_TO_FOREIGN_TABLE = 7;
export const MARK_PATIENCE_ENDED = 8;
export const MARK_ALL_HEARD_AT_START = 9;
export const MARK_EXCUSED = 10;
export const MARK_STALLED = 11;
export const MARK_LEASE_SHORTENED = 12;
export const MARK_LEASE_REFUSED = 13;
export const MARK_LEASE_RENEWED_BETWEEN = 14;
export const MARK_CUT_OFF = 15;
export const MARK_NO_CONTACT_AT_START = 16;
export const MARK_OWNED_TWICE = 17;
export const MARK_CLAIM_WITHDRAWN = 18;
export const MARK_RIVAL_CLAIM = 19;
export const MARK_MOVE_OVERDUE = 20;
export const MARK_VIP_FAILED = 21;
export const MARK_PUT_BACK = 22;
export const MARK_RESTORE_FAILED = 23;
export const MARK_CUT_OFF_WHILE_STOPPING = 24;
export const MARK_YIELD_WHILE_STOPPING = 25;
export const MARK_PROCESS_STILL_ENDING = 26;
export const MARK_PREEMPTED = 27;
export const MARK_DISAGREEMENT = 28;
export const MARK_DEAF_PEER = 29;
export const MARK_UNREACHABLE_RESTARTED = 30;
export const MARK_EXTRA_SENDS_SPENT = 31;
export const MARK_RELAYS_SPENT = 32;
export const MARK_UNREAD = 33;
export const MARK_LEASE_CUT_SHORT = 35;
export const MARK_SUCCEEDED = 36;
export const MARK_MOVED_BY_HAND = 37;
export const MARK_MOVE_GIVEN_UP = 38;
export const MARK_MOVE_NOT_POSSIBLE = 39;
export const MARK_MOVE_OVERTAKEN = 40;
export const MARK_CUT_OFF_FROM_CLIENTS = 41;
export const MARK_HELD = 42;
export const MARK_ISOLATION_UNKNOWN = 43;
export const MARK_ADD_WITHDRAWN = 44;
export const MARK_REACTION_FOUND = 45;
export const MARK_REACTION_SEARCHED = 46;

export const MARK_NAMES: readonly string[] = [
  "what is not rare",
  "others hear a server that this one does not",
  "a message was sent on",
  "a message was refused as a replay",
  "a message had not proven to be fresh",
  "a second box with this server's id",
  "a server with another table",
  "a serving server yields to another table",
  "a newcomer's patience ended",
  "every configured server was heard at the start",
  "own lateness excused silence",
  "this loop had stalled",
  "others' echoes shortened the lease",
  "the lease was not granted",
  "the lease was renewed between two keep-alives",
  "cut off from peers and witnesses",
  "a newcomer waits for contact",
  "owned twice, the other keeps it",
  "a claim was withdrawn",
  "a claim that goes before ours",
  "a move was carried out late",
  "a VIP could not be set",
  "a VIP was put back",
  "a VIP could not be put back",
  "cut off while a process is stopping",
  "owned twice while a process is stopping",
  "an address was gone before its process",
  "stopped for a more important function",
  "tables disagreed for too long",
  "a server that does not hear us",
  "an unreachable server came back as a new incarnation",
  "no further keep-alive in this period",
  "no further message sent on in this period",
  "silence was not judged, because datagrams were unread",
  "a server was silent for the detection time",
  "a server is heard that grants less than was renewed",
  "a new incarnation came while the old one was still counted on",
  "a move by hand was carried out",
  "a move by hand was given up",
  "a move by hand has no place in an allocation",
  "a move by hand was no longer possible when its turn came",
  "cut off from clients that another server reaches",
  "the claim waits for a lease that may still run",
  "the isolation is over, and others do not know of it yet",
  "a VIP that waited was not set: another server had it by then",
  "a reaction stood in the contingency book",
  "a reaction was searched for when it was needed",
];

/** How often each was taken in this process. */
export const marks = new Uint32Array(MARK_NAMES.length);
