import { beforeEach, describe, expect, test } from "bun:test";
import { addFunction } from "../allocation/function-bitmap.ts";
import { FunctionTable } from "../allocation/function-table.ts";
import {
  COUNTER_ACCEPTED,
  COUNTER_DUPLICATE,
  COUNTER_REPLAY,
  COUNTER_SYSTEM,
  COUNTER_UNKNOWN,
  COUNTER_UNPROVEN,
} from "../boundary/counters.ts";
import { EventQueue } from "../boundary/event-queue.ts";
import { HeardServers, passOn } from "../boundary/heard-servers.ts";
import { PHASE_ACTIVE, PHASE_LISTENING } from "../boundary/phase.ts";
import {
  SERVER_ALIVE,
  SERVER_INCOMPATIBLE,
  SERVER_JOINING,
  SERVER_LEAVING,
  SERVER_LOST,
  SERVER_SELF,
  SERVER_UNKNOWN,
} from "../boundary/server-state.ts";
import { timingOf } from "../boundary/timing.ts";
import { DIRECT_LATE_MS, REMEMBERED_S } from "../limits.ts";
import { FLAG_GOOD_BYE, FLAG_OWNS, FLAG_RELAYED, KeepAliveMessage } from "../wire/keep-alive.ts";
import { Admission } from "./admission.ts";
import { Changes } from "./changes.ts";
import { yieldsToForeignTable } from "./foreign-table.ts";
import { Membership } from "./membership.ts";

const OURS = 100;
const THEIRS = 200;
const timing = timingOf(10, 3, 3, 0);
let changes: Changes;
let membership: Membership;
let admission: Admission;
let nowUs: number;

/** A message of server 1 to us, server 0, that hears us. */
function message(sequence: number, change: Partial<KeepAliveMessage> = {}): KeepAliveMessage {
  const made = new KeepAliveMessage();
  Object.assign(made, {
    sender: 1,
    systemId: 42,
    digestHigh: 7,
    digestLow: 8,
    incarnation: THEIRS,
    phase: PHASE_ACTIVE,
    sequence,
  });
  made.heardIncarnation[0] = OURS;
  made.heardSequence[0] = 50;
  return Object.assign(made, change);
}

const events = new EventQueue();

function accept(arriving: KeepAliveMessage, network = 0): number {
  events.clear();
  events.nextMessage().copy(arriving);
  events.pushMessage(network);
  return admission.accept(events, 0, network, nowUs, 40);
}

/** Arrives one period after the last one. */
function arrive(arriving: KeepAliveMessage, network = 0): number {
  nowUs += timing.periodUs;
  return accept(arriving, network);
}

beforeEach(() => {
  nowUs = 1_000_000;
  const identity = {
    self: 0,
    systemId: 42,
    digestHigh: 7,
    digestLow: 8,
    incarnation: OURS,
    nonce: 0,
  };
  const row = { required: 1, priority: 1, servers: 7, process: 0, stopGraceMs: 0 };
  changes = new Changes();
  membership = new Membership(
    new FunctionTable([10, 10, 10], Array(4).fill(row)),
    identity,
    timing,
    changes,
  );
  admission = new Admission(3, identity, timing, membership, changes);
});

test("at first this server knows itself and nobody else", () => {
  expect([...membership.state.slice(0, 3)]).toEqual([SERVER_SELF, SERVER_UNKNOWN, SERVER_UNKNOWN]);
});

describe("a message is refused", () => {
  test.each([
    ["of another system", { systemId: 43 }, COUNTER_SYSTEM],
    ["of a server that is not configured", { sender: 3 }, COUNTER_UNKNOWN],
  ])("%s", (_, change, counter) => {
    expect(arrive(message(1, change))).toBe(counter);
    expect(membership.state[1]).toBe(SERVER_UNKNOWN);
  });

  test("when it does not hear us: a first contact, which we echo so that it can prove to be fresh", () => {
    const first = message(9);
    first.heardIncarnation[0] = 0;
    expect(arrive(first)).toBe(COUNTER_UNPROVEN);
    expect(membership.state[1]).toBe(SERVER_UNKNOWN);
    expect([admission.echoIncarnation(1), admission.echoSequence(1)]).toEqual([THEIRS, 9]);
    expect(changes.echoes).toBe(1);
  });

  test("when it hears an earlier incarnation of us, or an echo that is too old: a recording", () => {
    const old = message(9);
    old.heardIncarnation[0] = OURS - 1;
    expect(arrive(old)).toBe(COUNTER_REPLAY);
    const late = message(9);
    late.heardSequence[0] = 39;
    expect(arrive(late)).toBe(COUNTER_REPLAY);
    expect(membership.state[1]).toBe(SERVER_UNKNOWN);
  });

  test("when it is not newer than the last one on its network", () => {
    arrive(message(5));
    expect(arrive(message(5))).toBe(COUNTER_REPLAY);
    expect(arrive(message(4))).toBe(COUNTER_REPLAY);
    expect(membership.sequence[1]).toBe(5);
  });
});

test("of two networks the second copy is a duplicate, and each network may run ahead", () => {
  expect(arrive(message(1), 0)).toBe(COUNTER_ACCEPTED);
  expect(arrive(message(1), 1)).toBe(COUNTER_DUPLICATE);
  expect(arrive(message(2), 1)).toBe(COUNTER_ACCEPTED);
  expect(arrive(message(2), 0)).toBe(COUNTER_DUPLICATE);
  expect(arrive(message(3), 0)).toBe(COUNTER_ACCEPTED);
});

describe("recovery", () => {
  test("after recoveredAfterPeriods messages in a row", () => {
    for (const sequence of [1, 2, 3]) {
      expect(membership.state[1]).not.toBe(SERVER_ALIVE);
      arrive(message(sequence));
      membership.promoteAll(nowUs);
    }
    expect(membership.state[1]).toBe(SERVER_ALIVE);
  });

  test("a gap restarts the count", () => {
    for (const sequence of [1, 2, 4, 5]) arrive(message(sequence));
    membership.promoteAll(nowUs);
    expect(membership.state[1]).toBe(SERVER_JOINING);
    arrive(message(6));
    membership.promoteAll(nowUs);
    expect(membership.state[1]).toBe(SERVER_ALIVE);
  });

  test("messages that are sent at once do not shorten it", () => {
    for (const sequence of [1, 2, 3, 4]) accept(message(sequence));
    membership.promoteAll(nowUs);
    expect(membership.state[1]).toBe(SERVER_JOINING);
  });

  test("not while it does not hear us", () => {
    for (const sequence of [1, 2, 3]) arrive(message(sequence));
    const deaf = message(4);
    deaf.heardIncarnation[0] = 0;
    arrive(deaf);
    membership.promoteAll(nowUs);
    expect(membership.state[1]).toBe(SERVER_JOINING);
  });
});

test("a good-bye counts at once, and what the server owned is forgotten", () => {
  const owner = message(1);
  addFunction(owner.owns, 0, 3);
  arrive(owner);
  expect(membership.owns(1, 3)).toBe(true);
  arrive(message(2, { flags: FLAG_GOOD_BYE }));
  expect(membership.state[1]).toBe(SERVER_LEAVING);
  expect(membership.owns(1, 3)).toBe(false);
  expect(membership.counts(1)).toBe(false);
});

test("a new incarnation of a failed server begins with its own sequence numbers and owns nothing of the old one", () => {
  const owner = message(900);
  addFunction(owner.owns, 0, 3);
  arrive(owner);
  membership.setState(1, SERVER_LOST);
  expect(arrive(message(1, { incarnation: THEIRS + 1, nonce: 0 }))).toBe(COUNTER_ACCEPTED);
  expect(membership.incarnation[1]).toBe(THEIRS + 1);
  expect(membership.state[1]).toBe(SERVER_JOINING);
  expect(membership.owns(1, 3)).toBe(false);
});

test("a server with another table is no peer: its functions do not count, and its digest is kept for the fault", () => {
  const foreign = message(1, { digestHigh: 0xabcdef01 });
  addFunction(foreign.owns, 0, 3);
  expect(arrive(foreign)).toBe(COUNTER_SYSTEM);
  expect(membership.state[1]).toBe(SERVER_INCOMPATIBLE);
  expect(membership.latest(1).digestHigh).toBe(0xabcdef01);
  expect(membership.counts(1)).toBe(false);
  expect(membership.owns(1, 3)).toBe(false);
  expect(yieldsToForeignTable(membership, 0, false)).toBe(true); // it serves already
});

test("a late, older message of a server with another table changes nothing", () => {
  const foreign = { digestHigh: 0xabcdef01 };
  arrive(message(8, { ...foreign, phase: PHASE_ACTIVE, flags: FLAG_OWNS }));
  const heardUs = membership.lastHeardUs[1];
  expect(arrive(message(7, { ...foreign, phase: PHASE_LISTENING }))).toBe(COUNTER_SYSTEM);
  expect(yieldsToForeignTable(membership, 0, false)).toBe(true); // it serves
  expect(membership.lastHeardUs[1]).toBe(heardUs);
  arrive(message(1, { ...foreign, incarnation: THEIRS + 1, phase: PHASE_LISTENING }));
  expect(membership.latest(1).flags).toBe(0); // one that was started again begins to count anew
});

test("a server with another table that has left is gone: no server yields to it", () => {
  const foreign = { digestHigh: 0xabcdef01 };
  arrive(message(1, { ...foreign, phase: PHASE_ACTIVE, flags: FLAG_OWNS }));
  expect(arrive(message(2, { ...foreign, flags: FLAG_GOOD_BYE }))).toBe(COUNTER_SYSTEM);
  expect(membership.state[1]).toBe(SERVER_LEAVING);
  expect(membership.incompatible).toBe(0);
  expect(yieldsToForeignTable(membership, 0, false)).toBe(false);
  arrive(message(1, { ...foreign, phase: PHASE_ACTIVE, flags: FLAG_OWNS })); // it comes late
  expect(membership.state[1]).toBe(SERVER_LEAVING);
});

test("a view counts only for the incarnation that we know too", () => {
  arrive(message(1));
  const other = message(1, { sender: 2, incarnation: 300, heard: 0b010 });
  other.heardIncarnation[1] = THEIRS;
  arrive(other);
  expect(membership.hears[2] & 2).toBe(2);
  const outdated = message(2, { sender: 2, incarnation: 300, heard: 0b010 });
  outdated.heardIncarnation[1] = THEIRS - 1;
  arrive(outdated);
  expect(membership.hears[2] & 2).toBe(0);
});

test("one that did not hear us does so with an echo of what we have just sent: an older one answers a recording (simulator, seed 980011684)", () => {
  arrive(message(1));
  const echo = (sequence: number, heardSequence: number) => {
    const made = message(sequence);
    made.heardIncarnation[0] = heardSequence === 0 ? 0 : OURS;
    made.heardSequence[0] = heardSequence;
    arrive(made);
    return membership.echoedSequence[1];
  };
  expect(echo(2, 0)).toBe(0);
  expect(echo(3, 1)).toBe(0);
  expect(membership.lastEchoed[1]).toBe(50);
  expect(echo(4, 51)).toBe(51);
  expect(echo(5, 2)).toBe(2); // as long as it hears us, what it says counts
});

test("since when a server does not hear us any more is known", () => {
  arrive(message(1));
  const deaf = message(2);
  deaf.heardIncarnation[0] = 0;
  arrive(deaf);
  expect([membership.isDeafToUs(1), membership.deafSinceUs[1]]).toEqual([true, nowUs]);
  const saidAtUs = nowUs;
  arrive(Object.assign(deaf, { sequence: 3 }));
  expect([membership.isDeafToUs(1), membership.deafSinceUs[1]]).toEqual([true, saidAtUs]);
  arrive(message(4));
  expect(membership.isDeafToUs(1)).toBe(false);
});

test("an echo alone is no view: it may answer a recording", () => {
  arrive(message(1));
  const echo = message(1, { sender: 2, incarnation: 300 });
  echo.heardIncarnation[1] = THEIRS;
  arrive(echo);
  expect(membership.hears[2] & 2).toBe(0);
});

test("a message that another server sent on counts as heard, and not as direct", () => {
  arrive(message(1, { flags: FLAG_RELAYED }));
  expect(membership.isHeard(1)).toBe(true);
  expect(membership.directMask(nowUs)).toBe(0);
  arrive(message(2));
  expect(membership.directMask(nowUs)).toBe(0b010);
  const missedUs = timing.periodUs + DIRECT_LATE_MS * 1000;
  expect(membership.directMask(nowUs + missedUs - 1)).toBe(0b010);
  expect(membership.directMask(nowUs + missedUs)).toBe(0);
});

test("a server's own datagram after its relayed copy still counts as direct", () => {
  arrive(message(1));
  nowUs += 10 * timing.periodUs;
  expect(arrive(message(2, { flags: FLAG_RELAYED }))).toBe(COUNTER_ACCEPTED);
  expect(arrive(message(2))).toBe(COUNTER_DUPLICATE);
  expect(membership.directMask(nowUs)).toBe(0b010);
});

test("a newcomer that has not proven itself is known for as long as it was heard lately", () => {
  expect(admission.hearsCandidate(nowUs, timing.detectionUs)).toBe(false);
  const unproven = message(1);
  unproven.heardSequence[0] = 1;
  arrive(unproven);
  expect(admission.hearsCandidate(nowUs, timing.detectionUs)).toBe(true);
  expect(admission.hearsCandidate(nowUs + timing.detectionUs, timing.detectionUs)).toBe(false);
  arrive(message(2));
  expect(admission.hearsCandidate(nowUs, timing.detectionUs)).toBe(false); // it is heard now
});

test("own lateness excuses a silence for one detection time in all, and until the server is heard again", () => {
  arrive(message(1));
  membership.excuse(timing.periodUs);
  expect(membership.excusedUs[1]).toBe(timing.periodUs);
  for (let turn = 0; turn < 9; turn++) membership.excuse(timing.periodUs);
  expect(membership.excusedUs[1]).toBe(timing.detectionUs);
  arrive(message(2));
  expect(membership.excusedUs[1]).toBe(0);
});

describe("what the engine before had heard", () => {
  const before = new HeardServers();
  before.incarnation[1] = THEIRS;
  before.sequence[1] = 7;
  /** It does not hear this engine. */
  const deaf = (sequence: number, change: Partial<KeepAliveMessage> = {}) => {
    const made = message(sequence, change);
    made.heardIncarnation[0] = OURS - 1;
    return made;
  };

  beforeEach(() => {
    nowUs = 1_000_000;
    before.lastHeardUs[1] = nowUs - 1000 * REMEMBERED_S * 1000 + timing.periodUs;
    passOn(before, membership, 0);
  });

  test("proves that what is newer is no recording, while this one listens", () => {
    expect(membership.state[1]).toBe(SERVER_UNKNOWN);
    for (const old of [6, 7]) expect(arrive(deaf(old))).toBe(COUNTER_REPLAY);
    nowUs -= 2 * timing.periodUs;
    expect(arrive(deaf(8))).toBe(COUNTER_ACCEPTED);
    expect([membership.state[1], membership.isDeafToUs(1)]).toEqual([SERVER_JOINING, true]);
  });

  test("does not when it was long ago, for another incarnation or table, or when this one serves", () => {
    nowUs += 1;
    expect(arrive(deaf(8))).toBe(COUNTER_REPLAY);
    nowUs -= 2 * timing.periodUs;
    expect(arrive(deaf(8, { incarnation: THEIRS + 1 }))).toBe(COUNTER_REPLAY);
    nowUs -= timing.periodUs;
    expect(arrive(deaf(8, { digestLow: 9 }))).toBe(COUNTER_REPLAY);
    nowUs -= timing.periodUs;
    membership.isServing = true;
    expect(arrive(deaf(8))).toBe(COUNTER_REPLAY);
    expect(membership.state[1]).toBe(SERVER_UNKNOWN);
  });
});

describe("a server that does not hear us", () => {
  const third = (sequence: number, change: Partial<KeepAliveMessage> = {}) =>
    message(sequence, { sender: 2, heardIncarnation: new Uint32Array(16), ...change });

  beforeEach(() => {
    const witness = message(1, { heard: 1 << 2 });
    witness.heardIncarnation[2] = THEIRS;
    witness.heardSequence[2] = 8;
    arrive(witness);
  });

  test("is known by what another one hears of it", () => {
    expect(accept(third(8))).toBe(COUNTER_ACCEPTED);
    expect([membership.state[2], membership.isDeafToUs(2)]).toEqual([SERVER_JOINING, true]);
  });

  test.each([
    ["older", third(7)],
    ["of another incarnation", third(9, { incarnation: THEIRS - 1 })],
  ])("is not known by a recording that is %s", (_, recording) => {
    expect(accept(recording)).toBe(COUNTER_UNPROVEN);
    expect(membership.state[2]).toBe(SERVER_UNKNOWN);
  });

  test("is not known by what one says that is not heard itself, or only echoes it", () => {
    const echo = message(2);
    echo.heardIncarnation[2] = THEIRS;
    arrive(echo);
    expect(accept(third(9))).toBe(COUNTER_UNPROVEN);
    arrive(message(3, { heard: 1 << 2, heardIncarnation: echo.heardIncarnation }));
    membership.setState(1, SERVER_LOST);
    expect(accept(third(9))).toBe(COUNTER_UNPROVEN);
  });
});

describe("started again", () => {
  test("the successor of a server that missed two keep-alives is taken as soon as it has proven itself (simulator, seed 2011523)", () => {
    arrive(message(1));
    nowUs += 2 * timing.periodUs - timing.periodUs; // `arrive` adds one
    const unproven = message(1, { incarnation: THEIRS + 1 });
    unproven.heardIncarnation[0] = 0;
    expect(arrive(unproven)).toBe(COUNTER_UNPROVEN);
    expect(admission.successor(nowUs)).toBe(1);
    const ours = message(1);
    admission.echoSuccessor(ours, nowUs);
    expect([ours.successorServer, ours.successorIncarnation]).toEqual([1, THEIRS + 1]);
    expect(membership.incarnation[1]).toBe(THEIRS); // nothing acts yet
    const proven = message(2, { incarnation: THEIRS + 1 });
    proven.heardIncarnation[0] = 0;
    Object.assign(proven, {
      successorServer: 0,
      successorIncarnation: OURS,
      successorSequence: 50,
    });
    expect(arrive(proven)).toBe(COUNTER_ACCEPTED);
    expect(membership.incarnation[1]).toBe(THEIRS + 1);
    expect(admission.successor(nowUs)).toBe(-1);
  });

  test("while the server is heard there is no other", () => {
    arrive(message(1));
    expect(arrive(message(1, { incarnation: THEIRS + 1 }))).toBe(COUNTER_UNKNOWN);
    expect(admission.successor(nowUs)).toBe(-1);
  });
});
