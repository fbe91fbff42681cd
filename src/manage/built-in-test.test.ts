import { expect, test } from "bun:test";
import { AIRCRAFT, snapshot } from "../../test/harness/status-snapshot.ts";
import { parseConfig } from "../config/load.ts";
import { type StatusDocument, statusDocument } from "../supervisor/status-document.ts";
import { judge, type Seen } from "./built-in-test.ts";
import type { StorageFigures } from "./maintenance.ts";

const parsed = parseConfig(AIRCRAFT, "test", "/");
if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
const config = {
  ...parsed.config,
  clients: { ...parsed.config.clients, witnesses: ["10.9.0.254"] },
};
const names = [...new Set([...config.keepAlive.interfaces, config.clients.interface])];
const storage = { records: 12, capacity: 100, lost: 0 } as StorageFigures;

/** The state, with the witness as the engine hears it. */
const heard = (lastAnswerMs: number | null): StatusDocument => ({
  ...statusDocument(snapshot(), config),
  witnesses: [{ address: "10.9.0.254", lastAnswerMs }],
});

const well: Seen = {
  status: heard(12),
  links: new Map(names.map((name) => [name, "up" as const])),
  witnesses: new Map([["10.9.0.254", "there"]]),
  utcMs: Date.UTC(2026, 0, 2),
  storage,
  logProblem: null,
};

/** Names of what did not pass, with what was found. */
const failures = (seen: Partial<Seen>): string[] =>
  judge(config, "left", { ...well, ...seen }).flatMap(({ what, passed, found }) =>
    passed ? [] : [`${what}: ${found}`],
  );

test("all is well: one line for each thing", () => {
  expect(failures({})).toEqual([]);
  expect(judge(config, "left", well).map(({ what }) => what)).toEqual([
    ...names.map((name) => `network ${name}`),
    ...[
      "engine",
      "server right",
      "witness 10.9.0.254",
      "real-time scheduling",
      "VIP lease",
      "clock",
      "log",
    ],
  ]);
});

test("each thing that is wrong fails its own line", () => {
  expect(failures({ links: new Map() })).toEqual(names.map((name) => `network ${name}: missing`));
  expect(failures({ links: new Map(names.map((name) => [name, "no carrier"])) })).toEqual(
    names.map((name) => `network ${name}: no carrier`),
  );
  expect(failures({ status: null })).toEqual(["engine: does not run", "server right: unknown"]);
  expect(failures({ status: heard(4000) })).toEqual(["witness 10.9.0.254: answered 4000 ms ago"]);
  expect(failures({ status: heard(null) })).toEqual(["witness 10.9.0.254: never answered"]);
  for (const state of ["silent", "no answer"] as const) {
    const seen = { status: null, witnesses: new Map([["10.9.0.254", state]]) };
    expect(failures(seen)).toContain(`witness 10.9.0.254: ${state}`);
  }
  expect(failures({ utcMs: 0 })).toEqual(["clock: 1970-01-01T00:00:00.000Z"]);
  expect(failures({ logProblem: "no space left" })).toEqual(["log: no space left"]);
  expect(failures({ status: { ...heard(12), lease: "missing" } })).toEqual(["VIP lease: missing"]);
  expect(
    failures({
      status: { ...heard(12), realtime: false, phase: "isolated" },
    }),
  ).toEqual([...["engine: isolated", "real-time scheduling: refused"]]);
});

test("a server that is not heard fails, whatever else it is", () => {
  const status = heard(12);
  const [self, other] = status.servers as [(typeof status.servers)[0], (typeof status.servers)[0]];
  expect(
    failures({
      status: { ...status, servers: [self, { ...other, state: "lost", lastHeardMs: 5000 }] },
    }),
  ).toEqual(["server right: lost, heard 5000 ms ago"]);
  expect(
    failures({
      status: { ...status, servers: [self, { ...other, state: "unknown", lastHeardMs: null }] },
    }),
  ).toEqual(["server right: unknown, never heard"]);
});
