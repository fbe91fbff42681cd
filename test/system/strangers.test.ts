/**
 * A host in the cabin that uses a VIP as its own address, and real daemons that notice; and
 * everything that must not be taken for one.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Announcer } from "../../src/io/announcer.ts";
import { Flight, ownersOf, type Server, TABLE, VIPS } from "../harness/real-servers.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { type Host, vip } from "../harness/virtual-network.ts";
import { Answers } from "./answers.ts";

const VIP4 = "10.44.1.1";
const VIP6 = "fd44:0:0:1::1";
/** As the test's own `vip` reads it. */
const VIP6_WRITTEN = "fd44:0:0:1:0:0:0:1";
const VIP4_DIGITS = "0a2c0101";
const VIP6_DIGITS = "fd440000000000010000000000000001";
const NAMED = "ANOTHER HOST ANSWERS FOR A VIP";

let flight: Flight;
const closing: { close(): void }[] = [];
beforeEach(() => {
  flight = new Flight();
});
afterEach(async () => {
  for (const socket of closing.splice(0)) socket.close();
  await flight.close();
});

function kept<T extends { close(): void }>(socket: T): T {
  closing.push(socket);
  return socket;
}

const announcerOn = (host: Host, ...vips: string[]): Announcer =>
  kept(host.inside(() => new Announcer("eth0", [vips.map(vip)])));

function announce(announcer: Announcer): void {
  announcer.announce(0);
  announcer.flush();
}

const colons = (mac: string): string => mac.replace(/..(?!$)/g, "$&:");

/**
 * Frames in which `host` claims the VIPs of the announcements to all: ARP, or a neighbour
 * advertisement.
 */
function isAnnouncementOf(host: Host): (frame: string) => boolean {
  const mac = host.mac;
  const isArp = (f: string): boolean =>
    f.startsWith(`ffffffffffff${mac}0806`) && f.slice(56, 64) === VIP4_DIGITS;
  const isNeighbour = (f: string): boolean =>
    f.startsWith(`333300000001${mac}86dd`) && f.slice(124, 156) === VIP6_DIGITS;
  return (frame) => (isArp(frame) ? frame.slice(76, 84) === VIP4_DIGITS : isNeighbour(frame));
}

/** MAC that the seat holds for an address. */
const cached = (address: string): string =>
  (
    /lladdr (\S+)/.exec(flight.seat.ip("neigh", "show", address, "dev", "eth0"))?.[1] ?? ""
  ).replaceAll(":", "");

/** Makes the seat's kernel resolve `address`: one datagram to a port without a listener. */
function resolve(address: string): void {
  flight.seat.inside(() =>
    Bun.spawnSync(["bash", "-c", `exec 3<>/dev/udp/${address}/9 && echo x >&3`]),
  );
}

const ownerOf = (id: string): Server =>
  flight.a.state()?.functions.find((f) => f.id === id)?.owner === "a" ? flight.a : flight.b;

describe("a host that has a VIP", () => {
  for (const [family, address, written] of [
    ["IPv4", VIP4, `${VIP4}/16`],
    ["IPv6", VIP6, `${VIP6_WRITTEN}/64`],
  ] as const) {
    test(`${family}: is named with its MAC, the seats come back, and no owner changes`, async () => {
      flight.a.start(TABLE);
      flight.b.start(TABLE);
      const [before] = await flight.settled();
      const owner = ownerOf("announcements");
      await until("the seat knows the owner", () => {
        resolve(address);
        return cached(address) === owner.host.mac;
      });

      await Bun.sleep(1500); // the announcements that belong to the start are over
      const capture = kept(new Answers(flight.seat, "10.44.9.1", []));
      const stranger = flight.addHost("10.44.9.66/16");
      stranger.ip(
        "addr",
        "add",
        `${address}/${family === "IPv4" ? 16 : 64}`,
        "dev",
        "eth0",
        ...(family === "IPv6" ? ["nodad"] : []),
      );
      const announcer = announcerOn(stranger, written);
      const line = `WNG-0215 ${NAMED}: announcements ${colons(stranger.mac)}`;
      await until("the fault names function and MAC", () => {
        announce(announcer); // one may be lost while the port of the new host opens
        return owner.log.includes(line);
      });
      await until("the seat believes the stranger", () => {
        announce(announcer);
        return cached(address) === stranger.mac;
      });
      await until(
        "the owner announces the VIP",
        () => capture.captured(isAnnouncementOf(owner.host)).length > 0,
      );
      await until("the seat is back", () => cached(address) === owner.host.mac);

      const after = await flight.settled();
      expect(after.map(ownersOf)).toEqual([ownersOf(before), ownersOf(before)]);
      expect([...flight.a.vips(), ...flight.b.vips()].length).toBe(VIPS.length);
      const other = owner === flight.a ? flight.b : flight.a;
      expect(other.log).not.toContain(NAMED);
      expect(owner.command("status").out).toContain("others answered for VIPs");
    }, 60_000);
  }

  test("one that never gives up: the VIP is announced a few times, not forever, and everything else goes on", async () => {
    flight.a.start(TABLE);
    flight.b.start(TABLE);
    const [before] = await flight.settled();
    const owner = ownerOf("announcements");
    const isAnnouncement = isAnnouncementOf(owner.host);
    await Bun.sleep(1500); // the announcements that belong to the start are over
    const stranger = flight.addHost("10.44.9.66/16");
    stranger.ip("addr", "add", `${VIP4}/16`, "dev", "eth0");
    const announcer = announcerOn(stranger, `${VIP4}/16`);
    const capture = kept(new Answers(flight.seat, "10.44.9.1", []));
    let defences = 0;
    const endMs = performance.now() + 8000;
    while (performance.now() < endMs) {
      announce(announcer);
      await Bun.sleep(20);
      // ARP, as requests; replies go with them, and a function's other VIPs.
      defences += capture
        .captured(isAnnouncement)
        .filter((frame) => frame.slice(24, 28) === "0806" && frame.slice(40, 44) === "0001").length;
    }
    expect(defences).toBeGreaterThanOrEqual(3);
    // after 0, 1, 3 and 7 s, and those after 2 and 6 s that every VIP has that came up
    expect(defences).toBeLessThanOrEqual(6);
    expect(owner.log.split(NAMED)).toHaveLength(2); // once
    const after = await flight.settled();
    expect(after.map(ownersOf)).toEqual([ownersOf(before), ownersOf(before)]);
    const answers = kept(
      new Answers(flight.seat, "10.44.9.1", ["10.44.1.2", "10.44.1.3", "10.44.1.4"]),
    );
    await until(
      "the other VIPs are answered",
      () => flight.a.vips().length + flight.b.vips().length === VIPS.length,
    );
    expect([...(await answers.round()).values()].map(({ size }) => size)).toEqual([1, 1, 1]);
  }, 60_000);
});

describe("hosts that are no strangers", () => {
  const expectNobodyNamed = (): void => {
    for (const { log } of [flight.a, flight.b]) expect(log).not.toContain(NAMED);
  };

  test("a server in hand-over, a restarted one, and one that was killed", async () => {
    flight.a.start(TABLE);
    flight.b.start(TABLE);
    await flight.settled();
    expect(flight.a.drain().code).toBe(0);
    expect(flight.a.command("resume").code).toBe(0);
    await flight.settled();
    expect(await flight.b.stop()).toBe(0);
    flight.b.start(TABLE);
    await flight.settled();
    signal(flight.a.enginePid, "SIGKILL");
    await Bun.sleep(500);
    await flight.settled();
    await Bun.sleep(500); // longer than the listening time, after which a sighting is judged
    expectNobodyNamed();
  }, 60_000);

  test("a server that is first heard when a divided network is joined, although its announcements come before", async () => {
    flight.b.host.attach(false);
    flight.a.start(TABLE);
    flight.b.start(TABLE);
    await until("each serves alone", () =>
      [flight.a, flight.b].every((server) => {
        const state = server.state();
        return state?.phase === "active" && ownersOf(state).announcements === server.id;
      }),
    );
    const announcers = [flight.a, flight.b].map(({ host }) =>
      announcerOn(host, `${VIP4}/16`, `${VIP6_WRITTEN}/64`),
    );
    for (let round = 0; round < 100; round++) {
      if (round === 20) flight.b.host.attach(true);
      for (const announcer of announcers) announce(announcer);
      await Bun.sleep(5);
    }
    await flight.settled();
    await Bun.sleep(500);
    expectNobodyNamed();
    expect(flight.a.log + flight.b.log).toContain("FUNCTION OWNED TWICE");
  }, 60_000);
});
