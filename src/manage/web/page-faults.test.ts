/** The active faults of every server, as every server's page has them. */
import { expect, test } from "bun:test";
import { MaintenanceStandIn } from "../../../test/harness/maintenance-stand-in.ts";
import { pageFaults, reportedFaults } from "./page-faults.ts";

const NOW_MS = Date.UTC(2026, 10, 26, 2, 1, 5);
const ago = (seconds: number): string => new Date(NOW_MS - seconds * 1000).toISOString();

const maintenance = new MaintenanceStandIn();
maintenance.log.set("WNG-0111", "SERVER LOST", "b", "cause", "action");
const own = maintenance.log.faults();

const status = {
  ...maintenance.withFaultsOfB(),
  faults: [
    { code: "WNG-0111", text: "SERVER LOST", server: "a", function: null, since: ago(3) },
    { code: "WNG-0203", text: "FUNCTION FAILED", server: "b", function: "games", since: ago(42) },
    { code: "WNG-9999", text: "", server: "b", function: null, since: ago(0) },
  ],
};

test("its own from the log, in full; those of others from their keep-alives", () => {
  const { faults, unlistedFaults } = pageFaults(own, status, "a", NOW_MS);
  expect(faults).toEqual([
    {
      ...{ server: "a", label: "WNG-0111", text: "SERVER LOST", class: 2, about: "b" },
      ...{ sinceMs: NOW_MS - 60_000, ageS: 60, count: 1, folded: 1 },
    },
    {
      ...{ server: "b", label: "WNG-0203", text: "FUNCTION FAILED", class: 2, about: "games" },
      ...{ sinceMs: null, ageS: 42, count: 1, folded: 1 },
    },
    {
      ...{ server: "b", label: "WNG-9999", text: "", class: 0, about: "" },
      ...{ sinceMs: null, ageS: 0, count: 1, folded: 1 },
    },
  ]);
  expect(unlistedFaults).toEqual([["b", 1]]);
});

test("without a valid clock the engine still knows how old an own fault is", () => {
  const unset = own.map((fault) => ({ ...fault, first: { ...fault.first, utcMs: null } }));
  const [fault] = pageFaults(unset, status, "a", NOW_MS).faults;
  expect(fault).toMatchObject({ sinceMs: null, ageS: 3 });
});

test("no engine: what the own log has, and nothing of others", () => {
  const { faults, unlistedFaults } = pageFaults(own, null, "a", NOW_MS);
  expect(faults.map(({ server, ageS }) => [server, ageS])).toEqual([["a", 60]]);
  expect(unlistedFaults).toEqual([]);
});

test("of the whole aircraft: every server of itself alone", () => {
  const seenByB = { ...status, server: "b" };
  const { faults } = reportedFaults([status, seenByB], NOW_MS);
  expect(faults.map(({ server, label }) => `${server} ${label}`)).toEqual([
    "a WNG-0111",
    "b WNG-0203",
    "b WNG-9999",
  ]);
});

test("functions that one missing server leaves alone are one fault of each server, with a list", () => {
  const alone = (server: string, name: string, seconds: number) => ({
    ...{ code: "WNG-0223", text: "NO OTHER SERVER", server, function: name, since: ago(seconds) },
  });
  const faults = [alone("a", "map", 3), alone("b", "map", 4), alone("a", "tv", 9)];
  const { faults: found } = reportedFaults(
    [
      { ...status, faults },
      { ...status, server: "b", faults },
    ],
    NOW_MS,
  );
  expect(found.map(({ server, about, ageS, folded }) => ({ server, about, ageS, folded }))).toEqual(
    [
      { server: "a", about: "map, tv", ageS: 9, folded: 2 },
      { server: "b", about: "map", ageS: 4, folded: 1 },
    ],
  );
});
