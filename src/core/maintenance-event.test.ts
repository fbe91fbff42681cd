import { describe, expect, test } from "bun:test";
import * as events from "./maintenance-event.ts";
import {
  formatEvent,
  LOG_PHASE,
  LOG_SERVER_INCOMPATIBLE,
  LOG_VIP_FAILED,
  MAINTENANCE_EVENTS,
} from "./maintenance-event.ts";

const names = { servers: ["a", "b"], functions: ["pa-relay", "map"], networks: ["eth0", "eth1"] };

describe("the list", () => {
  test("has every LOG_ code exactly once", () => {
    const codes = Object.entries(events).flatMap(([name, value]) => (name.startsWith("LOG_") ? [Number(value)] : []));
    expect(MAINTENANCE_EVENTS.map(({ code }) => code).sort()).toEqual(codes.sort());
    expect(new Set(codes).size).toBe(codes.length);
  });

  test.each(MAINTENANCE_EVENTS.map((event) => [event.code, event] as const))(
    "%d: an upper-case text of at most 40 characters, a cause and an action",
    (_, { text, cause, action }) => {
      expect(text).toMatch(/^[A-Z][A-Z0-9 ,'-]{2,39}$/);
      expect(cause).toMatch(/^[A-Z].*\.$/);
      expect(action).toMatch(/^[A-Z].*\.$/);
    },
  );
});

test("one line with names, phases, digests and errnos", () => {
  expect(formatEvent(events.LOG_SERVER_LOST, 1, 0, names)).toBe("WNG-0111 SERVER LOST: b");
  expect(formatEvent(LOG_PHASE, 3, 0, names)).toBe("WNG-0100 PHASE CHANGED: DRAINING");
  expect(formatEvent(LOG_VIP_FAILED, 1, 13, names)).toBe("WNG-0210 VIP COULD NOT BE SET: map errno 13");
  expect(formatEvent(LOG_SERVER_INCOMPATIBLE, 0, -1, names)).toBe(
    "WNG-0114 SERVER HAS ANOTHER TABLE: a digest ffffffff",
  );
  expect(formatEvent(events.LOG_STRANGER, (0xfe0a << 16) | 1, -2, names)).toBe(
    "WNG-0215 ANOTHER HOST ANSWERS FOR A VIP: map fe:0a:ff:ff:ff:fe",
  );
  expect(formatEvent(events.LOG_STRANGER_GONE, (0x0002 << 16) | 1023, 3, names)).toBe(
    "WNG-0216 STRANGER NOT SEEN ANY MORE: function 1023 00:02:00:00:00:03",
  );
  expect(formatEvent(events.LOG_CARRIER_LOST, 5, 6, names)).toBe("WNG-0120 CLIENT NETWORK CARRIER LOST");
});

test("what has no name is shown by its number, and an unknown code with both values", () => {
  expect(formatEvent(events.LOG_SERVER_LOST, 9, 0, names)).toContain("server 9");
  expect(formatEvent(events.LOG_FUNCTION_UP, 9, 0, names)).toContain("function 9");
  expect(formatEvent(LOG_PHASE, 9, 0, names)).toContain("phase 9");
  expect(formatEvent(9999, 1, 2, names)).toBe("WNG-9999 UNKNOWN EVENT: 1 2");
});
