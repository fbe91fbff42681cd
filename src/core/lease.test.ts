import { beforeEach, describe, expect, test } from "bun:test";
import { FunctionTable } from "../allocation/function-table.ts";
import { PHASE_ACTIVE, PHASE_LISTENING } from "../boundary/phase.ts";
import {
  SERVER_ALIVE,
  SERVER_INCOMPATIBLE,
  SERVER_JOINING,
  SERVER_LOST,
} from "../boundary/server-state.ts";
import {
  leaseDetectionMsMin,
  leaseFits,
  leaseMsMin,
  leaseMsOf,
  timingOf,
} from "../boundary/timing.ts";
import {
  LEASE_LATENESS_MS,
  LEASE_TICKS_MS,
  LOST_AFTER_PERIODS_MAX,
  PERIOD_MS_MAX,
  PERIOD_MS_MIN,
  SENT_TIMES,
} from "../limits.ts";
import { Changes } from "./changes.ts";
import { Lease } from "./lease.ts";
import { Membership } from "./membership.ts";

test("a lease, a period and the lateness allowed are never longer than the detection time", () => {
  for (let periodMs = PERIOD_MS_MIN; periodMs <= PERIOD_MS_MAX; periodMs += 5) {
    for (let periods = 2; periods <= LOST_AFTER_PERIODS_MAX; periods++) {
      expect(leaseMsOf(periodMs, periods) + periodMs + LEASE_LATENESS_MS).toBe(periodMs * periods);
    }
  }
});

test("the shortest detections with a lease: by eBPF 10 ms × 3 and 5 ms × 4, by nftables 10 ms × 5", () => {
  expect(leaseMsOf(10, 3)).toBeGreaterThanOrEqual(leaseMsMin(10));
  expect(leaseMsOf(10, 2)).toBeLessThan(leaseMsMin(10));
  expect([leaseDetectionMsMin(10), leaseDetectionMsMin(5)]).toEqual([30, 20]);
  expect(leaseMsOf(10, 5)).toBeGreaterThanOrEqual(leaseMsMin(10, LEASE_TICKS_MS));
  expect(leaseMsOf(10, 4)).toBeLessThan(leaseMsMin(10, LEASE_TICKS_MS));
  expect(leaseDetectionMsMin(10, LEASE_TICKS_MS)).toBe(50);
});

test("a lease fits exactly from the shortest detection time on", () => {
  for (let periodMs = PERIOD_MS_MIN; periodMs <= PERIOD_MS_MAX; periodMs += 5) {
    for (let periods = 2; periods <= 20; periods++) {
      for (const ticksMs of [0, 2, 8, LEASE_TICKS_MS])
        expect(leaseFits(periodMs, periods, ticksMs)).toBe(
          periods * periodMs >= leaseDetectionMsMin(periodMs, ticksMs),
        );
    }
  }
});

/** For how many ms from then on; 0: not at all. */
function grantMs(lease: Lease, nowUs: number): number {
  const endUs = lease.grant(nowUs);
  return endUs === 0 ? 0 : (endUs - nowUs) / 1000;
}

const IDENTITY = { self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 1, nonce: 1 };

describe("granted by the others", () => {
  const T_US = 10_000;
  const row = { required: 1, priority: 1, servers: 7, process: 0, stopGraceMs: 0 };
  const table = new FunctionTable([1, 1, 1], [row]);
  // 10 ms × 6: detection after 60 ms, a lease of 45 ms, ticks of 8 ms.
  const timing = timingOf(10, 6, 3, 0, leaseMsOf(10, 6), 8, 0);
  let membership: Membership;
  let lease: Lease;

  beforeEach(() => {
    membership = new Membership(table, IDENTITY, timing, new Changes());
    lease = new Lease(membership, timing);
    lease.setOwner(true);
    membership.readUs = 100_000;
    for (let sequence = 1; sequence <= 10; sequence++) lease.noteSent(sequence, sequence * T_US);
  });

  /** Server 1 is active, was heard at `heardUs`, and has echoed `sequence`. */
  function peer(sequence: number, heardUs: number): void {
    membership.setState(1, SERVER_ALIVE);
    membership.latest(1).phase = PHASE_ACTIVE;
    if (sequence !== 0) membership.lastEchoed[1] = sequence;
    membership.echoedSequence[1] = sequence;
    membership.lastHeardUs[1] = heardUs;
    membership.contactUs[1] = Number.NEGATIVE_INFINITY;
  }

  test("alone: the longest", () => {
    expect(grantMs(lease, 100_000)).toBe(45);
  });

  test("late, and heard by one that is not heard: until the last keep-alive is missed", () => {
    expect(grantMs(lease, 115_000)).toBe(45); // a period and the lateness allowed after it
    expect(grantMs(lease, 116_000)).toBe(44);
    expect(grantMs(lease, 151_000)).toBe(9);
    expect(grantMs(lease, 152_000)).toBe(0); // no more than the kernel's ticks
    expect(grantMs(new Lease(membership, timing), 130_000)).toBe(45); // nothing was sent yet
    peer(9, 61_000); // silent for 39 ms: it may have missed the last one
    expect(grantMs(lease, 130_000)).toBe(15);
    peer(10, 61_000); // it has not
    expect(grantMs(lease, 130_000)).toBe(25);
  });

  test("the newest keep-alive is echoed: the longest; one that is echoed late: less by so much", () => {
    peer(10, 100_000);
    expect(grantMs(lease, 100_000)).toBe(45);
    peer(8, 100_000); // sent at 80 ms, missed from 140 ms on
    expect(grantMs(lease, 100_000)).toBe(140 - 100 - 5);
  });

  test("nothing that lasts longer than the kernel's ticks: let go", () => {
    peer(5, 100_000); // missed from 110 ms on
    expect(grantMs(lease, 100_000)).toBe(0);
    peer(0, 100_000); // it does not hear us any more
    expect(grantMs(lease, 100_000)).toBe(0);
  });

  test("one that had lost us before anything was up here takes nothing over (simulator, seed 300009664)", () => {
    lease.setOwner(false);
    peer(5, 100_000);
    peer(0, 100_000);
    lease.setOwner(true);
    expect(grantMs(lease, 100_000)).toBe(45);
    lease.setOwner(false);
    peer(5, 100_000); // it has heard us
    lease.setOwner(true);
    peer(0, 100_000); // and lost us since
    expect(grantMs(lease, 100_000)).toBe(0);
  });

  test("one that listens or has another table grants as well: it serves when we are lost (simulator, seed 1006305)", () => {
    peer(8, 100_000);
    membership.latest(1).phase = PHASE_LISTENING;
    expect(grantMs(lease, 100_000)).toBe(35);
    membership.setState(1, SERVER_INCOMPATIBLE);
    membership.lastEchoed[1] = 8;
    expect(grantMs(lease, 100_000)).toBe(35);
  });

  test("one that listens and has not heard us yet, or that has fallen silent, grants nothing and takes nothing", () => {
    peer(0, 100_000);
    membership.latest(1).phase = PHASE_LISTENING;
    expect(grantMs(lease, 100_000)).toBe(45);
    // Silent for take-over time − 2 periods − 1.5 × lateness − ticks = 24.5 ms: until then what it
    // granted last still runs.
    peer(5, 75_501);
    expect(grantMs(lease, 100_000)).toBe(0);
    peer(5, 75_500);
    expect(grantMs(lease, 100_000)).toBe(45);
  });

  test("one that is heard again, after it was lost or silent for long, has the time to hear us (exploration)", () => {
    peer(1, 110_000);
    membership.contactUs[1] = 100_000;
    membership.silentSinceUs[1] = 20_000;
    expect(grantMs(lease, 105_000)).toBe(40); // the one before the last may be what it has
    membership.readUs = 124_999;
    expect(grantMs(lease, 105_000)).toBe(40);
    membership.readUs = 125_000;
    expect(grantMs(lease, 100_000)).toBe(0);
  });

  test("one that was stopped right before it sent, and says what it had heard until then (simulator, seed 920007261)", () => {
    peer(8, 110_000); // sent at 80 ms
    membership.silentSinceUs[1] = 75_000;
    membership.contactUs[1] = 104_501; // it has missed ours for as long as its own were missing
    expect(grantMs(lease, 110_000)).toBe(35);
    membership.contactUs[1] = 104_500; // not for so long: it was its messages that were lost
    expect(grantMs(lease, 110_000)).toBe(25);
  });

  test("one that no longer hears us: its last echo", () => {
    peer(9, 100_000);
    expect(grantMs(lease, 100_000)).toBe(45);
    peer(0, 100_000); // it has lost us
    expect(grantMs(lease, 100_000)).toBe(45);
    expect(grantMs(lease, 110_000)).toBe(35); // sent at 90 ms, missed from 150 ms on
    membership.setState(1, SERVER_LOST);
    membership.setState(1, SERVER_JOINING); // another incarnation, say: it has not heard us yet
    expect(grantMs(lease, 110_000)).toBe(45);
  });

  test("without a VIP no grant is needed; the first VIP cuts the lease to the grants", () => {
    peer(5, 100_000);
    lease.setOwner(false);
    expect(grantMs(lease, 100_000)).toBe(45);
    expect(lease.look(101_000)).toBe(false);
    peer(7, 100_000);
    lease.setOwner(true);
    expect(lease.look(101_000)).toBe(true);
    expect(grantMs(lease, 101_000)).toBe(130 - 101 - 5);
  });

  test("one that has fallen silent may have missed our last keep-alive as well (simulator, seed 38363)", () => {
    peer(5, 63_000);
    expect(grantMs(lease, 105_000)).toBe(40); // it heard what was sent at 90 ms: missed from 150 ms on
    expect(grantMs(lease, 110_000)).toBe(35); // in time for the next renewal, whatever the ticks take
    lease.noteSent(11, 110_000);
    expect(grantMs(lease, 110_000)).toBe(45);
  });

  test("a silent server may have missed the messages of a loop that had stood still (exploration)", () => {
    peer(5, 63_000);
    membership.readUs = 130_000;
    lease.noteSent(11, 130_000);
    expect(grantMs(lease, 130_000)).toBe(25); // it heard what was sent at 100 ms
    lease.noteSent(12, 132_000); // lost together with the one 2 ms before
    expect(grantMs(lease, 132_000)).toBe(23);
  });

  test("unread messages are no silence: a stopped loop goes by what it knew (simulator, seed 4023528)", () => {
    peer(8, 63_000);
    membership.readUs = 64_000;
    expect(grantMs(lease, 100_000)).toBe(35);
  });

  test("an echo too old to be remembered counts as none", () => {
    for (let sequence = 11; sequence <= 10 + SENT_TIMES; sequence++)
      lease.noteSent(sequence, sequence * T_US);
    peer(10, 100_000);
    expect(grantMs(lease, 100_000)).toBe(0);
  });

  test("due between two keep-alives when little was granted and more can be had", () => {
    peer(7, 100_000); // until 125 ms
    expect(grantMs(lease, 100_000)).toBe(25);
    expect(lease.look(101_000)).toBe(false); // it lasts until the next keep-alive
    expect(lease.look(108_000)).toBe(false); // it does not, but there is no more
    peer(10, 108_000);
    expect(lease.look(108_000)).toBe(true);
    expect(grantMs(lease, 108_000)).toBe(45);
    expect(lease.look(109_000)).toBe(false);
  });

  test("the loop wakes when a server is left out, however long the lease still runs (exploration)", () => {
    expect(lease.dueUs(100_000)).toBe(Number.POSITIVE_INFINITY);
    peer(6, 100_000);
    expect(lease.dueUs(100_000)).toBe(124_500);
    peer(10, 90_000);
    lease.grant(100_000);
    expect(lease.dueUs(100_000)).toBe(114_500);
    membership.readUs = 114_499; // and was over when the loop came to look again
    expect(lease.dueUs(114_600)).toBe(114_600);
    membership.readUs = 114_600;
    expect(lease.dueUs(124_600)).toBe(Number.POSITIVE_INFINITY);
  });
});

test("a server that grants less than was renewed cuts the lease short at once (simulator, seed 2005349)", () => {
  const timing = timingOf(10, 6, 3, 0, leaseMsOf(10, 6), 8, 0);
  const table = new FunctionTable(
    [1, 1],
    [{ required: 1, priority: 1, servers: 3, process: 0, stopGraceMs: 0 }],
  );
  const membership = new Membership(table, IDENTITY, timing, new Changes());
  const lease = new Lease(membership, timing);
  lease.setOwner(true);
  for (let sequence = 1; sequence <= 10; sequence++) lease.noteSent(sequence, sequence * 10_000);
  expect(grantMs(lease, 100_000)).toBe(45);
  expect(lease.look(101_000)).toBe(false);
  membership.setState(1, SERVER_ALIVE);
  membership.latest(1).phase = PHASE_ACTIVE;
  membership.lastHeardUs[1] = 101_000;
  membership.contactUs[1] = Number.NEGATIVE_INFINITY;
  membership.lastEchoed[1] = 7; // missed from 130 ms on
  lease.noteHeard(1);
  expect(lease.look(101_000)).toBe(true);
  expect(grantMs(lease, 101_000)).toBe(130 - 101 - 5);
});

test.each([1, 2, 3])(
  "a silent server may have missed as many of our last keep-alives as are bridged: %d",
  (bridges) => {
    const timing = timingOf(10, 6, 3, 0, leaseMsOf(10, 6), 8, bridges);
    const table = new FunctionTable(
      [1, 1],
      [{ required: 1, priority: 1, servers: 3, process: 0, stopGraceMs: 0 }],
    );
    const membership = new Membership(table, IDENTITY, timing, new Changes());
    const lease = new Lease(membership, timing);
    lease.setOwner(true);
    for (let sequence = 1; sequence <= 10; sequence++) lease.noteSent(sequence, sequence * 10_000);
    membership.setState(1, SERVER_ALIVE);
    membership.latest(1).phase = PHASE_ACTIVE;
    membership.lastEchoed[1] = 5;
    membership.contactUs[1] = Number.NEGATIVE_INFINITY;
    membership.readUs = 100_000;
    membership.lastHeardUs[1] = 100_000 - timing.silentUs;
    // And one more: each of these take-over times has room for it.
    const heardUs = 100_000 - (bridges + 1) * timing.periodUs;
    const endUs = heardUs + timing.takeOverUs - LEASE_LATENESS_MS * 1000;
    expect(endUs).toBeLessThan(100_000 + timing.leaseUs);
    expect(lease.grant(100_000)).toBe(endUs);
  },
);
