/**
 * Nothing untrusted acts (P8): anything on the keep-alive port that is not a fresh, sealed message
 * of a server of this system is counted, and changes nothing else in the whole engine. Each
 * comparison has a canary that must break it.
 */
import { describe, expect, test } from "bun:test";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import {
  COUNTER_ACCEPTED,
  COUNTER_AUTHENTICATION,
  COUNTER_MALFORMED,
  COUNTER_SYSTEM,
  COUNTER_UNKNOWN,
} from "../../src/boundary/counters.ts";
import type { Engine } from "../../src/core/engine.ts";
import { KeepAliveSeal } from "../../src/io/keep-alive-seal.ts";
import {
  decodeKeepAlive,
  encodeKeepAlive,
  KEEP_ALIVE_BYTES,
  KeepAliveMessage,
} from "../../src/wire/keep-alive.ts";
import { Random } from "../harness/seeded-random.ts";
import { tableOf } from "../patent/system-of-servers.ts";
import { NominalWorld } from "../simulation/nominal-world.ts";
import { differences, stateDigest } from "./state-digest.ts";

const ROUNDS = 5_000;
const SEALED_ROUNDS = 1_000;
const seal = new KeepAliveSeal(new Uint8Array(32).fill(3));

/**
 * Counters are what may change, those of changes and of the steps in which nothing new was decided
 * too. The event queue is scratch. A first contact is answered by an echo, and by nothing else.
 */
const EXEMPT = new Set([
  "counters",
  "events",
  "changes",
  "seen",
  "message",
  "echoesGiven",
  "isRequested",
  "extraSends",
  "decisions",
  "nowUs",
  "readUs",
]);
const CANDIDATE = ["candidate", "candidateSequence", "candidateHeardUs", "candidateOfDeparture"];
const EXEMPT_FOR_FIRST_CONTACT = new Set([...EXEMPT, ...CANDIDATE]);

interface Flight {
  world: NominalWorld;
  engine: Engine;
  /** Everything that server 1 has sent to server 0. */
  recorded: DataView[];
}

/** Three servers in quiet flight; server 0 is the one that is attacked. */
function flight(): Flight {
  const table = tableOf(
    [100, 100, 100],
    [
      [30, 9],
      [30, 8],
      [30, 7],
    ],
  );
  const world = new NominalWorld({ table, policy: PREEMPT });
  const recorded: DataView[] = [];
  world.air.filter = (from, to, _, datagram) => {
    if (from === 1 && to === 0) recorded.push(copy(datagram));
    return true;
  };
  world.startAll();
  world.run(305);
  const engine = world.engine(0);
  engine.step(world.nowUs);
  return { world, engine, recorded };
}

/** The bytes in the air are only there while they are looked at. */
function copy({ buffer, byteOffset, byteLength }: DataView): DataView {
  return new DataView(buffer.slice(byteOffset, byteOffset + byteLength));
}

type Verify = (bytes: Uint8Array) => boolean;

/** The flight loop's handling of `length` received bytes, and the step after it. */
function receive(
  { engine, world }: Flight,
  bytes: Uint8Array,
  length: number,
  verify: Verify,
): void {
  const { events, counters } = engine;
  const view = new DataView(bytes.buffer);
  if (length !== KEEP_ALIVE_BYTES) counters[COUNTER_MALFORMED]++;
  else if (!verify(bytes)) counters[COUNTER_AUTHENTICATION]++;
  else if (!decodeKeepAlive(view, length, events.nextMessage())) counters[COUNTER_MALFORMED]++;
  else events.pushMessage(0);
  engine.step(world.nowUs);
}

const honest: Verify = (bytes) => seal.verify(bytes);
const credulous: Verify = () => true;

function sealed(datagram: DataView): Uint8Array {
  const bytes = new Uint8Array(2048);
  bytes.set(new Uint8Array(datagram.buffer, 0, KEEP_ALIVE_BYTES));
  seal.seal(bytes);
  return bytes;
}

/** A message of server 1 that would be accepted next. */
function next({ recorded }: Flight, change: (message: KeepAliveMessage) => void): Uint8Array {
  const message = new KeepAliveMessage();
  decodeKeepAlive(recorded[recorded.length - 1], KEEP_ALIVE_BYTES, message);
  message.sequence++;
  change(message);
  const datagram = new DataView(new ArrayBuffer(KEEP_ALIVE_BYTES));
  encodeKeepAlive(message, datagram);
  return sealed(datagram);
}

/** @returns the fields that changed */
function attack(
  target: Flight,
  bytes: Uint8Array,
  length: number,
  verify = honest,
  exempt = EXEMPT,
): string[] {
  const before = stateDigest(target.engine, exempt);
  const total = sum(target.engine.counters);
  receive(target, bytes, length, verify);
  expect(sum(target.engine.counters)).toBe(total + 1);
  return differences(before, stateDigest(target.engine, exempt));
}

function sum(counters: Uint32Array): number {
  return counters.reduce((total, count) => total + count, 0);
}

describe("canaries", () => {
  test("a genuine message changes the state", () => {
    const target = flight();
    const bytes = next(target, () => {});
    expect(attack(target, bytes, KEEP_ALIVE_BYTES).length).toBeGreaterThan(0);
    expect(target.engine.counters[COUNTER_AUTHENTICATION]).toBe(0);
  });

  test("a receiver that does not look at the seal is found out by forged messages", () => {
    const target = flight();
    const bytes = next(target, (message) => message.owns.fill(0xffffffff));
    bytes[KEEP_ALIVE_BYTES - 1] ^= 1;
    expect(attack(target, bytes, KEEP_ALIVE_BYTES, credulous).length).toBeGreaterThan(0);
  });

  test("a digest of the state that leaves something out would be found out: every column is in it", () => {
    const { engine } = flight();
    const before = stateDigest(engine, EXEMPT);
    for (const change of [
      () => engine.membership.hears[2]++,
      () => engine.handover.assigned[1]++,
      () => engine.agreement.allocation.current[1]++,
      () => engine.effects.push(1, 0, 0, 0),
    ]) {
      change();
      const after = stateDigest(engine, EXEMPT);
      expect(differences(before, after)).not.toEqual([]);
    }
  });
});

test("random bytes of any length", () => {
  const random = new Random(1);
  const target = flight();
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = Uint8Array.from({ length: 2048 }, () => random.between(0, 255));
    const length = random.oneIn(3) ? KEEP_ALIVE_BYTES : random.between(0, 3000);
    expect(attack(target, bytes, length)).toEqual([]);
  }
  const { counters } = target.engine;
  expect(counters[COUNTER_MALFORMED] + counters[COUNTER_AUTHENTICATION]).toBe(ROUNDS);
});

test("a genuine message that is truncated or too long, by any number of bytes", () => {
  const target = flight();
  const bytes = next(target, () => {});
  for (let length = 0; length <= 2048; length++) {
    if (length !== KEEP_ALIVE_BYTES) expect(attack(target, bytes, length)).toEqual([]);
  }
});

test("a genuine message with one bit flipped, wherever it is", () => {
  const target = flight();
  for (let bit = 0; bit < KEEP_ALIVE_BYTES * 8; bit++) {
    const bytes = next(target, () => {});
    bytes[bit >> 3] ^= 1 << (bit & 7);
    expect(attack(target, bytes, KEEP_ALIVE_BYTES)).toEqual([]);
  }
  expect(target.engine.counters[COUNTER_ACCEPTED]).toBe(flight().engine.counters[COUNTER_ACCEPTED]);
});

test("sealed nonsense is malformed", () => {
  const random = new Random(2);
  const target = flight();
  for (let round = 0; round < SEALED_ROUNDS; round++) {
    const bytes = Uint8Array.from({ length: KEEP_ALIVE_BYTES }, () => random.between(0, 255));
    seal.seal(bytes);
    expect(attack(target, bytes, KEEP_ALIVE_BYTES)).toEqual([]);
  }
  expect(target.engine.counters[COUNTER_MALFORMED]).toBe(SEALED_ROUNDS);
});

test("a message forged with another key, or without one", () => {
  const target = flight();
  for (const other of [new KeepAliveSeal(new Uint8Array(32).fill(4)), new KeepAliveSeal(null)]) {
    const bytes = next(target, (message) => message.claims.fill(0xffffffff));
    other.seal(bytes);
    expect(attack(target, bytes, KEEP_ALIVE_BYTES)).toEqual([]);
  }
  expect(target.engine.counters[COUNTER_AUTHENTICATION]).toBe(2);
});

test("a sealed message of another system", () => {
  const target = flight();
  const bytes = next(target, (message) => {
    message.systemId ^= 1;
    message.owns.fill(0xffffffff);
  });
  expect(attack(target, bytes, KEEP_ALIVE_BYTES)).toEqual([]);
  expect(target.engine.counters[COUNTER_SYSTEM]).toBe(1);
});

test("a sealed message of a server that is not configured", () => {
  const target = flight();
  for (let sender = 3; sender < 16; sender++) {
    const bytes = next(target, (message) => {
      message.sender = sender;
    });
    expect(attack(target, bytes, KEEP_ALIVE_BYTES)).toEqual([]);
  }
  expect(target.engine.counters[COUNTER_UNKNOWN]).toBe(13);
});

test("a genuine message that asks for an impossible move (no function, no server, no room): nothing moves", () => {
  const random = new Random(3);
  const target = flight();
  const { world } = target;
  const owners = world.owners().join();
  const assigned = [...target.engine.handover.assigned];
  for (let round = 0; round < 300; round++) {
    const bytes = next(target, (message) => {
      message.sequence += round;
      message.moveFunction = random.oneIn(2) ? random.between(4, 1024) : random.between(1, 3);
      message.moveServer = message.moveFunction > 3 ? random.between(0, 15) : random.between(3, 15);
    });
    receive(target, bytes, KEEP_ALIVE_BYTES, honest);
    expect([...target.engine.handover.assigned]).toEqual(assigned);
  }
  expect(target.engine.counters[COUNTER_ACCEPTED]).toBeGreaterThan(300);
  world.run(500);
  expect(world.owners().join()).toBe(owners);
});

describe("recordings", () => {
  test("of this incarnation, while the server is heard", () => {
    const target = flight();
    for (const datagram of target.recorded) {
      expect(attack(target, sealed(datagram), KEEP_ALIVE_BYTES)).toEqual([]);
    }
  });

  test("of an earlier incarnation of the server and of this one", () => {
    const target = flight();
    const { world } = target;
    const old = [...target.recorded];
    const [attacked, sender] = world.hosts;
    world.powerOff(sender);
    world.run(100);
    world.start(sender);
    world.start(attacked);
    world.run(300);
    target.engine = world.engine(0);
    for (const datagram of old) {
      expect(
        attack(target, sealed(datagram), KEEP_ALIVE_BYTES, honest, EXEMPT_FOR_FIRST_CONTACT),
      ).toEqual([]);
    }
    expect(world.agrees()).toBe(true);
  });

  test("of a server that has failed since, although they were not heard at their time", () => {
    const target = flight();
    const { world } = target;
    world.cutOneWay(1, 0, true);
    world.cutOneWay(1, 2, true);
    const unheard = next(target, (message) => {
      message.sequence += 5;
    });
    world.powerOff(world.hosts[1]);
    world.run(500);
    const owners = world.owners().join();
    expect(attack(target, unheard, KEEP_ALIVE_BYTES, honest, EXEMPT_FOR_FIRST_CONTACT)).toEqual([]);
    world.run(500);
    expect(world.owners().join()).toBe(owners);
  });

  test("of this server itself do not keep it from serving", () => {
    const table = tableOf([100, 100], [[30, 9]]);
    const world = new NominalWorld({ table, policy: PREEMPT });
    const own: DataView[] = [];
    world.air.filter = (from, _to, _network, datagram) => {
      if (from === 0) own.push(copy(datagram));
      return true;
    };
    world.startAll();
    world.run(300);
    const [attacked, other] = world.hosts;
    world.powerOff(other);
    world.start(attacked);
    for (let ms = 0; ms < 300; ms += 5) {
      world.air.inject(0, own[ms % own.length], 0, world.nowUs);
      world.run(5);
    }
    expect(world.owners()).toEqual([0]);
  });
});
