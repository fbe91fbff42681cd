/**
 * Real daemons, real kernels: the VIPs of a server that stops silently, with its link up. Needs
 * root and `ip`. A seat asks the server itself, frame by frame, even if another server has
 * announced the addresses by then.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { leaseMsOf } from "../../src/boundary/timing.ts";
import { parseAddress } from "../../src/config/address.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { Flight, ownersOf, type Server, TABLE, VIPS } from "../harness/real-servers.ts";
import { SeatProbe } from "../harness/seat-probe.ts";
import { signalAll } from "../harness/signals.ts";
import { until } from "../harness/until.ts";

let flight: Flight;
beforeEach(() => {
  flight = new Flight();
});
afterEach(async () => {
  await flight.close();
});

/** Starts a daemon as on a kernel without these parts: bpf, nftables. */
const without = (...parts: string[]): string[] => [
  ...[process.execPath, join(import.meta.dir, "../children/without.ts"), parts.join(",")],
];
const WITHOUT_NFTABLES = without("nftables", "bpf");
const LEASE_MS = leaseMsOf(TABLE.keepAlive.periodMs, TABLE.keepAlive.lostAfterPeriods);

/** Each function has a process of its own. */
const table = (lease: string): object => ({
  ...TABLE,
  clients: { lease },
  functions: TABLE.functions.map((entry) => ({ ...entry, command: ["/bin/sleep", "1000"] })),
});

/** At one instant: none of them sees another one go. Gives how many there were. */
function killAll(server: Server): number {
  const processes = server.processes();
  signalAll(processes, "SIGSTOP");
  signalAll(processes, "SIGKILL");
  return processes.length;
}

const SEAT_IPV4 = [10, 44, 9, 1];
const SEAT_IPV6 = [0xfd, 0x44, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5];

describe("SIGKILL of all of an owner's processes, with the link up", () => {
  /** Ends every process of the owner at one instant and watches it; times in ms after that. */
  async function kill(lease: string) {
    flight.a.start(table(lease));
    flight.b.start(table(lease));
    const [state] = await flight.settled();
    const [owner, other] =
      ownersOf(state).announcements === "a" ? [flight.a, flight.b] : [flight.b, flight.a];
    const vips = owner.vips();
    expect(vips.some((vip) => vip.includes(":"))).toBe(true);
    const addresses = vips.map((vip) => Uint8Array.from(parseAddress(vip)?.bytes ?? []));
    const probe = new SeatProbe(flight.seat, owner.host, SEAT_IPV4, SEAT_IPV6);
    try {
      const ask = async (): Promise<number> => {
        probe.answers(); // late ones belong to the question before
        for (const address of addresses) probe.ask(address);
        await Bun.sleep(10);
        const asked = new Set(addresses.map((address) => Buffer.from(address).toString("hex")));
        return [...probe.answers()].filter((answer) => asked.has(answer.split(" ")[1] as string))
          .length;
      };
      let before = 0;
      for (let question = 0; question < 100 && before < 2 * vips.length; question++)
        before = await ask();
      expect(before).toBe(2 * vips.length); // to ARP or neighbour discovery, and to echo requests

      expect(killAll(owner)).toBeGreaterThanOrEqual(3); // supervisor, engine, functions
      const killedUs = nowUs();
      const sinceMs = (): number => Math.round((nowUs() - killedUs) / 1000);
      const upThen = owner.vips();
      let lastAnswerMs = 0;
      let goneMs = 0;
      while (goneMs === 0 && sinceMs() < 15_000) {
        const askedMs = sinceMs();
        if ((await ask()) > 0) lastAnswerMs = askedMs;
        if (owner.vips().length === 0) goneMs = sinceMs();
      }
      await until("the other has taken over", () => hasAnnouncements(other));
      return { upThen, vips, lastAnswerMs, goneMs };
    } finally {
      probe.close();
    }
  }

  const hasAnnouncements = (server: Server): boolean =>
    ownersOf(server.state() ?? flight.fail()).announcements === server.id;

  // Lifetimes are 2 s; the youngest VIP was renewed at that moment, the oldest not more than a
  // round before.
  test("with the lease: silent at once, with the addresses still up; and gone in two seconds", async () => {
    const { upThen, vips, lastAnswerMs, goneMs } = await kill("required");
    console.log(
      `lease of ${LEASE_MS} ms: last answer after ${lastAnswerMs} ms, addresses gone after ${goneMs} ms`,
    );
    expect(upThen).toEqual(vips); // nobody was left to remove them
    expect(lastAnswerMs).toBeLessThan(1000);
    expect(goneMs).toBeGreaterThan(1000);
    expect(goneMs).toBeLessThan(10_000);
  });

  test("without the lease: they answer until the kernel deletes them, in two seconds", async () => {
    const { upThen, vips, lastAnswerMs, goneMs } = await kill("off");
    console.log(
      `no lease: last answer after ${lastAnswerMs} ms, addresses gone after ${goneMs} ms`,
    );
    expect(upThen).toEqual(vips);
    expect(lastAnswerMs).toBeGreaterThan(1000); // so silence in the other test is the lease's doing
    expect(goneMs).toBeGreaterThan(1000);
    expect(goneMs).toBeLessThan(10_000);
  });
});

test("VIPs stay up over many lifetimes, with no gap, and an engine that goes on renews them", async () => {
  const { a } = flight;
  // Detection as long as the shortest lifetime allows: a busy machine is not what is asked for
  // here.
  a.start({ ...TABLE, keepAlive: { ...TABLE.keepAlive, lostAfterPeriods: 14 } });
  await until("it serves", () => a.vips().length >= 3);
  a.watchAddresses();
  await Bun.sleep(5000);
  const changes = readFileSync(a.addressLog, "utf8");
  const renewals = changes.split("\n").filter((line) => line.includes(" 10.44.1.1/32 "));
  expect(renewals.length).toBeGreaterThan(3);
  expect(changes).not.toContain("Deleted");
  expect(a.log).not.toContain("REMOVED BY HAND");
  expect(a.state()?.functions.find(({ id }) => id === "announcements")?.state).toBe("running");
});

describe("the lease by default", () => {
  /** Starts it and waits until it serves what it has room for, with the lease as expected. */
  const fly = async (server: Server, config: object, lease: string): Promise<void> => {
    server.start(config);
    await until(`it serves, lease ${lease}`, () => {
      const state = server.state();
      const running = state?.functions.filter(({ state }) => state === "running") ?? [];
      return running.length >= 2 && state?.lease === lease;
    });
  };

  test("is on, as the state shows", async () => {
    await fly(flight.a, TABLE, "running");
    await flight.a.logs("VIP LEASE ENFORCED BY: tcx");
    expect(flight.a.log).not.toContain("NO VIP LEASE");
    expect(flight.a.command("status").out).toContain("VIP lease running (tcx)");
    expect(flight.a.state()?.leaseKind).toBe("tcx");
  });

  test.each([
    ["for this process", "bpf", 1],
    ["in the kernel", "bpf-call", 38],
  ])(
    "is nftables' where there is no eBPF %s, and the state and the log say so",
    async (_, missing, reason) => {
      const { a } = flight;
      a.launcher = without(missing);
      await fly(a, TABLE, "running");
      await a.logs("VIP LEASE ENFORCED BY: nftables");
      expect(a.log).toMatch(new RegExp(`NO EBPF FOR VIP FILTER: [a-z ]+ \\(errno ${reason}\\)`));
      expect(a.state()?.leaseKind).toBe("nftables");
    },
  );

  test("a detection time that eBPF alone fits: flown with it, refused or named without it", async () => {
    const { a } = flight;
    const config = (lease: string) => ({
      ...TABLE,
      keepAlive: { ...TABLE.keepAlive, periodMs: 100, lostAfterPeriods: 3 },
      clients: { lease },
    });
    // 2 periods and 10 ms: 210 ms by eBPF, and nftables needs less than a period more.
    await fly(a, config("required"), "running");
    await a.stop();
    const short = config("required");
    Object.assign(short.keepAlive, { periodMs: 10, lostAfterPeriods: 3 });
    a.launcher = without("bpf");
    a.start(short);
    expect(await a.exited()).toBe(1);
    expect(a.log).toMatch(/no eBPF here, and nftables needs a detection time of \d+ ms/);
  });

  test("off is off, and takes away the filter that an earlier run left", async () => {
    const { a } = flight;
    await fly(a, TABLE, "running");
    killAll(a);
    await a.stop("SIGKILL");
    await fly(a, { ...TABLE, clients: { lease: "off" } }, "off");
    expect(a.log.slice(a.log.lastIndexOf("engine started"))).not.toContain("LEASE");
    const answers = (): boolean =>
      Bun.spawnSync([...flight.seat.enter, "bash", "-c", "exec 3<>/dev/tcp/10.44.1.1/9"])
        .stderr.toString()
        .includes("refused");
    await until("its VIP answers", answers);
  });

  test("where none fits the detection time: it flies, with a clear message that there is none and what would fit", async () => {
    const { a } = flight;
    const config = {
      ...TABLE,
      keepAlive: { ...TABLE.keepAlive, periodMs: 20, lostAfterPeriods: 2 },
    };
    await fly(a, config, "missing");
    await a.logs("WNG-0306 NO VIP LEASE FITS DETECTION TIME: 40 ms 50 ms");
    expect(a.command("status").out).toContain("attention: NO VIP LEASE");
    // Detection after 40 ms: a busy machine releases everything again and again.
    await until("it has VIPs", () => a.vips().length > 0);
  });

  test("where the kernel has no nftables: preferred flies without a lease, and reports it", async () => {
    const { a } = flight;
    a.launcher = WITHOUT_NFTABLES;
    await fly(a, TABLE, "missing");
    await a.logs("WNG-0304 NO VIP LEASE: protocol not supported (errno 93)");
    expect(a.vips().filter((vip) => VIPS.includes(vip)).length).toBeGreaterThan(0);
    expect(a.command("status").out).toContain("attention: NO VIP LEASE");
  });

  test("where the kernel has no nftables: required ends the start and names what is missing", async () => {
    const { a } = flight;
    a.launcher = WITHOUT_NFTABLES;
    a.start({ ...TABLE, clients: { lease: "required" } });
    expect(await a.exited()).toBe(1);
    await a.logs("this kernel has no nfnetlink (CONFIG_NETFILTER_NETLINK)");
    expect(a.vips()).toEqual([]);
  });

  test("where the kernel has no nftables: off does not mind", async () => {
    const { a } = flight;
    a.launcher = WITHOUT_NFTABLES;
    await fly(a, { ...TABLE, clients: { lease: "off" } }, "off");
    expect(a.log).not.toContain("LEASE");
  });
});
