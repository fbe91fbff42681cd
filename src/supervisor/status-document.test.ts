import { expect, test } from "bun:test";
import { AIRCRAFT, snapshot } from "../../test/harness/status-snapshot.ts";
import {
  COUNTER_ACCEPTED,
  COUNTER_AUTHENTICATION,
  COUNTER_DROPPED,
  COUNTER_DUPLICATE,
  COUNTER_MALFORMED,
  COUNTER_OVERFLOW,
  COUNTER_REPLAY,
  COUNTER_SEND_FAILED,
  COUNTER_SENT,
  COUNTER_STRANGER,
  COUNTER_SYSTEM,
  COUNTER_UNKNOWN,
  COUNTER_UNPROVEN,
} from "../boundary/counters.ts";
import { LEASE_CLSACT, LEASE_NFTABLES, LEASE_NONE, LEASE_TCX } from "../boundary/lease-kind.ts";
import { LOG_VIP_REFUSED } from "../boundary/maintenance-code.ts";
import {
  PHASE_ACTIVE,
  PHASE_DRAINING,
  PHASE_ISOLATED,
  PHASE_LISTENING,
} from "../boundary/phase.ts";
import {
  SERVER_ALIVE,
  SERVER_JOINING,
  SERVER_LOST,
  SERVER_UNKNOWN,
} from "../boundary/server-state.ts";
import { codeLabel } from "../catalogue/record-text.ts";
import { LOG_NOT_READY, LOG_PROCESS_UNSTOPPABLE } from "../catalogue/supervisor-code.ts";
import { statusText } from "../commands/status-text.ts";
import { takesFunctions } from "../config/foresight.ts";
import { parseConfig } from "../config/load.ts";
import type { AircraftConfig } from "../config/model.ts";
import { FAULTS_TOLD_MAX } from "../limits.ts";
import {
  STATUS_FLAG_LEASE,
  STATUS_FLAG_LEASE_MISSING,
  statusLeaseKind,
} from "../wire/status-snapshot.ts";
import { lateness, serverWord, statusDocument } from "./status-document.ts";

function aircraft(text = AIRCRAFT): AircraftConfig {
  const result = parseConfig(text, "test", "/");
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

test("the document has the shape that programs rely on", () => {
  const document = statusDocument(
    snapshot({
      counters: {
        [COUNTER_SENT]: 1,
        [COUNTER_ACCEPTED]: 2,
        [COUNTER_MALFORMED]: 3,
        [COUNTER_AUTHENTICATION]: 4,
        [COUNTER_REPLAY]: 5,
        [COUNTER_UNKNOWN]: 6,
        [COUNTER_SYSTEM]: 7,
        [COUNTER_DUPLICATE]: 8,
        [COUNTER_UNPROVEN]: 9,
        [COUNTER_DROPPED]: 10,
        [COUNTER_SEND_FAILED]: 11,
        [COUNTER_OVERFLOW]: 12,
        [COUNTER_STRANGER]: 13,
      },
      latenessesUs: [3],
    }),
    aircraft(),
  );
  expect(document).toMatchObject({
    server: "left",
    phase: "active",
    incarnation: 0xffff_fff0,
    tableDigest: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
    servers: [
      { id: "left", state: "self", resource: 100, remaining: 60, lastHeardMs: 0 },
      { id: "right", state: "alive", resource: 100, remaining: -5, lastHeardMs: 7, networks: null },
    ],
    networks: [{ interface: "eth0", carrier: true, heard: ["right"] }],
    functions: [
      {
        id: "map",
        priority: 3,
        required: 40,
        owner: "left",
        state: "running",
        vips: ["10.9.0.1/24"],
      },
      { id: "announcements", priority: 10, required: 5, owner: "right", state: "running" },
      { id: "video", priority: 3, required: 90, owner: null, state: "stopped" },
    ],
    keepAlive: {
      sent: 1,
      accepted: 2,
      rejected: { malformed: 3, authentication: 4, replay: 5, unknown: 6, system: 7 },
      dropped: 10,
      duplicate: 8,
      unproven: 9,
      sendFailed: 11,
      lateUs: { p50: 3, p99: 3, p999: 3, max: 3 },
    },
    overflow: 12,
    strangers: 13,
    draining: false,
    carrier: true,
    realtime: true,
    lease: "off",
    leaseKind: "none",
    uptimeMs: 65_000,
  });
  expect(statusDocument(snapshot({ phase: PHASE_DRAINING }), aircraft()).draining).toBe(true);
  expect(statusDocument(snapshot({ flags: 1 }), aircraft())).toMatchObject({
    draining: true,
    carrier: false,
    realtime: false,
  });
  const leaseOf = (flags: number): string => statusDocument(snapshot({ flags }), aircraft()).lease;
  const kindOf = (kind: number): string =>
    statusDocument(snapshot({ flags: STATUS_FLAG_LEASE | statusLeaseKind(kind) }), aircraft())
      .leaseKind;
  expect([LEASE_NONE, LEASE_TCX, LEASE_CLSACT, LEASE_NFTABLES].map(kindOf)).toEqual([
    ...["none", "tcx", "clsact", "nftables"],
  ]);
  expect([leaseOf(STATUS_FLAG_LEASE), leaseOf(STATUS_FLAG_LEASE_MISSING)]).toEqual([
    "running",
    "missing",
  ]);
});

test("another server: its own report counts as long as it is heard; also the time it was last heard", () => {
  const seen = (state: number, phase: number, heardMsAgo?: number): unknown[] => {
    const made = snapshot();
    made.serverState[1] = state;
    made.serverPhase[1] = phase;
    made.lastHeardUs[1] = heardMsAgo === undefined ? 0 : made.writtenUs - heardMsAgo * 1000;
    const { servers } = statusDocument(made, aircraft());
    return [servers[1].phase, servers[1].lastHeardMs, serverWord(servers[1])].concat(
      takesFunctions(servers[1]) ? ["takes functions"] : [],
    );
  };
  expect(seen(SERVER_ALIVE, PHASE_ACTIVE, 7)).toEqual(["active", 7, "alive", "takes functions"]);
  expect(seen(SERVER_ALIVE, PHASE_LISTENING, 7)).toEqual([
    ...["listening", 7, "alive"],
    "takes functions",
  ]);
  expect(seen(SERVER_ALIVE, PHASE_DRAINING, 7)).toEqual(["draining", 7, "draining"]);
  expect(seen(SERVER_ALIVE, PHASE_ISOLATED, 7)).toEqual(["isolated", 7, "isolated"]);
  expect(seen(SERVER_JOINING, PHASE_ACTIVE, 0)).toEqual(["active", 0, "joining"]);
  // Heard while the snapshot was written.
  expect(seen(SERVER_ALIVE, PHASE_ACTIVE, -1)).toEqual(["active", 0, "alive", "takes functions"]);
  expect(seen(SERVER_LOST, PHASE_ACTIVE, 9000)).toEqual([null, 9000, "lost"]);
  expect(seen(SERVER_UNKNOWN, PHASE_ACTIVE)).toEqual([null, null, "unknown"]);
});

test("of more faults than are listed the listed ones, each under its server", () => {
  const made = snapshot();
  made.faultCount.set([FAULTS_TOLD_MAX + 3, 2]);
  made.faultCode.set(Array.from({ length: FAULTS_TOLD_MAX }, () => LOG_VIP_REFUSED));
  made.faultCode.set([LOG_PROCESS_UNSTOPPABLE, LOG_NOT_READY], FAULTS_TOLD_MAX);
  made.faultFunction[FAULTS_TOLD_MAX] = 3; // the function's number, from 1 on
  const { servers, faults } = statusDocument(made, aircraft());
  expect(servers.map(({ activeFaults }) => activeFaults)).toEqual([FAULTS_TOLD_MAX + 3, 2]);
  expect(faults.map((fault) => [fault.server, fault.code, fault.function])).toEqual([
    ...Array.from({ length: FAULTS_TOLD_MAX }, () => ["left", codeLabel(LOG_VIP_REFUSED), null]),
    ["right", codeLabel(LOG_PROCESS_UNSTOPPABLE), "video"],
    ["right", codeLabel(LOG_NOT_READY), null],
  ]);
});

test("percentiles are upper bounds of their buckets, at most the greatest value", () => {
  const thousand = Array.from({ length: 1000 }, (_, index) => index);
  const late = lateness(snapshot({ latenessesUs: thousand }));
  for (const [percentile, exact] of [
    [late.p50, 499],
    [late.p99, 989],
    [late.p999, 998],
  ] as const) {
    expect(percentile).toBeGreaterThanOrEqual(exact);
    expect(percentile).toBeLessThanOrEqual(Math.min(999, Math.ceil(exact * 1.25)));
  }
  expect(late.max).toBe(999);
  expect(lateness(snapshot({ latenessesUs: [] }))).toEqual({ p50: 0, p99: 0, p999: 0, max: 0 });
  expect(lateness(snapshot({ latenessesUs: [5_000_000] }))).toMatchObject({
    p50: 5_000_000,
    p999: 5_000_000,
  });
  expect(lateness(snapshot({ latenessesUs: [...Array(999).fill(2), 900] }))).toEqual({
    p50: 2,
    p99: 2,
    p999: 2,
    max: 900,
  });
});

test("the text names everything, in the order of priority, 80 columns wide", () => {
  const counters = {
    [COUNTER_OVERFLOW]: 3,
    [COUNTER_STRANGER]: 4,
    [COUNTER_DUPLICATE]: 8,
    [COUNTER_UNPROVEN]: 9,
    [COUNTER_DROPPED]: 10,
  };
  const text = statusText(
    statusDocument(snapshot({ flags: STATUS_FLAG_LEASE_MISSING, counters }), aircraft()),
    new Map([
      ["map", { why: "runs on left", isNotable: false }],
      ["video", { why: `does not run ${"because ".repeat(20)}`.trim(), isNotable: true }],
    ]),
  );
  expect(text).toContain("\nvideo: does not run because because ");
  expect(text).not.toContain("runs on left");
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  expect(text).toContain("server left: active, up 1 min 5 s");
  expect(text).toContain("attention: NO CARRIER");
  expect(text).toContain("VIP lease missing");
  expect(text).toContain("attention: NO VIP LEASE");
  expect(text).toContain("attention: 3 events lost");
  expect(text).toContain("0 other system; 10 dropped by the kernel");
  expect(text).toContain("attention: others answered for VIPs 4 times, see the log");
  expect(text).toContain("neither: 8 duplicate, 9 unproven");
  expect(text).toMatch(/^left +self +100 +60 +- +-$/m);
  expect(text).toMatch(/^right +alive +100 +-5 +7 ms ago +-$/m);
  expect(text).toMatch(/^announcements +10 +5 +right +NONE +running +10\.9\.0\.2\/24 \+1$/m);
  expect(text.indexOf("\nannouncements")).toBeLessThan(text.indexOf("\nmap"));
  expect(text.indexOf("\nmap")).toBeLessThan(text.indexOf("\nvideo"));
});

test("the longest names and addresses fit 80 columns", () => {
  const config = JSON.parse(AIRCRAFT);
  config.functions[0].id = "f".repeat(32);
  config.servers[0].id = "s".repeat(32);
  config.functions[0].vips = ["2001:0db8:aaaa:bbbb:cccc:dddd:eeee:0001/128", "10.9.0.1/24"];
  const text = statusText(
    statusDocument(snapshot({ latenessesUs: [2 ** 31] }), aircraft(JSON.stringify(config))),
    new Map(),
  );
  expect(text).toMatch(/, VIP lease off$/m); // not cut
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});
