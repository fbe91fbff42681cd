/** Results of FIG. 3 on the three example aircraft as their servers fail, the largest first. */
import { describe, expect, test } from "bun:test";
import { POLICIES } from "../../src/allocation/policies.ts";
import { RESET } from "../../src/allocation/reset.ts";
import {
  type Aircraft,
  afterLoss,
  atStart,
  leftOut,
  SINGLE_AISLE,
  TWIN_AISLE,
  VERY_LARGE,
} from "./example-aircraft.ts";
import { figureOf } from "./reference.ts";
import { allocate, tableOf } from "./systems.ts";

const AVOD_ZONES = ["avod-zone-1", "avod-zone-2", "avod-zone-3"];
const AVOD_ZONES_LARGE = [...AVOD_ZONES, "avod-zone-4", "avod-zone-5"];
const GAMES_LARGE = ["games-1", "games-2"];
const LIVE_TV_LARGE = ["live-tv-1", "live-tv-2", "live-tv-3"];
const PORTALS_LARGE = ["wifi-portal-main", "wifi-portal-upper"];

/**
 * The aircraft, the servers down, how many functions run and which do not, in the order of the
 * table.
 */
const ROWS: [string, Aircraft, number[], number, string[]][] = [
  ["single aisle, all servers", SINGLE_AISLE, [], 12, []],
  ["single aisle, 1 left", SINGLE_AISLE, [1], 8, ["avod", "payments", "games", "content-loader"]],
  ["twin aisle, all servers", TWIN_AISLE, [], 24, []],
  [
    "twin aisle, 3 left",
    TWIN_AISLE,
    [3],
    19,
    ["payments", "seat-chat", "games", "surveys-ads", "content-loader"],
  ],
  [
    "twin aisle, 2 left",
    TWIN_AISLE,
    [2, 3],
    18,
    [...AVOD_ZONES, "games", "surveys-ads", "content-loader"],
  ],
  [
    "twin aisle, 1 left",
    TWIN_AISLE,
    [1, 2, 3],
    13,
    [
      ...["aod-catalog", "live-tv-1", "live-tv-2", "wifi-portal"],
      ...AVOD_ZONES,
      ...["seat-chat", "games", "surveys-ads", "content-loader"],
    ],
  ],
  ["very large, all servers", VERY_LARGE, [], 38, []],
  [
    "very large, 5 left",
    VERY_LARGE,
    [3],
    34,
    ["companion-device", ...GAMES_LARGE, "content-loader"],
  ],
  ["very large, 4 left", VERY_LARGE, [2, 3], 33, AVOD_ZONES_LARGE],
  [
    "very large, 3 left",
    VERY_LARGE,
    [1, 2, 3],
    26,
    [
      "wifi-portal-main",
      ...AVOD_ZONES_LARGE,
      ...["seat-chat", "companion-device", ...GAMES_LARGE, "content-loader", "usage-analytics"],
    ],
  ],
  [
    "very large, 2 left",
    VERY_LARGE,
    [0, 1, 2, 3],
    19,
    [
      ...[
        "catalog-upper",
        ...LIVE_TV_LARGE,
        ...PORTALS_LARGE,
        ...AVOD_ZONES_LARGE,
        "payments",
        "duty-free-shop",
      ],
      ...["seat-chat", "companion-device", ...GAMES_LARGE, "content-loader", "usage-analytics"],
    ],
  ],
  [
    "very large, 1 left",
    VERY_LARGE,
    [0, 1, 2, 3, 4],
    12,
    [
      ...[
        "audio-radio-1",
        "audio-radio-2",
        "audio-radio-3",
        "moving-map",
        "ext-camera",
        "catalog-main",
        "catalog-upper",
      ],
      ...[
        ...LIVE_TV_LARGE,
        ...PORTALS_LARGE,
        ...AVOD_ZONES_LARGE,
        "payments",
        "duty-free-shop",
        "seat-chat",
      ],
      ...["companion-device", ...GAMES_LARGE, "surveys-ads", "content-loader", "usage-analytics"],
    ],
  ],
];

describe("the table that flies", () => {
  test.each([
    ["single aisle", SINGLE_AISLE, 200, 180],
    ["twin aisle", TWIN_AISLE, 400, 360],
    ["very large", VERY_LARGE, 640, 565],
  ] as const)("%s holds the numbers that these tests take", (_, aircraft, resource, required) => {
    const { table } = aircraft;
    const expected = tableOf(atStart(aircraft));
    expect(table.resource).toEqual(expected.resource);
    expect(table.required).toEqual(expected.required);
    expect(table.priority).toEqual(expected.priority);
    expect(table.eligible).toEqual(expected.eligible);
    expect(table.turn).toEqual(expected.turn);
    expect(table.resource.reduce((sum, units) => sum + units, 0)).toBe(resource);
    expect(table.required.reduce((sum, units) => sum + units, 0)).toBe(required);
  });
});

describe("FIG. 3", () => {
  test.each(ROWS)("%s", (_, aircraft, down, running, out) => {
    const result = allocate(RESET, afterLoss(aircraft, down));
    expect(leftOut(aircraft, result)).toEqual(out);
    expect(result.assigned.filter((x) => x !== null).length).toBe(running);
  });

  test("gives the same number of functions whichever of equally large servers fails", () => {
    for (const down of [0, 1]) {
      expect(leftOut(SINGLE_AISLE, allocate(RESET, afterLoss(SINGLE_AISLE, [down]))).length).toBe(
        4,
      );
    }
    for (const down of [0, 1, 2, 3]) {
      expect(leftOut(TWIN_AISLE, allocate(RESET, afterLoss(TWIN_AISLE, [down]))).length).toBe(5);
      expect(leftOut(VERY_LARGE, allocate(RESET, afterLoss(VERY_LARGE, [down]))).length).toBe(4);
    }
  });
});

describe.each(POLICIES)("$name, with every set of servers that may be left", (policy) => {
  const figure = figureOf(policy.name);
  test.each([
    ["single aisle", SINGLE_AISLE],
    ["twin aisle", TWIN_AISLE],
    ["very large", VERY_LARGE],
  ] as const)(
    "%s: announcements, emergency, crew panel and safety video always run, and its chart agrees",
    (_, aircraft) => {
      const servers = aircraft.resources.length;
      for (let alive = 1; alive < 1 << servers; alive++) {
        const down = aircraft.resources.flatMap((_, x) => ((alive & (1 << x)) === 0 ? [x] : []));
        const system = afterLoss(aircraft, down);
        const result = allocate(policy, system);
        if (figure !== null)
          expect({ down, assigned: result.assigned }).toEqual({
            down,
            assigned: figure(system).assigned,
          });
        const lost = aircraft.functions.filter(
          ({ priority }, y) => priority >= 8 && result.assigned[y] === null,
        );
        expect({ down, lost }).toEqual({ down, lost: [] });
      }
    },
  );
});
