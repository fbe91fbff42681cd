import { expect, test } from "bun:test";
import { LEASE_MS_MIN } from "../limits.ts";
import { ENOENT, EOPNOTSUPP, EPERM } from "./errno.ts";
import { missingPart, VipLease } from "./vip-lease.ts";

const PLACES = { newTable: 3, ingress: 10, egress: 16 };

test("the error names what the kernel lacks, by the message that it refused", () => {
  for (const [errno, place, said] of [
    [EPERM, 0, /CAP_NET_ADMIN/],
    [EOPNOTSUPP, 0, /no nftables \(CONFIG_NF_TABLES\)/],
    [EPERM, 1, /belongs to another process/],
    [EPERM, 2, /belongs to another process/],
    [EOPNOTSUPP, 1, /no nftables \(CONFIG_NF_TABLES\)/],
    [ENOENT, 10, /ingress hook \(CONFIG_NF_TABLES_NETDEV, CONFIG_NETFILTER_INGRESS\)/],
    [EOPNOTSUPP, 16, /egress hook \(Linux 5\.16, CONFIG_NETFILTER_EGRESS\)/],
    [EOPNOTSUPP, 3, /a part of the packet filter/],
    [EOPNOTSUPP, 12, /a part of the packet filter/],
  ] as const) {
    expect(missingPart(errno, place, PLACES)).toMatch(said);
  }
});

test("a lease that the kernel's ticks could swallow is refused", () => {
  for (const leaseMs of [LEASE_MS_MIN - 1, 0, -1, 50.5, Number.NaN, 2 ** 31]) {
    expect(() => new VipLease("lo", [], leaseMs)).toThrow(/length of a lease/);
  }
});
