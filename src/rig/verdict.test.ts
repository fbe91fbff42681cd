import { expect, test } from "bun:test";
import { NOTICE_STARTED, NOTICE_STOPPING } from "../wire/client-notice.ts";
import type { NoticeRecord, SeatReport, TargetReport } from "./seat-order.ts";
import type { ServerView } from "./status-file.ts";
import type { Gap } from "./target-record.ts";
import {
  agreedOwners,
  changesBetween,
  changesText,
  formatStatistic,
  gapsOf,
  lateNotices,
  listed,
  longestGapMs,
  missingNotices,
  ownerDifferences,
  statisticOf,
} from "./verdict.ts";

const names = { servers: ["a", "b"], functions: ["pa", "tv", "map"] };

function target(gaps: Gap[]): TargetReport {
  return {
    answered: 1,
    lost: 0,
    foreign: 0,
    server: 0,
    lastAnsweredUs: 1,
    newestAnsweredUs: 1,
    gaps,
    changes: [],
    overlaps: [],
  };
}

function report(targets: TargetReport[], notices: NoticeRecord[] = []): SeatReport {
  return { untilUs: 0, targets, notices, malformedNotices: 0, latenessUsMax: 0 };
}

function view(owners: number[]): ServerView {
  const functions = owners.map((owner) => ({ owner, state: "running" }));
  return {
    incarnation: 1,
    startedUs: 0,
    latenessUsMax: 0,
    phase: "active",
    servers: [],
    functions,
  };
}

function notice(atUs: number, kind: number, functionIndex: number): NoticeRecord {
  return { atUs, kind, reason: 1, functionIndex, functionId: "", server: 0, sequence: 1 };
}

const OPEN: Gap = { startUs: 100_000, endUs: null, lost: 9 };
const targets = [{ functionIndex: 0 }, { functionIndex: 1 }, { functionIndex: 1 }].map((entry) => ({
  ...entry,
  family: 4 as const,
  address: [],
  intervalMs: 4,
}));

test("statistics of gaps", () => {
  expect(statisticOf([])).toBeNull();
  expect(statisticOf([3, 1, 2])).toEqual({ count: 3, min: 1, median: 2, max: 3 });
  expect(formatStatistic(statisticOf([1, Number.POSITIVE_INFINITY]))).toBe(
    "min 1.0, median unended, max unended ms (2 VIPs)",
  );
});

test("the longest gap of a VIP counts; one without an end is endless", () => {
  const gaps = [
    { startUs: 0, endUs: 8000, lost: 1 },
    { startUs: 10_000, endUs: 70_000, lost: 14 },
  ];
  const seen = report([target(gaps), target([]), target([OPEN])]);
  expect([0, 1, 2, 9].map((number) => longestGapMs(seen, number))).toEqual([
    60,
    0,
    Number.POSITIVE_INFINITY,
    0,
  ]);
  expect(gapsOf(seen, targets, new Set([0]))).toEqual([{ target: 0, gapMs: 60 }]);
});

test("servers that say different things agree about nothing", () => {
  const { owners, disagreed } = agreedOwners([view([0, 1, -1]), view([0, 0, -1])], names);
  expect(owners).toEqual({ pa: "a", tv: null, map: null });
  expect(disagreed).toEqual(["tv"]);
  expect(agreedOwners([], names).owners).toEqual({ pa: null, tv: null, map: null });
});

test("changes between two assignments", () => {
  const before = { pa: "a", tv: "a", map: "b", games: null, shop: null };
  const after = { pa: "a", tv: "b", map: null, games: "a", shop: null };
  expect(changesBetween(before, after)).toEqual({
    kept: ["pa"],
    moved: ["tv"],
    stopped: ["map"],
    started: ["games"],
  });
  expect(changesText(changesBetween(before, after))).toBe(
    "moved: tv; stopped: map; started: games; 1 stays where it runs",
  );
  expect(changesText(changesBetween(before, before))).toBe("3 stay where they run");
  expect(changesText(changesBetween({}, {}))).toBe("nothing runs");
  expect(ownerDifferences(after, before)).toEqual([
    "tv: b instead of a",
    "map: nowhere instead of b",
    "games: a instead of nowhere",
  ]);
});

test("notices that did not come", () => {
  const seen = report([], [notice(5, NOTICE_STARTED, 1)]);
  const functions = new Map([
    ["tv", 1],
    ["map", 2],
  ]);
  expect(missingNotices(seen, functions, NOTICE_STARTED)).toEqual(["map"]);
  expect(missingNotices(seen, functions, NOTICE_STOPPING)).toEqual(["tv", "map"]);
});

test("notices that came after the last answer of a function that stopped", () => {
  const functions = new Map([["tv", 1]]);
  const gaps = [target([]), target([OPEN]), target([OPEN])];
  const late = (atUs: number) =>
    lateNotices(
      report(gaps, [notice(atUs, NOTICE_STOPPING, 1)]),
      targets,
      functions,
      NOTICE_STOPPING,
      5,
    );
  expect(late(99_000)).toEqual([]);
  expect(late(105_000)).toEqual([]);
  expect(late(112_000)).toEqual(["tv: 12.0 ms after the last answer"]);
});

test("an empty list has a word", () => {
  expect([listed([]), listed(["a", "b"])]).toEqual(["none", "a, b"]);
});
