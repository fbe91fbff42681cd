/**
 * What the flight loop gets from the kernel when it moves VIPs: an event for every request,
 * whatever happens to the kernel's answers, with the addresses on the interface or that they are
 * unknown.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  EFFECT_ANNOUNCE,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
  EffectQueue,
} from "../../src/boundary/effect-queue.ts";
import {
  EVENT_VIP_DOWN,
  EVENT_VIP_FAILED,
  EVENT_VIP_STAYS,
  EVENT_VIP_UP,
  EventQueue,
} from "../../src/boundary/event-queue.ts";
import { Announcer } from "../../src/io/announcer.ts";
import { socketPair } from "../../src/io/control-socket.ts";
import { ENOBUFS, ENODEV, ENOMEM, EPERM, ETIMEDOUT } from "../../src/io/errno.ts";
import { libc } from "../../src/io/libc.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { RENEWAL_REQUEST_BYTES_MAX, RenewalProcess } from "../../src/io/renewal-process.ts";
import { VipService } from "../../src/io/vip-service.ts";
import { VipSwitcher } from "../../src/io/vip-switcher.ts";
import { RENEWAL_ROUND_MS } from "../../src/limits.ts";
import { AddressRenewal } from "../../src/upkeep/address-renewal.ts";
import { NETLINK_ROUTE } from "../../src/wire/rtnetlink.ts";
import { type Host, VirtualNetwork, vip } from "../harness/virtual-network.ts";
import { fillReceiveBuffer, Losses, netlinkOf } from "./lossy-netlink.ts";

const OWN = "10.44.0.1/16";
const VIPS = [
  ["10.44.1.1/16", "fd44:0:0:0:0:0:1:1/64"],
  ["10.44.1.2/16"],
  ["10.45.1.3/16", "10.45.1.4/16"],
];
/** Every answer, until set otherwise. */
const ALL = Number.POSITIVE_INFINITY;
/** A turn with a lost answer takes some 20 ms; on a busy machine it is over after this many ms. */
const TURN_MS_MAX = 30_000;
const TURNS_MAX = 100;
/** System calls of an announcement: requests, then replies. */
const CALLS = 2;

let network: VirtualNetwork;
let host: Host;
let switcher: VipSwitcher;
let announcer: Announcer;
let service: VipService;
let losses: Losses;
const events = new EventQueue();
/** Reports of ownership, and the number of addresses at that time. */
const owned: string[] = [];
let effects: EffectQueue;

beforeEach(() => {
  network = new VirtualNetwork();
  host = network.addHost(OWN);
  serve(VIPS);
});
afterEach(() => {
  switcher.close();
  announcer.close();
  network.close();
});

/** Addresses on the interface; 0 when there is none. */
function upNow(): number {
  try {
    return host.addresses().length;
  } catch {
    return 0;
  }
}

function serve(texts: string[][], lifetimeS?: number): void {
  const vips = texts.map((list) => list.map(vip));
  switcher = host.inside(() => new VipSwitcher("eth0", vips, lifetimeS));
  announcer = host.inside(() => new Announcer("eth0", vips));
  owned.length = 0;
  service = new VipService(
    ...([switcher, announcer, vips.length, new AddressRenewal(1), null] as const),
    {
      setOwned: (index, isOwned) => {
        owned.push(`${index} ${isOwned ? "owned" : "not owned"}, ${upNow()} up`);
      },
    },
  );
  losses = new Losses(netlinkOf(switcher));
  effects = new EffectQueue();
  events.clear();
}

/** One turn, as the flight loop carries effects out; nothing in it hangs. */
function turn(): void {
  const beganUs = nowUs();
  while (effects.urgentCount > 0 && service.hasRoom(effects.peek(), effects.peekIndex(), true)) {
    effects.take();
    if (effects.kind === EFFECT_VIP_ADD) service.add(effects.index);
    else if (effects.kind === EFFECT_VIP_REMOVE) service.remove(effects.index);
    else service.announce(effects.index);
  }
  host.inside(() => service.commit(events, effects.urgentCount > 0));
  expect(nowUs() - beganUs).toBeLessThan(TURN_MS_MAX * 1000);
}

/** Turns until nothing is left to do; gives how many. */
function turns(): number {
  for (let count = 0; count < TURNS_MAX; count++) {
    if (effects.urgentCount === 0) return count;
    turn();
  }
  throw new Error(`${effects.urgentCount} effects after ${TURNS_MAX} turns`);
}

const ask = (kind: number, ...indices: number[]): void => {
  for (const index of indices) effects.push(kind, index, 0, 0);
};

/** Reports since then: kind, index and values of each event. */
function takeEvents(): number[][] {
  const taken = Array.from({ length: events.count }, (_, at) => [
    events.kind[at] as number,
    events.index[at] as number,
    events.first[at] as number,
    events.second[at] as number,
  ]);
  events.clear();
  return taken;
}

const up = (index: number): number[] => [EVENT_VIP_UP, index, 0, 0];
const down = (index: number): number[] => [EVENT_VIP_DOWN, index, 0, 0];
/** It may be up, and is worth another attempt. */
const unanswered = (index: number): number[] => [EVENT_VIP_FAILED, index, ETIMEDOUT, 1];
/** It may still be up. */
const stays = (index: number): number[] => [EVENT_VIP_STAYS, index, ETIMEDOUT, 0];

const UP_0 = ["10.44.1.1/32", "fd44::1:1/64"];

describe("every answer arrives", () => {
  test("up, announced, reported, and down again, one turn each", () => {
    ask(EFFECT_VIP_ADD, 0, 1, 2);
    expect(turns()).toBe(1);
    expect(takeEvents()).toEqual([0, 1, 2].map((index) => up(index)));
    expect(host.addresses()).toEqual(
      [OWN, ...UP_0, "10.44.1.2/32", "10.45.1.3/32", "10.45.1.4/32"].sort(),
    );
    expect(announcer.systemCalls).toBe(CALLS);
    ask(EFFECT_ANNOUNCE, 1);
    expect(turns()).toBe(1);
    expect([announcer.systemCalls, announcer.queued]).toEqual([2 * CALLS, 0]);
    ask(EFFECT_VIP_REMOVE, 0, 2);
    expect(turns()).toBe(1);
    expect(takeEvents()).toEqual([0, 2].map((index) => down(index)));
    expect(host.addresses()).toEqual([OWN, "10.44.1.2/32"].sort());
    expect(announcer.systemCalls).toBe(2 * CALLS);
  });

  test("a function is in a batch once: the next request is done in the next turn, and both are reported", () => {
    ask(EFFECT_VIP_REMOVE, 0);
    ask(EFFECT_VIP_ADD, 0, 1);
    expect(turns()).toBe(2);
    expect(takeEvents()).toEqual([down(0), up(0), up(1)]);
    expect(host.addresses()).toEqual([OWN, ...UP_0, "10.44.1.2/32"].sort());
  });

  test("letting go of everything at once, however many batches it takes", () => {
    switcher.close();
    announcer.close();
    serve(Array.from({ length: 40 }, (_, f) => [1, 2, 3, 4].map((i) => `10.44.${f}.${i + 1}/16`)));
    ask(EFFECT_VIP_ADD, ...Array.from({ length: 40 }, (_, index) => index));
    expect(turns()).toBe(3);
    expect(takeEvents()).toHaveLength(40);
    expect(host.addresses()).toHaveLength(1 + 160);
    host.inside(() => service.removeAll());
    expect(host.addresses()).toEqual([OWN]);
    expect(takeEvents()).toEqual([]);
  });
});

describe("an answer that is lost", () => {
  for (const [how, lose] of [
    ["by the kernel, for want of room", fill],
    ["on its way", loseAll],
  ] as const) {
    test(`${how}, to an addition: it is reported; asked again it is up, and ours`, () => {
      const end = lose();
      ask(EFFECT_VIP_ADD, 0, 1);
      turn();
      expect(takeEvents()).toEqual([unanswered(0), unanswered(1)]);
      expect(host.addresses()).toContain("10.44.1.1/32"); // the kernel did it
      expect(announcer.systemCalls).toBe(0);
      end();
      ask(EFFECT_VIP_ADD, 0, 1);
      expect(turns()).toBe(1);
      expect(takeEvents()).toEqual([up(0), up(1)]);
      expect(host.addresses()).toEqual([OWN, ...UP_0, "10.44.1.2/32"].sort());
      expect([...switcher.up]).toEqual([1, 1, 1, 0, 0]);
      expect([...switcher.foreign]).toEqual([0, 0, 0, 0, 0]);
      expect(announcer.systemCalls).toBe(CALLS);
      ask(EFFECT_VIP_REMOVE, 0, 1);
      expect(turns()).toBe(1);
      expect(host.addresses()).toEqual([OWN]);
    });

    test(`${how}, to a deletion: it is reported as gone only after the kernel confirms`, () => {
      ask(EFFECT_VIP_ADD, 0, 1);
      turns();
      takeEvents();
      const end = lose();
      ask(EFFECT_VIP_REMOVE, 0, 1);
      turn();
      expect(takeEvents()).toEqual([stays(0), stays(1)]);
      expect([...switcher.up]).toEqual([0, 0, 0, 0, 0]); // whatever is left is not renewed
      end();
      ask(EFFECT_VIP_REMOVE, 0, 1);
      expect(turns()).toBe(1);
      expect(takeEvents()).toEqual([down(0), down(1)]);
      expect(host.addresses()).toEqual([OWN]);
      ask(EFFECT_VIP_ADD, 0);
      expect(turns()).toBe(1);
      expect(takeEvents()).toEqual([up(0)]);
    });
  }

  test("without another request: the deletion removes what may be there", () => {
    losses.lose(ALL);
    ask(EFFECT_VIP_ADD, 0);
    turns();
    expect(takeEvents()).toEqual([unanswered(0)]);
    losses.lose(0);
    ask(EFFECT_VIP_REMOVE, 0);
    expect(turns()).toBe(1);
    expect(takeEvents()).toEqual([down(0)]);
    expect(host.addresses()).toEqual([OWN]);
  });

  test("late: it is no answer to a later request", () => {
    const late = losses.delay();
    ask(EFFECT_VIP_ADD, 0);
    turns();
    expect(takeEvents()).toEqual([unanswered(0)]);
    host.ip("addr", "add", "10.44.1.2/32", "dev", "eth0");
    late(); // before the refusal of the next one
    ask(EFFECT_VIP_ADD, 1);
    turns();
    expect(takeEvents()).toEqual([up(1)]);
  });

  test("behind one that arrived: what the kernel refused is known, the rest is not", () => {
    host.ip("addr", "add", "10.44.1.2/32", "dev", "eth0");
    losses.interrupt(1, () => -ENOBUFS);
    ask(EFFECT_VIP_ADD, 1, 2);
    turns();
    expect(takeEvents()).toEqual([up(1), unanswered(2)]);
  });

  test("about an existing address: one that we set is still ours", () => {
    ask(EFFECT_VIP_ADD, 0);
    turns();
    losses.lose(ALL, 1); // the answer to the batch arrives
    ask(EFFECT_VIP_ADD, 0);
    turns();
    losses.lose(0);
    expect(takeEvents()).toEqual([up(0), up(0)]);
    expect([...switcher.up]).toEqual([1, 1, 0, 0, 0]);
    expect([...switcher.foreign]).toEqual([0, 0, 0, 0, 0]);
  });

  test("of the route to the subnet: the function is up, and the route is there", () => {
    // the answer to the batch arrives, the one to the route after it does not
    const netlink = netlinkOf(switcher);
    const ask = netlink.ask.bind(netlink);
    netlink.ask = (request, length, flags) => {
      losses.lose(1);
      return ask(request, length, flags);
    };
    effects.push(EFFECT_VIP_ADD, 2, 0, 0);
    expect(turns()).toBe(1);
    expect(takeEvents()).toEqual([up(2)]);
    expect([losses.lost, switcher.routeErrno]).toEqual([1, ETIMEDOUT]);
    expect(host.ip("route", "show", "proto", "0x57")).toContain("10.45.0.0/16");
    Reflect.deleteProperty(netlink, "ask");
    effects.push(EFFECT_VIP_ADD, 2, 0, 0);
    expect(turns()).toBe(1);
    expect(switcher.routeErrno).toBe(0);
  });
});

describe("somebody's address equals a VIP", () => {
  const foreign = "10.44.1.2/32";
  beforeEach(() => {
    host.ip("addr", "add", foreign, "dev", "eth0");
  });
  const foreignStands = (): void => {
    expect(host.addresses()).toContain(foreign);
    expect(host.ip("addr", "show", "dev", "eth0", "to", "10.44.1.2")).toContain(
      "valid_lft forever",
    );
  };

  test("the function answers, that is announced; letting go leaves the address", () => {
    ask(EFFECT_VIP_ADD, 1);
    expect(turns()).toBe(1);
    expect(takeEvents()).toEqual([up(1)]);
    expect(announcer.systemCalls).toBe(CALLS);
    expect(switcher.upCost).toBe(0); // not ours to renew
    ask(EFFECT_VIP_REMOVE, 1);
    turns();
    expect(takeEvents()).toEqual([down(1)]);
    foreignStands();
  });

  test("the refusal is lost once: the address is still foreign", () => {
    losses.lose(1);
    ask(EFFECT_VIP_ADD, 1);
    turns();
    expect(takeEvents()).toEqual([unanswered(1)]);
    ask(EFFECT_VIP_ADD, 1);
    turns();
    expect(takeEvents()).toEqual([up(1)]);
    expect(switcher.upCost).toBe(0);
    ask(EFFECT_VIP_REMOVE, 1);
    turns();
    foreignStands();
  });

  test("the refusal is lost, and the function is wanted no longer: the address stays", () => {
    losses.lose(1);
    ask(EFFECT_VIP_ADD, 1);
    turns();
    expect(takeEvents()).toEqual([unanswered(1)]);
    ask(EFFECT_VIP_REMOVE, 1);
    turns();
    expect(takeEvents()).toEqual([down(1)]);
    foreignStands();
  });

  test("an empty batch after the refusal: nothing is sent, reported or kept", () => {
    ask(EFFECT_VIP_ADD, 1);
    turns();
    takeEvents();
    const sent = losses.sent.length;
    for (let round = 0; round < 100; round++) {
      // nothing of function 1 is ours: its batch has no message in it
      ask(EFFECT_VIP_REMOVE, 1);
      expect(service.hasRoom(EFFECT_VIP_REMOVE, 1, true)).toBe(true);
      expect(turns()).toBe(1);
      expect(takeEvents()).toEqual([down(1)]);
      turn(); // and one without anybody
    }
    expect(takeEvents()).toEqual([]);
    expect(losses.sent).toHaveLength(sent);
    expect([0, 1, 2].map((index) => switcher.fits(index))).toEqual([true, true, true]);
    expect([...switcher.result]).toEqual([0, 0, 0]);
    ask(EFFECT_VIP_ADD, 0);
    expect(turns()).toBe(1);
    expect(takeEvents()).toEqual([up(0)]);
    foreignStands();
  });
});

test.each([
  ["no memory", ENOMEM, 1],
  ["no room", ENOBUFS, 1],
  ["no right", EPERM, 0],
])(
  "a batch that the kernel does not take for %s: failed with its errno, and whether that may pass",
  (_, errno, mayPass) => {
    const netlink = netlinkOf(switcher);
    netlink.send = () => errno;
    ask(EFFECT_VIP_ADD, 0, 1);
    expect(turns()).toBe(1);
    expect(takeEvents()).toEqual([
      [EVENT_VIP_FAILED, 0, errno, mayPass],
      [EVENT_VIP_FAILED, 1, errno, mayPass],
    ]);
    expect([...switcher.up]).toEqual([0, 0, 0, 0, 0]);
  },
);

test("an interface that is gone: failed with its errno, and an empty batch after it reports nothing", () => {
  host.ip("link", "del", "eth0");
  ask(EFFECT_VIP_ADD, 0, 1);
  expect(turns()).toBe(1);
  expect(takeEvents()).toEqual([
    [EVENT_VIP_FAILED, 0, ENODEV, 0],
    [EVENT_VIP_FAILED, 1, ENODEV, 0],
  ]);
  const sent = losses.sent.length;
  ask(EFFECT_VIP_REMOVE, 0, 1);
  turns();
  expect(takeEvents()).toEqual([down(0), down(1)]);
  expect(losses.sent).toHaveLength(sent);
});

describe("renewal", () => {
  const renewAfter = (rounds: number): number => {
    const atUs = nowUs();
    service.renew(atUs);
    return service.renew(atUs + rounds * RENEWAL_ROUND_MS * 1000);
  };

  test("of VIPs that are up, once in a round; with none up the kernel is not asked, and nothing wakes", () => {
    expect(renewAfter(1)).toBe(0);
    expect(losses.sent).toEqual([]);
    expect(service.renewUs).toBe(Number.POSITIVE_INFINITY);
    ask(EFFECT_VIP_ADD, 0, 1);
    turns();
    const sent = losses.sent.length;
    expect(renewAfter(1)).toBe(3);
    expect(losses.sent).toHaveLength(sent + 1);
    expect(service.renewUs).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  test("its lost answer costs a time-out, and nothing else: the next batch is read with its own answers", () => {
    ask(EFFECT_VIP_ADD, 0);
    turns();
    takeEvents();
    losses.lose(ALL);
    const beganUs = nowUs();
    expect(renewAfter(1)).toBe(2);
    expect(nowUs() - beganUs).toBeLessThan(TURN_MS_MAX * 1000);
    losses.lose(0);
    expect([...switcher.up]).toEqual([1, 1, 0, 0, 0]);
    ask(EFFECT_VIP_ADD, 1);
    ask(EFFECT_VIP_REMOVE, 0);
    expect(turns()).toBe(1);
    expect(takeEvents()).toEqual([down(0), up(1)]);
  });
});

describe("renewal by a process", () => {
  let renewals: RenewalProcess;
  let other: number;
  const memory = new NativeMemory(RENEWAL_REQUEST_BYTES_MAX);
  const says = (): number => libc.send(other, memory.address, 1, 0);

  beforeEach(() => {
    const [ours, theirs] = socketPair();
    [renewals, other] = [new RenewalProcess(ours), theirs];
    service = new VipService(switcher, announcer, VIPS.length, new AddressRenewal(1), renewals);
    ask(EFFECT_VIP_ADD, 0, 1);
    turns();
    takeEvents();
    says();
    // what is due in this round is on its way, and nothing was renewed here
    const atUs = nowUs();
    service.renew(atUs);
    expect(service.renew(atUs + RENEWAL_ROUND_MS * 1000)).toBe(0);
    expect(renewals.count).toBe(3);
  });
  afterEach(() => {
    libc.close(renewals.fd);
    libc.close(other);
  });

  const removals = [
    ["a removal", () => service.remove(0)],
    ["letting go of everything", () => host.inside(() => service.removeAll())],
  ] as const;

  test.each(removals)(
    "%s waits for pending requests: it would put back removed addresses",
    (...[, removes]) => {
      says();
      removes();
      expect([renewals.count, renewals.hasBegun, renewals.hasEnded]).toEqual([0, true, false]);
      host.inside(() => service.commit(events, false));
      expect(host.addresses()).not.toContain("10.44.1.1/32");
    },
  );

  test.each(removals)(
    "%s waits for no process that does not answer: that counts as ended",
    (...[, removes]) => {
      removes();
      expect([renewals.count, renewals.hasEnded]).toEqual([0, true]);
    },
  );
});

test("the link has come back: only the routes of VIPs that are up are there again", () => {
  ask(EFFECT_VIP_ADD, 0, 2);
  turns();
  host.ip("link", "set", "eth0", "down");
  host.ip("link", "set", "eth0", "up");
  const ours = (): string[] =>
    host
      .ip("route", "show", "proto", "0x57")
      .split("\n")
      .flatMap((line) => line.split(" ")[0] || [])
      .sort();
  expect(ours()).toEqual([]);
  host.inside(() => service.restore());
  expect(ours()).toEqual(["10.44.0.0/16", "10.45.0.0/16"]);
  ask(EFFECT_VIP_REMOVE, 2);
  turns();
  host.ip("link", "set", "eth0", "down");
  host.ip("link", "set", "eth0", "up");
  host.inside(() => service.restore());
  expect(ours()).toEqual(["10.44.0.0/16"]);
});

/** The kernel has no room for the answers to the next batch, until it is given back. */
function fill(): () => void {
  return host.inside(() => fillReceiveBuffer(netlinkOf(switcher), NETLINK_ROUTE));
}

/** Every answer is lost until the end. */
function loseAll(): () => void {
  losses.lose(ALL);
  return () => losses.lose(0);
}

test("owned before the first of its addresses is there, and not any more while the last still is", () => {
  ask(EFFECT_VIP_ADD, 0);
  turns();
  expect(owned.splice(0)).toEqual(["0 owned, 1 up"]);
  ask(EFFECT_VIP_REMOVE, 0);
  turns();
  expect(owned.splice(0)).toEqual(["0 not owned, 3 up"]);
  host.inside(() => service.removeAll());
  expect(owned).toEqual(["0 not owned, 1 up", "1 not owned, 1 up", "2 not owned, 1 up"]);
});

test("what could not be set is not owned", () => {
  host.ip("link", "del", "eth0");
  ask(EFFECT_VIP_ADD, 1);
  expect(() => turns()).not.toThrow();
  const last = owned.map((text) => text.split(",")[0]);
  expect(last).toEqual(["1 owned", "1 not owned"]);
});
