/** What a program can do with an address of its host. Needs root and `ip`. */
import { afterAll, expect, test } from "bun:test";
import { parseAddress } from "../../src/config/address.ts";
import { canBind, isListening } from "../../src/io/local-address.ts";
import { VirtualNetwork } from "../harness/virtual-network.ts";

const network = new VirtualNetwork();
afterAll(() => network.close());

const bytes = (text: string): Uint8Array => parseAddress(text)?.bytes ?? new Uint8Array();

for (const [own, prefixLength, others] of [
  ["10.44.0.1", 16, "10.44.0.2"],
  ["fd44::1", 64, "fd44::2"],
] as const) {
  test(`${own}: whether it is here, and whether a process listens there`, () => {
    const host = network.addHost(`${own}/${prefixLength}`);
    const can = (text: string): boolean => host.inside(() => canBind(bytes(text)));
    expect([can(own), can(others)]).toEqual([true, false]);
    const hears = (text: string, port: number): boolean =>
      host.inside(() => isListening(bytes(text), port));
    const listener = host.inside(() =>
      Bun.listen({ hostname: own, port: 8080, socket: { data() {} } }),
    );
    expect([hears(own, 8080), hears(own, 8081), hears(others, 8080)]).toEqual([true, false, false]);
    listener.stop(true);
    expect(hears(own, 8080)).toBe(false);
  });

  test(`${own}: an ephemeral port is free until a process listens`, () => {
    const host = network.addHost(`${own}/${prefixLength}`);
    host.sysctl("net/ipv4/ip_local_port_range", "40000 40007");
    const hears = (port: number): boolean => host.inside(() => isListening(bytes(own), port));
    for (let look = 0; look < 100; look++)
      for (let port = 40000; port <= 40007; port++)
        expect([port, hears(port)]).toEqual([port, false]);
    const listener = host.inside(() =>
      Bun.listen({ hostname: own, port: 40001, socket: { data() {} } }),
    );
    expect([hears(40001), hears(40003)]).toEqual([true, false]);
    listener.stop(true);
  });
}
