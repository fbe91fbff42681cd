/** The whole virtual aircraft. Runs inside the rig's own namespaces, see main.ts. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AircraftConfig } from "../config/model.ts";
import { nowUs } from "../io/monotonic-clock.ts";
import { type AddressPlan, planAddresses } from "./address-plan.ts";
import { GroundNetwork } from "./ground-network.ts";
import { NORMAL_PACE, type Pace, paceIntervals, SEAT_COUNT } from "./probe-pace.ts";
import { MACHINES_DIRECTORY, serverDirectory } from "./rig-directory.ts";
import type { SeatReport, SeatTarget } from "./seat-order.ts";
import { LATE_US } from "./target-record.ts";
import { VirtualSeat } from "./virtual-seat.ts";
import { VirtualServer } from "./virtual-server.ts";

/** Time for the answers to the last probes before a seat is asked. */
const SETTLE_MS = LATE_US / 1000 + 200;

/** A server's own equipment, in place of the common one. */
export interface ServerOutfit {
  /** Command of its flight executable. */
  wingman: readonly string[];
  configFile: string;
  /** Called before its first start; its power is on. */
  prepare(server: VirtualServer): Promise<void>;
}

export interface SeatObservation {
  seat: VirtualSeat;
  report: SeatReport;
}

/** Course of a power interruption of all servers. Times in ms. */
export interface PowerInterruption {
  /** From the first server without power to the last one. */
  spreadMs: number;
  /**
   * From the first one until the power was back, and until every machine was ready to start its
   * daemon.
   */
  offMs: number;
  bootedMs: number;
}

export class VirtualAircraft {
  readonly servers: readonly VirtualServer[];
  readonly seats: readonly VirtualSeat[];
  /** The VIPs that every seat calls, in the order of the seats' reports. */
  readonly targets: readonly SeatTarget[];

  private constructor(
    readonly config: AircraftConfig,
    readonly configFile: string,
    readonly wingman: readonly string[],
    /** The rig's temporary directory. */
    readonly directory: string,
    servers: readonly VirtualServer[],
    seats: readonly VirtualSeat[],
    targets: readonly SeatTarget[],
  ) {
    this.servers = servers;
    this.seats = seats;
    this.targets = targets;
  }

  /** Builds networks, seats and servers, and starts every server's daemon at the same moment. */
  static async build(
    config: AircraftConfig,
    configFile: string,
    wingman: readonly string[],
    directory: string,
    /** By server; null when all are alike. */
    outfits: readonly ServerOutfit[] | null = null,
  ): Promise<VirtualAircraft> {
    const plan = planAddresses(config, SEAT_COUNT);
    const network = await GroundNetwork.create(plan.interfaces, config.clients.witnesses);
    const targets = seatTargets(config);
    const seats = await startSeats(network, plan, config, targets);
    const servers = config.servers.map(({ id }, index) => {
      const own = serverDirectory(directory, id);
      mkdirSync(own, { recursive: true });
      const interfaces = plan.servers[index] ?? [];
      return new VirtualServer(id, index, {
        network,
        interfaces,
        wingman: outfits?.[index]?.wingman ?? wingman,
        configFile: outfits?.[index]?.configFile ?? configFile,
        directory: own,
      });
    });
    const aircraft = new VirtualAircraft(
      config,
      configFile,
      wingman,
      directory,
      servers,
      seats,
      targets,
    );
    for (const seat of seats) aircraft.#noteMachine(seat.name, seat.pid);
    for (const server of servers) await aircraft.powerOn(server);
    await Promise.all(servers.map((server) => outfits?.[server.index]?.prepare(server)));
    for (const server of servers) server.startDaemon();
    return aircraft;
  }

  server(id: string): VirtualServer | undefined {
    return this.servers.find((server) => server.id === id);
  }

  /** Longest current interval between a seat's probes to one VIP of these functions. */
  probeIntervalMs(functions: ReadonlySet<number> | null = null): number {
    const concerned = this.targets.filter(
      ({ functionIndex }) => functions?.has(functionIndex) ?? true,
    );
    return Math.max(...concerned.map(({ intervalMs }) => intervalMs));
  }

  /** Changes how often the seats call every VIP. */
  set pace(pace: Pace) {
    paceIntervals(this.targets, pace).forEach((intervalMs, number) => {
      const target = this.targets[number];
      if (target !== undefined) target.intervalMs = intervalMs;
    });
    for (const seat of this.seats)
      seat.setIntervals(this.targets.map(({ intervalMs }) => intervalMs));
  }

  /** Switches a server on; its daemon is not started yet. */
  async powerOn(server: VirtualServer): Promise<void> {
    await server.powerOn();
    this.#noteMachine(server.id, server.pid);
  }

  /**
   * All servers lose their power at the same instant, get it back `lengthMs` later, and start their
   * daemons. A machine is not remade before the kernel has ended the previous one.
   */
  async interruptPower(lengthMs: number): Promise<PowerInterruption> {
    const cutUs = this.nowUs;
    const sinceCutMs = () => (this.nowUs - cutUs) / 1000;
    for (const server of this.servers) server.cutPower();
    const spreadMs = sinceCutMs();
    await Promise.all(this.servers.map((server) => server.awaitEnd()));
    await Bun.sleep(Math.max(0, lengthMs - sinceCutMs()));
    const offMs = sinceCutMs();
    await Promise.all(this.servers.map((server) => this.powerOn(server)));
    for (const server of this.servers) server.startDaemon();
    return { spreadMs, offMs, bootedMs: sinceCutMs() };
  }

  /**
   * Observations of every seat after `sinceUs`, once all answers that may still count have arrived.
   */
  async observe(sinceUs: number): Promise<SeatObservation[]> {
    await Bun.sleep(SETTLE_MS);
    return await Promise.all(
      this.seats.map(async (seat) => ({ seat, report: await seat.report(sinceUs) })),
    );
  }

  /** For `wingman-rig enter`. */
  #noteMachine(name: string, pid: number): void {
    const machines = join(this.directory, MACHINES_DIRECTORY);
    mkdirSync(machines, { recursive: true });
    writeFileSync(join(machines, name), String(pid));
  }

  get nowUs(): number {
    return nowUs();
  }
}

async function startSeats(
  network: GroundNetwork,
  plan: AddressPlan,
  config: AircraftConfig,
  targets: SeatTarget[],
): Promise<VirtualSeat[]> {
  const { interface: name, noticeGroup: group, noticePort: port } = config.clients;
  const seats: VirtualSeat[] = [];
  for (const [seat, address] of plan.seats.entries()) {
    seats.push(
      await VirtualSeat.start(network, address, plan.hostRoutes, {
        seat,
        targets,
        notice: { interface: name, group, port },
      }),
    );
  }
  return seats;
}

/** Every VIP of every function. */
function seatTargets(config: AircraftConfig): SeatTarget[] {
  const targets = config.functions.flatMap(({ vips }, functionIndex) =>
    vips.map(({ family, address }) => ({
      functionIndex,
      family,
      address: [...address],
      intervalMs: 0,
    })),
  );
  const intervals = paceIntervals(targets, NORMAL_PACE);
  return targets.map((target, number) => ({ ...target, intervalMs: intervals[number] ?? 0 }));
}
