import { describe, expect, test } from "bun:test";
import * as events from "./maintenance-code.ts";
import { MAINTENANCE_EVENTS, maintenanceEvent } from "./maintenance-event.ts";

describe("the list", () => {
  test("has every LOG_ code exactly once", () => {
    const codes = Object.entries(events).flatMap(([name, value]) =>
      name.startsWith("LOG_") ? [Number(value)] : [],
    );
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

test.each(MAINTENANCE_EVENTS.map((event) => [event.code, event] as const))(
  "%d: what it clears is a fault that lasts",
  (_, event) => {
    for (const code of event.clears) {
      const fault = maintenanceEvent(code);
      expect(fault?.class).toBeGreaterThan(0);
      expect(fault?.lasts).toBe("cleared");
    }
    if (event.lasts !== null || event.inhibited) expect(event.class).toBeGreaterThan(0);
  },
);

test("every fault that lasts until it is cleared has something that clears it, about the same", () => {
  const kindOf = (code: number) => maintenanceEvent(code)?.first;
  for (const { code, lasts } of MAINTENANCE_EVENTS) {
    if (lasts !== "cleared") continue;
    const clearing = MAINTENANCE_EVENTS.filter(
      ({ clears, class: faultClass }) => clears.includes(code) && faultClass === 0,
    );
    expect(clearing.length).toBeGreaterThan(0);
    // A phase, an error and nothing have no subject: there is only one such fault.
    const subject = (kind: string | undefined) =>
      ["phase", "none", "errno"].includes(kind ?? "") ? "" : kind;
    for (const event of clearing) expect(subject(event.first)).toBe(subject(kindOf(code)));
  }
});
