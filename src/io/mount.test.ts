import { expect, test } from "bun:test";
import { mountOf } from "./mount.ts";

const TABLE = [
  "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
  "30 22 0:25 / /run rw,nosuid shared:11 - tmpfs tmpfs rw,size=1k",
  "31 22 8:3 / /var/lib rw shared:12 master:2 - ext4 /dev/sda3 rw",
  "32 31 8:4 / /var/lib/a\\040b rw - xfs /dev/mapper/a\\040b rw",
  "33 30 0:26 / /run rw - ramfs none rw",
  "",
].join("\n");

test.each([
  ["/", "/dev/vda"],
  ["/var/library", "/dev/vda"],
  ["/var/lib", "/dev/sda3"],
  ["/var/lib/wingman", "/dev/sda3"],
  ["/var/lib/a b/c", "/dev/mapper/a b"],
  ["/run/wingman", "none"],
])("%s lies on %s", (path, source) => {
  expect(mountOf(path, TABLE)?.source).toBe(source);
});

test("this machine has a root", () => {
  expect(mountOf("/")?.point).toBe("/");
});
