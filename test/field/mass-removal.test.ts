/**
 * All VIPs of a server are removed by hand, checked, and removed again ('ip addr flush' does so ten
 * times): they come back, but with growing pauses, so that the tool ends; and the log tells a
 * technician what to do instead.
 */
import { afterEach, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { until } from "../harness/until.ts";
import { Field } from "./field.ts";

const RECORD = "WNG-0211";
const FLUSHES = 100;

let field: Field;
afterEach(() => field.close());

test("flushed a hundred times: put back at growing pauses, and at last for good", async () => {
  field = new Field();
  field.start();
  await field.settled();
  const owner = field.server(field.ownerOf("announcements") ?? "");
  const { host } = owner;
  const isUp = (): boolean => host.addresses().includes("10.44.1.1/32");
  const putBack = (): number =>
    readFileSync(owner.addressLog, "utf8")
      .split("\n")
      .filter((line) => line.includes("10.44.1.1/32") && line.includes("valid_lft"))
      .filter((line) => !line.includes("Deleted")).length;
  owner.watchAddresses();
  const flush = "ip addr flush dev eth0 to 10.44.1.0/24";
  const beganMs = performance.now();
  host.run("sh", "-c", `for i in $(seq ${FLUSHES}); do ${flush}; done`);
  const endedMs = performance.now();
  const times = putBack();
  // At once, after 0.2, 0.6 and 1.4 s, and then once a second; a renewal tells of it, too.
  const seconds = (endedMs - beganMs) / 1000;
  expect(times).toBeLessThan(2 * (4 + seconds) + 4 * seconds);
  await until("it is up", isUp);
  await until("the log says so", () => owner.log.includes(RECORD));
  await until("the console says what to do", () => field.faults(owner).includes("wingman drain"));
  expect(field.ownerOf("announcements")).toBe(owner.id);
});
