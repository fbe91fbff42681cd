/**
 * One seat and two machines without head-end servers: the addresses are moved by hand. Started by
 * seat.test.ts in namespaces of its own; prints one JSON document.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "../../src/config/load.ts";
import { planAddresses } from "../../src/rig/address-plan.ts";
import { runCommand } from "../../src/rig/command-run.ts";
import { rigCommand } from "../../src/rig/executables.ts";
import { enterNetwork, GroundNetwork } from "../../src/rig/ground-network.ts";
import type { SeatReport } from "../../src/rig/seat-order.ts";
import { VirtualSeat } from "../../src/rig/virtual-seat.ts";
import { VirtualServer } from "../../src/rig/virtual-server.ts";
import { cleanEnvironment } from "../../src/supervisor/own-executable.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { until } from "../harness/until.ts";

const VIPS = ["10.44.1.1", "fd44::1"];
const DEADLINE_MS = 30_000;

const result = parseConfig(
  JSON.stringify({
    system: "scenario",
    servers: [
      { id: "a", resource: 1 },
      { id: "b", resource: 1 },
    ],
    functions: [{ id: "map", required: 1, priority: 5, vips: ["10.44.1.1/16", "fd44::1/64"] }],
  }),
  "scenario",
  "/",
);
if (!result.ok) throw new Error(JSON.stringify(result.problems));
const { config } = result;
const plan = planAddresses(config, 1);
const network = await GroundNetwork.create(plan.interfaces, []);
const directory = scratchDirectory("rig-scenario");
const machines = config.servers.map(
  ({ id }, index) =>
    new VirtualServer(id, index, {
      network,
      interfaces: plan.servers[index] ?? [],
      wingman: ["/bin/false"],
      configFile: "/dev/null",
      directory: join(directory, id),
    }),
);
for (const machine of machines) await machine.powerOn();

const services = machines.map((machine) =>
  Bun.spawn([...enterNetwork(machine.pid), ...rigCommand(), "service", "0", "a,b"], {
    env: {
      ...cleanEnvironment(),
      WINGMAN_FUNCTION: "map",
      WINGMAN_SERVER: machine.id,
      WINGMAN_VIPS: VIPS.join(","),
    },
    stdio: ["ignore", "inherit", "inherit"],
  }),
);
const targets = (config.functions[0]?.vips ?? []).map(({ family, address }) => ({
  functionIndex: 0,
  family,
  address: [...address],
  intervalMs: 4,
}));
const seat = await VirtualSeat.start(
  network,
  plan.seats[0] ?? { name: "eth0", addresses: [] },
  [],
  {
    seat: 0,
    targets,
    notice: {
      interface: "eth0",
      group: config.clients.noticeGroup,
      port: config.clients.noticePort,
    },
  },
);

async function moveVips(verb: "add" | "del", machine: number): Promise<void> {
  const pid = machines[machine]?.pid ?? 0;
  const lines = [
    `addr ${verb} 10.44.1.1/32 dev eth0`,
    `addr ${verb} fd44::1/128 dev eth0${verb === "add" ? " nodad" : ""}`,
  ];
  await runCommand([...enterNetwork(pid), "ip", "-batch", "-"], `${lines.join("\n")}\n`);
}

/** The seat sends to this machine from now on, as after a gratuitous ARP of it. */
async function pointSeatTo(machine: number): Promise<void> {
  const lines = VIPS.map(
    (vip) => `neigh replace ${vip} dev eth0 lladdr 02:57:4d:00:00:0${machine} nud permanent`,
  );
  await runCommand([...enterNetwork(seat.pid), "ip", "-batch", "-"], `${lines.join("\n")}\n`);
}

/** Asks the seat until `isReached` of every VIP. */
async function untilSeen(
  isReached: (target: SeatReport["targets"][number]) => boolean,
): Promise<SeatReport> {
  let report: SeatReport | null = null;
  return await until(
    () => JSON.stringify(report),
    async () => {
      report = await seat.report(0);
      return report.targets.every(isReached) && report;
    },
  );
}

const nobody = await untilSeen(({ lost }) => lost > 10);
await moveVips("add", 0);
await pointSeatTo(0);
const before = (await seat.report(0)).targets.map(({ lost }) => lost);
const first = await untilSeen(({ server, answered }) => server === 0 && answered > 50);
const call = await seat.call(VIPS);

await moveVips("del", 0);
await Bun.sleep(100);
await moveVips("add", 1);
await pointSeatTo(1);
const moved = await untilSeen(
  ({ server, gaps }) => server === 1 && gaps.every(({ endUs }) => endUs !== null),
);

await moveVips("add", 0); // two owners
const isOverlapSeen = async () =>
  (await seat.report(0)).targets.every(({ overlaps }) => overlaps.length > 0);
const deadline = performance.now() + DEADLINE_MS;
for (let turn = 0; !(await isOverlapSeen()) && performance.now() < deadline; turn++)
  await pointSeatTo(turn % 2);
const overlaps = (await seat.report(0)).targets.map((target) => target.overlaps.length > 0);

const exitCodes: (number | null)[] = [];
for (const service of services) {
  service.kill("SIGTERM");
  exitCodes.push(await until("the service's end", () => service.exitCode));
}
for (const machine of machines) await machine.powerOff();
const links = await runCommand(["ip", "-brief", "link", "show", "type", "veth"]);
rmSync(directory, { recursive: true, force: true });
console.log(
  JSON.stringify({
    nobody: nobody.targets.map(({ answered, gaps }) => ({ answered, gaps })),
    first: first.targets.map(({ server, answered, lost, changes, foreign }, index) => ({
      server,
      isSteady: answered > lost - (before[index] ?? 0), // answers lost while no server had it are no news
      changes,
      foreign,
    })),
    call: call.stdout,
    moved: moved.targets.map(({ gaps, changes, overlaps }) => ({
      gapsMs: gaps.map((gap) => ((gap.endUs ?? 0) - gap.startUs) / 1000),
      changes: changes.map(({ from, to }) => [from, to]),
      overlaps: overlaps.length,
    })),
    overlaps,
    exitCodes,
    serverLinks: links.split("\n").filter((line) => line.startsWith("s")),
  }),
);
process.exit(0);
