import { describe, expect, test } from "bun:test";
import * as engineCodes from "../boundary/maintenance-code.ts";
import { CATALOGUE, catalogueEntry } from "./catalogue.ts";
import * as supervisorCodes from "./supervisor-code.ts";

describe("the list", () => {
  test("has every LOG_ code exactly once", () => {
    const codes = [engineCodes, supervisorCodes].flatMap((module) =>
      Object.entries(module).flatMap(([name, value]) =>
        name.startsWith("LOG_") ? [Number(value)] : [],
      ),
    );
    expect(CATALOGUE.map(({ code }) => code).sort()).toEqual(codes.sort());
    expect(new Set(codes).size).toBe(codes.length);
  });

  test.each(CATALOGUE.map((entry) => [entry.code, entry] as const))(
    "%d: an upper-case text of at most 40 characters, a cause and an action",
    (_, { text, cause, action }) => {
      expect(text).toMatch(/^[A-Z][A-Z0-9 ,'-]{2,39}$/);
      expect(cause).toMatch(/^[A-Z].*\.$/);
      expect(action).toMatch(/^[A-Z].*\.$/);
    },
  );
});

test.each(CATALOGUE.map((entry) => [entry.code, entry] as const))(
  "%d: what it clears is a fault that lasts",
  (_, entry) => {
    for (const code of entry.clears) {
      const fault = catalogueEntry(code);
      expect(fault?.class).toBeGreaterThan(0);
      expect(fault?.lasts).toMatch(/cleared|engine/);
    }
    if (entry.lasts !== null || entry.inhibited) expect(entry.class).toBeGreaterThan(0);
  },
);

test("every fault that lasts until it is cleared has something that clears it, about the same", () => {
  const kindOf = (code: number) => catalogueEntry(code)?.first;
  for (const { code, lasts } of CATALOGUE) {
    if (lasts !== "cleared" && lasts !== "engine") continue;
    const clearing = CATALOGUE.filter(
      ({ clears, class: faultClass }) => clears.includes(code) && faultClass === 0,
    );
    expect(clearing.length).toBeGreaterThan(0);
    // A phase, an error, a number, what was found and nothing have no subject: there is only one
    // such fault.
    const subject = (kind: string | undefined) =>
      ["phase", "none", "errno", "number", "perCent", "slot", "rollBack", "characters"].includes(
        kind ?? "",
      )
        ? ""
        : kind;
    for (const entry of clearing) expect(subject(entry.first)).toBe(subject(kindOf(code)));
  }
});

/** What a new engine says in any case: in which phase it is, and whom it hears. */
const REPORTED_BY_EVERY_ENGINE = [
  engineCodes.LOG_SERVER_LOST,
  engineCodes.LOG_SERVER_UNREACHABLE,
  engineCodes.LOG_SERVER_INCOMPATIBLE,
  engineCodes.LOG_CUT_OFF_FROM_CLIENTS,
  engineCodes.LOG_ISOLATED,
];

test("a fault found by one engine ends with it, unless a code of the next engine clears it", () => {
  const ofEngines = Object.values(engineCodes).map(catalogueEntry);
  const lasting = ofEngines.filter((entry) => entry?.lasts === "cleared");
  expect(lasting.map((entry) => entry?.code).sort()).toEqual([...REPORTED_BY_EVERY_ENGINE].sort());
});
