/**
 * A server is made to answer for a VIP by other means than an address: a local route, an entry for
 * proxy ARP or proxy neighbour discovery, proxy ARP of an interface. Within seconds a fault names
 * it, until it is gone.
 */
import { afterEach, expect, test } from "bun:test";
import { activeFaults, faultBegins, faultEnds } from "./active-faults.ts";
import { whenActive } from "./fault-states.ts";
import { Field } from "./field.ts";

const CODE = "WNG-0458";

/**
 * Other processes on the machine hold hands with this one for longer than five seconds at times.
 */
const TIMEOUT_MS = 60_000;

let field: Field;
afterEach(() => field.close());

const WAYS = [
  {
    what: "local routes of IPv4: of one VIP, of all, in another table",
    changes: [
      ["route", "local 10.44.1.1/32 dev eth0", "10.44.1.1: local route of length 32"],
      ["route", "local 10.44.1.0/24 dev lo", "10.44.1.1: local route of length 24, and 3 more"],
      ["route", "local 10.44.1.3/32 dev eth1 table 77", "10.44.1.3: local route of length 32"],
    ],
  },
  {
    what: "routes of IPv6",
    changes: [
      ["-6 route", "local fd44:0:0:1::1/128 dev eth0", "fd44:0:0:1::1: local route"],
      ["-6 route", "anycast fd44:0:0:1::1/128 dev eth0", "fd44:0:0:1::1: anycast route"],
    ],
  },
  {
    what: "entries for proxy ARP and proxy neighbour discovery",
    changes: [
      ["neigh", "proxy 10.44.1.1 dev eth0", "10.44.1.1: proxy entry on eth0"],
      ["neigh", "proxy 10.44.1.3 dev eth1", "10.44.1.3: proxy entry on eth1"],
      ["-6 neigh", "proxy fd44:0:0:1::1 dev eth0", "fd44:0:0:1::1: proxy entry on eth0"],
    ],
  },
] as const;

for (const { what, changes } of WAYS) {
  test(
    `${what}: a fault there alone, until it is gone`,
    async () => {
      field = new Field({ secondNetwork: true });
      field.start();
      await field.settled();
      const owner = field.server(field.ownerOf("announcements") ?? "");
      const other = field.servers.find((server) => server !== owner) ?? owner;
      for (const [kind, thing, named] of changes) {
        other.host.ip(...kind.split(" "), "add", ...thing.split(" "));
        await faultBegins(other, CODE);
        expect(await whenActive(other, CODE)).toContain(named);
        expect(activeFaults(owner)).toEqual([]);
        other.host.ip(...kind.split(" "), "del", ...thing.split(" "));
        await faultEnds(other, CODE);
      }
    },
    TIMEOUT_MS,
  );
}

test(
  "proxy ARP of the client interface, with the VIP routed elsewhere",
  async () => {
    field = new Field({ secondNetwork: true });
    const { a, b } = field;
    // There at the start; the VIPs' own route leads to the client interface.
    a.host.sysctl("net/ipv4/ip_forward", "1");
    a.host.sysctl("net/ipv4/conf/eth0/proxy_arp", "1");
    field.start();
    await field.settled();
    const ofB = a.state()?.functions.find(({ owner }) => owner === "b");
    const vip = ofB?.vips[0]?.split("/")[0] ?? "";
    expect(activeFaults(a)).toEqual([]);
    a.host.ip("route", "add", vip, "dev", "eth1");
    await faultBegins(a, CODE);
    expect(await whenActive(a, CODE)).toContain(`${vip}: proxy ARP on eth0 to eth1`);
    expect(activeFaults(b)).toEqual([]);
    a.host.sysctl("net/ipv4/conf/eth0/proxy_arp", "0");
    await faultEnds(a, CODE);
  },
  TIMEOUT_MS,
);
