import { expect, test } from "bun:test";
import { capabilityMask, SERVICE_CAPABILITIES } from "../config/capability-names.ts";
import {
  missingRights,
  type RightsAsked,
  rightsMessages,
  rightsToGive,
} from "./function-rights.ts";

const asks = (settings: Partial<RightsAsked> = {}): RightsAsked => ({
  ...{ id: "map", command: ["/usr/bin/map"], user: null, capabilities: null },
  ...settings,
});
const as = (userId: number, ...names: string[]) => ({
  userId,
  capabilities: capabilityMask(names),
});
const missing = (entry: RightsAsked, userId: number, ...names: string[]): readonly string[] =>
  missingRights([entry], as(userId, ...names)).flatMap(({ capabilities }) => capabilities);

const status = (uid: number) =>
  `Uid:\t${uid}\t${uid}\t${uid}\t${uid}\nCapPrm:\t0000000000003000\nCapBnd:\t00000000000000ff\n`;

test("root hands on its bounding set, another user what it has", () => {
  expect(rightsToGive(status(0))).toEqual({ userId: 0, capabilities: 0xffn });
  expect(rightsToGive(status(995))).toEqual({ userId: 995, capabilities: 0x3000n });
});

test("a function of root's may do what services do", () => {
  expect(missing(asks(), 0, ...SERVICE_CAPABILITIES)).toEqual([]);
  const others = SERVICE_CAPABILITIES.filter((name) => name !== "CAP_CHOWN");
  expect(missing(asks(), 0, ...others)).toEqual(["CAP_CHOWN"]);
});

test("a function under another daemon requests nothing by default", () => {
  expect(missing(asks(), 995)).toEqual([]);
  expect(missing(asks({ capabilities: [] }), 995)).toEqual([]);
  const capabilities = ["CAP_NET_BIND_SERVICE"];
  expect(missing(asks({ capabilities }), 995)).toEqual(capabilities);
  expect(missing(asks({ capabilities }), 995, ...capabilities)).toEqual([]);
});

test("another user needs the rights to become it, and to stop its processes", () => {
  const needed = ["CAP_KILL", "CAP_SETGID", "CAP_SETUID"];
  expect(missing(asks({ user: "4711" }), 995)).toEqual(needed);
  expect(missing(asks({ user: "4711" }), 0, "CAP_KILL", "CAP_SETGID")).toEqual(["CAP_SETUID"]);
  expect(missing(asks({ user: "4711" }), 0, ...needed)).toEqual([]);
  expect(missing(asks({ user: "995" }), 995)).toEqual([]); // its own
});

test("root must be able to take the others away", () => {
  const capabilities = ["CAP_NET_RAW"];
  expect(missing(asks({ capabilities }), 0, "CAP_NET_RAW")).toEqual(["CAP_SETPCAP"]);
});

test("a function without a process asks for nothing", () => {
  expect(missingRights([asks({ command: null, user: "4711" })], as(995))).toEqual([]);
});

test("the log names function and capabilities, and whose functions they are without a user", () => {
  const lines = rightsMessages([{ functionId: "map", capabilities: ["CAP_CHOWN"] }], as(0));
  expect(lines).toEqual([
    "function map cannot have CAP_CHOWN: not granted to the daemon ('wingman help processes')",
  ]);
  expect(rightsMessages([], as(4711))).toEqual([
    "functions that name no user run as 4711, not as root",
  ]);
});
