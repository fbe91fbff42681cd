import { expect, test } from "bun:test";
import { capabilityMask } from "../config/capability-names.ts";
import { findUser } from "./process-settings.ts";

const PASSWD = "root:x:0:0:root:/root:/bin/sh\nmap:x:1001:1002:Moving map:/srv/map:/bin/false\n";
const GROUP = "root:x:0:\nmaps:x:1002:\nvideo:x:44:tv,map\nmap-not:x:45:mapper\n";

test("a user by name has its groups and its home", () => {
  const user = { name: "map", id: 1001, group: 1002, groups: [1002, 44], home: "/srv/map" };
  expect(findUser("map", PASSWD, GROUP)).toEqual(user);
  expect(findUser("1001", PASSWD, GROUP)).toEqual(user);
});

test("a number needs no entry, a name does", () => {
  const user = { name: "7", id: 7, group: 7, groups: [7], home: "/" };
  expect(findUser("7", PASSWD, GROUP)).toEqual(user);
  expect(findUser("games", PASSWD, GROUP)).toBeUndefined();
});

test("capabilities are bits", () => {
  expect(capabilityMask([])).toBe(0n);
  expect(capabilityMask(["CAP_CHOWN", "CAP_CHECKPOINT_RESTORE"])).toBe((1n << 40n) | 1n);
});
