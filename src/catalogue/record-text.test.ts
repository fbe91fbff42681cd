import { expect, test } from "bun:test";
import * as codes from "../boundary/maintenance-code.ts";
import {
  LOG_PHASE,
  LOG_SERVER_INCOMPATIBLE,
  LOG_VIP_FAILED,
} from "../boundary/maintenance-code.ts";
import { formatRecord, recordDetail, recordFunction, recordSubject } from "./record-text.ts";
import {
  LOG_ACTION,
  LOG_CAPACITY_LOWERED,
  LOG_ENGINE_ENDED,
  LOG_LOAD_ABORTED,
  LOG_LOAD_REFUSED,
  LOG_LOAD_STARTED,
} from "./supervisor-code.ts";

const names = { servers: ["a", "b"], functions: ["pa-relay", "map"], networks: ["eth0", "eth1"] };

test("one line with names, phases, digests and errnos", () => {
  expect(formatRecord(codes.LOG_SERVER_LOST, 1, 0, names)).toBe("WNG-0111 SERVER LOST: b");
  expect(formatRecord(LOG_PHASE, 3, 0, names)).toBe("WNG-0100 PHASE CHANGED: DRAINING");
  expect(formatRecord(LOG_VIP_FAILED, 1, 13, names)).toBe(
    "WNG-0210 VIP COULD NOT BE SET: map permission denied (errno 13)",
  );
  expect(formatRecord(LOG_SERVER_INCOMPATIBLE, 0, -1, names)).toBe(
    "WNG-0114 SERVER HAS ANOTHER TABLE: a digest ffffffff",
  );
  expect(formatRecord(codes.LOG_STRANGER, (0xfe0a << 16) | 1, -2, names)).toBe(
    "WNG-0215 ANOTHER HOST ANSWERS FOR A VIP: map fe:0a:ff:ff:ff:fe",
  );
  expect(formatRecord(codes.LOG_STRANGER_GONE, (0x0002 << 16) | 1023, 3, names)).toBe(
    "WNG-0216 STRANGER GONE: function 1023 00:02:00:00:00:03",
  );
  expect(formatRecord(codes.LOG_CARRIER_LOST, 5, 6, names)).toBe(
    "WNG-0120 CLIENT NETWORK CARRIER LOST",
  );
});

test("a value without a name is shown as a number, an unknown code with both values", () => {
  expect(formatRecord(codes.LOG_SERVER_LOST, 9, 0, names)).toContain("server 9");
  expect(formatRecord(codes.LOG_FUNCTION_UP, 9, 0, names)).toContain("function 9");
  expect(formatRecord(LOG_PHASE, 9, 0, names)).toContain("phase 9");
  expect(formatRecord(9999, 1, 2, names)).toBe("WNG-9999 UNKNOWN EVENT: 1 2");
});

test("a time, a part of the whole and the end of a process have their units", () => {
  expect(recordDetail(codes.LOG_STALLED, 50, 0, names)).toBe("50 ms");
  expect(recordDetail(codes.LOG_LEASE_UNFIT, 40, 50, names)).toBe("40 ms 50 ms");
  expect(recordDetail(LOG_CAPACITY_LOWERED, 70, 0, names)).toBe("70 per cent");
  expect(recordDetail(LOG_ENGINE_ENDED, 3, 0, names)).toBe("exit code 3");
  expect(recordDetail(LOG_ENGINE_ENDED, -9, 0, names)).toBe("signal 9");
});

test("a record holds the function apart from what else the values say", () => {
  expect(recordFunction(LOG_VIP_FAILED, 1)).toBe(1);
  expect(recordDetail(LOG_VIP_FAILED, 1, 13, names)).toBe("permission denied (errno 13)");
  expect(recordFunction(codes.LOG_STRANGER, (0xfe0a << 16) | 1)).toBe(1);
  expect(recordDetail(codes.LOG_STRANGER, (0xfe0a << 16) | 1, -2, names)).toBe("fe:0a:ff:ff:ff:fe");
  expect(recordFunction(LOG_SERVER_INCOMPATIBLE, 0)).toBe(-1);
  expect(recordDetail(LOG_SERVER_INCOMPATIBLE, 0, -1, names)).toBe("a digest ffffffff");
  expect(recordDetail(9999, 1, 2, names)).toBe("1 2");
});

test("the subject of a fault is what sets and clears have in common", () => {
  expect(recordSubject(LOG_SERVER_INCOMPATIBLE, "", "a digest ffffffff")).toBe("a");
  expect(recordSubject(codes.LOG_SERVER_ALIVE, "", "a")).toBe("a");
  expect(recordSubject(LOG_VIP_FAILED, "map", "errno 13")).toBe("map");
  expect(recordSubject(codes.LOG_STRANGER, "map", "fe:0a:ff:ff:ff:fe")).toBe(
    "map fe:0a:ff:ff:ff:fe",
  );
  expect(recordSubject(codes.LOG_STALLED, "", "300")).toBe("");
  expect(recordSubject(LOG_ACTION, "", "DRAIN")).not.toBe(recordSubject(LOG_ACTION, "", "RESUME"));
});

test("a VIP is named by its address, and is the subject of its fault with its function", () => {
  const named = { ...names, vips: [["10.44.1.1/16"], ["10.44.1.2/16", "fd44::2/64"]] };
  const first = (1 << 16) | 1;
  expect(formatRecord(codes.LOG_VIP_REFUSED, first, 13, named)).toBe(
    "WNG-0241 ONE VIP OF A FUNCTION CANNOT BE SET: map fd44::2/64 permission denied (errno 13)",
  );
  expect(recordFunction(codes.LOG_VIP_REFUSED, first)).toBe(1);
  const [begins, ends] = [codes.LOG_VIP_REFUSED, codes.LOG_VIP_TAKEN].map((code) =>
    recordSubject(code, "map", recordDetail(code, first, 13, named)),
  );
  expect([begins, ends]).toEqual(["map fd44::2/64", "map fd44::2/64"]);
  expect(recordDetail(codes.LOG_VIP_TAKEN, first, 0, names)).toBe("VIP 1");
});

test("data loads are counted by loader and operation; refused ones together", () => {
  const subject = (code: number, detail: string) => recordSubject(code, "", detail);
  expect(subject(LOG_LOAD_STARTED, "upload 10.44.9.1")).toBe("upload 10.44.9.1");
  expect(subject(LOG_LOAD_ABORTED, "upload 10.44.9.1: found X.LUH")).toBe("upload 10.44.9.1");
  expect(subject(LOG_LOAD_REFUSED, "upload 10.44.9.1: in the air")).toBe("");
});
