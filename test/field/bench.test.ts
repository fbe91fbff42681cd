/** The bench itself: its "field" matches the kernel's defaults and real hardware. */
import { afterEach, expect, test } from "bun:test";
import { Field } from "./field.ts";

let field: Field;
afterEach(() => field.close());

test("two servers with two networks serve a seat, at the kernel's defaults", async () => {
  field = new Field({ secondNetwork: true });
  const { a } = field;
  const defaults = {
    "net/ipv4/ip_nonlocal_bind": "0",
    "net/ipv4/conf/all/arp_ignore": "0",
    "net/ipv4/conf/all/arp_announce": "0",
    "net/ipv6/conf/all/accept_dad": "0",
    "net/ipv6/conf/default/accept_dad": "1",
  };
  for (const [name, value] of Object.entries(defaults))
    expect([name, a.host.run("cat", `/proc/sys/${name}`).trim()]).toEqual([name, value]);
  for (const name of ["eth0", "eth1"]) {
    const [, index, , link] =
      /^(\d+): (eth\d)@if(\d+)/.exec(a.host.ip("-o", "link", "show", "dev", name)) ?? [];
    expect([name, link]).toEqual([name, index]);
    expect(Number(index)).toBeGreaterThan(70);
  }
  field.start();
  await field.settled();
  const answers = await field.answers("10.44.1.1", "10.44.1.3");
  for (const macs of answers.values()) expect(macs.size).toBe(1);
  expect(await field.fault(a, "NO FAULTS")).toContain("LEG 0");
});
