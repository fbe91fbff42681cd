import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { LoopBench, TURN_ENDS } from "../../test/harness/loop-bench.ts";
import {
  EVENT_CARRIER,
  EVENT_CLIENT_MAC,
  EVENT_RECORD,
  EVENT_VIP_REMOVED,
} from "../boundary/event-queue.ts";
import { LOG_NETWORK_LOST, LOG_NETWORK_PRESENT } from "../boundary/maintenance-code.ts";
import { REPORTS_PER_TURN_MAX } from "../limits.ts";

let bench: LoopBench;
beforeEach(() => {
  bench = new LoopBench();
});
afterEach(() => bench.close());

describe("links", () => {
  /** The kernel tells of a change, and two periods later the flight is over. */
  function change(act: () => void): void {
    bench.onPeriod = (period) => {
      if (period !== 1) return;
      act();
      bench.linkChanges = 1;
      bench.linkSignal.raise();
    };
    bench.fly(3);
  }

  test("nothing is read as long as the kernel reports nothing", () => {
    bench.carriers.fill(false, 0, 1);
    const loop = bench.loop(3);
    bench.reported.length = 0;
    bench.carriers.fill(true);
    bench.mac = [1, 1];
    loop.run();
    expect(bench.called("links")).toEqual([]);
    expect(bench.events(EVENT_CARRIER, EVENT_CLIENT_MAC)).toEqual([]);
  });

  test("what is not so at the start is reported before the flight", () => {
    bench.carriers.fill(false, 0, 2);
    bench.loop();
    expect(bench.reported).toEqual([
      [EVENT_RECORD, LOG_NETWORK_LOST, 0, 0],
      [EVENT_CARRIER, 0, 0, 0],
    ]);
  });

  test("the client interface has lost its carrier, and has it again", () => {
    change(() => bench.carriers.fill(false, 0, 1));
    expect(bench.events()).toEqual([[EVENT_CARRIER, 0, 0, 0]]);
    expect(bench.called("rejoin", "vips.restore")).toEqual([]);
  });

  test("a carrier that is gone is looked for in every period: the kernel may not have told", () => {
    bench.onPeriod = (period) => {
      if (period !== 1) return;
      bench.carriers.fill(false, 0, 1);
      bench.unreportedCarriers = 1;
    };
    bench.fly(3);
    expect(bench.events()).toEqual([[EVENT_CARRIER, 0, 0, 0]]);
  });

  test("one that is back: groups are joined and routes set again", () => {
    bench.carriers.fill(false, 0, 1);
    change(() => bench.carriers.fill(true));
    expect(bench.events(EVENT_CARRIER)).toEqual([
      [EVENT_CARRIER, 0, 0, 0],
      [EVENT_CARRIER, 0, 1, 0],
    ]);
    expect(bench.events(EVENT_RECORD)).toEqual([]);
    expect(bench.called("rejoin", "vips.restore")).toEqual([
      "rejoin(one)",
      "rejoin(other)",
      "vips.restore()",
    ]);
  });

  test("gone and back before anybody looked: likewise, once, and it is no news", () => {
    change(() => bench.lost.fill(1, 2));
    expect(bench.called("rejoin", "vips.restore")).toEqual([
      "rejoin(one)",
      "rejoin(other)",
      "vips.restore()",
    ]);
    expect(bench.events()).toEqual([]);
    expect(bench.lost).toEqual(new Uint8Array(3));
  });

  test("a network is lost and back: recorded by its number, and no event of the clients' carrier", () => {
    bench.carriers[1] = false;
    change(() => {
      bench.carriers[1] = true;
      bench.carriers[2] = false;
    });
    expect(bench.events(EVENT_RECORD, EVENT_CARRIER)).toEqual([
      [EVENT_RECORD, LOG_NETWORK_LOST, 0, 0],
      [EVENT_RECORD, LOG_NETWORK_PRESENT, 0, 0],
      [EVENT_RECORD, LOG_NETWORK_LOST, 1, 0],
    ]);
    expect(bench.called("vips.restore")).toHaveLength(1);
  });

  test("another Ethernet address, whichever part of it, is reported once", () => {
    change(() => {
      bench.mac = [0x0201, 1];
    });
    expect(bench.events(EVENT_CLIENT_MAC)).toEqual([[EVENT_CLIENT_MAC, 0, 0x0201, 1]]);
    bench.close();
    bench = new LoopBench();
    change(() => {
      bench.mac = [0x0200, 0xffff_fff0];
    });
    expect(bench.events(EVENT_CLIENT_MAC)).toEqual([[EVENT_CLIENT_MAC, 0, 0x0200, 0xffff_fff0]]);
  });

  test("VIPs that somebody removed: a bounded number a turn, none twice, none that is there again", () => {
    const removed = Array.from({ length: REPORTS_PER_TURN_MAX + 3 }, (_, place) => 2 * place);
    change(() => {
      for (const index of removed) bench.removed[index] = 1;
      bench.removed[1] = 1;
      bench.present.add(1);
    });
    expect(bench.events(EVENT_VIP_REMOVED)).toEqual(
      removed.map((index) => [EVENT_VIP_REMOVED, index, 0, 0]),
    );
    expect(bench.perTurn(EVENT_VIP_REMOVED)).toEqual([REPORTS_PER_TURN_MAX, 3]);
    expect(bench.removed).not.toContain(1);
    expect(bench.called("links.poll")).toHaveLength(1);
  });

  test("the report is over: nothing more is read until the kernel reports", () => {
    bench.onPeriod = (period) => {
      if (period === 1) bench.linkSignal.raise();
      if (period !== 3) return;
      bench.removed[0] = 1; // it is not told yet
    };
    bench.fly(6);
    expect(bench.called("links.poll")).toHaveLength(1);
    expect(bench.events(EVENT_VIP_REMOVED)).toEqual([]);
  });

  test("VIPs that went with the link are no news", () => {
    change(() => {
      bench.carriers[0] = false;
      bench.removed[4] = 1;
    });
    expect(bench.events(EVENT_VIP_REMOVED)).toEqual([]);
    expect(bench.removed).not.toContain(1);
  });

  test("notifications were lost: the whole state is read and accepted", () => {
    change(() => {
      bench.overflowed = true;
      bench.carriers[0] = false;
    });
    expect(bench.called("links")).toEqual(["links.poll()", "links.resynchronise()"]);
    expect(bench.events(EVENT_CARRIER)).toEqual([[EVENT_CARRIER, 0, 0, 0]]);
  });

  test("lost, and the state cannot be read: nothing is believed until it can", () => {
    bench.resynchronises = false;
    bench.onPeriod = (period) => {
      if (period === 1) {
        bench.overflowed = true;
        bench.carriers[0] = false;
        bench.linkSignal.raise();
      } else if (period === 3) {
        expect(bench.events(EVENT_CARRIER)).toEqual([]);
        bench.resynchronises = true;
        bench.linkSignal.raise();
      }
    };
    bench.fly(5);
    expect(bench.events(EVENT_CARRIER)).toEqual([[EVENT_CARRIER, 0, 0, 0]]);
  });

  test("the kernel's messages about our own renewals are read at once, when no address is to be moved", () => {
    const loop = bench.loop();
    bench.calls.length = 0;
    loop.renewAddresses(5, true); // none was due
    bench.renewedCount = 2;
    loop.renewAddresses(6, false);
    expect(bench.calls).toEqual(["vips.renew(5)", "vips.renew(6)"]);
    loop.renewAddresses(7, true);
    expect(bench.calls.slice(2)).toEqual(["vips.renew(7)", "links.poll()"]);
  });

  test.each(["a change", "an overflow"])(
    "%s beside a renewal is taken in a turn that follows at once",
    (what) => {
      // Each period undoes what the one before has changed: only a turn between them sees it.
      bench.renewedCount = 1;
      bench.onPeriod = () => {
        bench.carriers[2] = !bench.carriers[2];
        if (what === "a change") bench.linkChanges = 1;
        else bench.overflowed = true;
      };
      bench.fly(20);
      expect(bench.events(EVENT_RECORD).length).toBeGreaterThan(0);
    },
  );

  test("a change beside one renewal is not forgotten with the next", () => {
    const loop = bench.loop(2);
    bench.renewedCount = 1;
    bench.linkChanges = 1;
    loop.renewAddresses(1, true);
    loop.renewAddresses(2, true); // in between addresses were moved
    bench.renewedCount = 0;
    bench.carriers[0] = false;
    loop.run();
    expect(bench.events(EVENT_CARRIER)).toEqual([[EVENT_CARRIER, 0, 0, 0]]);
  });

  test("and then the loop rests again", () => {
    const begins: number[] = [];
    bench.onPeriod = (period) => {
      begins.push(bench.reported.filter((event) => event === TURN_ENDS).length);
      bench.renewedCount = period < 3 ? 1 : 0;
      if (period < 3) bench.linkChanges = 1;
    };
    bench.fly(6);
    expect((begins[5] as number) - (begins[3] as number)).toBeLessThan(6);
  });
});
