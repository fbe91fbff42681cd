/**
 * Servers that fly the real executable on one switch, with a seat, a watcher of their answers, and
 * every fault that a flight may meet.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { LEASE_KIND_NAMES, type LeaseKindName } from "../../src/boundary/lease-kind.ts";
import { argumentsOf } from "../../src/rig/process-table.ts";
import { readServerView, type ServerView } from "../../src/rig/status-file.ts";

import { readSnapshot } from "../../src/supervisor/status-reader.ts";
import { leaseKindIn } from "../../src/wire/status-snapshot.ts";
import { Server, WINGMAN } from "../harness/real-servers.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { signalAll } from "../harness/signals.ts";
import { type Host, VirtualNetwork } from "../harness/virtual-network.ts";
import { AnswerWatch } from "../harness/watch/answer-watch.ts";

import type { Fault } from "./fault-plan.ts";

const IDS = ["a", "b", "c", "d"];
const SEAT = { ipv4: "10.44.9.1", ipv6: "fd44:0:0:1::5" };
const KEEP_ALIVE_PORT = 44100;
const FLOOD_PER_MS = 5;
const RESUME_DEADLINE_MS = 20_000;
const COMMAND_DEADLINE_MS = 10_000;

export const VIPS = ["10.44.1.1", "fd44:0:0:1::1", "10.44.1.2", "10.44.1.3", "10.44.1.4"];
/** The function of each VIP. */
export const FUNCTION_OF_VIP = [0, 0, 1, 2, 3];
/** Required resource of each function, and resource of each server. */
export const REQUIRED = [40, 50, 40, 30] as const;
export const RESOURCE = 100;

export interface Timing {
  periodMs: number;
  lostAfterPeriods: number;
}

/** Two servers of it have room for everything, one for the two most important. */
export function tableOf(serverCount: number, timing: Timing, lease: "required" | "off"): object {
  return {
    system: "chaos",
    keepAlive: { ...timing, recoveredAfterPeriods: 5, interfaces: ["eth0"] },
    clients: { lease },
    servers: IDS.slice(0, serverCount).map((id) => ({ id, resource: RESOURCE })),
    functions: [
      {
        id: "announcements",
        required: REQUIRED[0],
        priority: 10,
        vips: ["10.44.1.1/16", "fd44:0:0:1::1/64"],
      },
      { id: "safety-video", required: REQUIRED[1], priority: 9, vips: ["10.44.1.2/16"] },
      { id: "map", required: REQUIRED[2], priority: 5, vips: ["10.44.1.3/16"] },
      { id: "games", required: REQUIRED[3], priority: 2, vips: ["10.44.1.4/16"] },
    ],
  };
}

const WITHOUT = join(import.meta.dir, "../children/without.ts");

export class Aircraft {
  private readonly network = new VirtualNetwork();
  private readonly directory = scratchDirectory("chaos");
  readonly servers: readonly Server[];
  readonly seat: Host;
  private watcher: AnswerWatch | null = null;

  constructor(
    readonly serverCount: number,
    private readonly table: object,
    without = "",
  ) {
    this.servers = IDS.slice(0, serverCount).map((id, index) => {
      const host = this.network.addHost(`10.44.0.${index + 1}/16`, `fd44:0:0:1::a${index}/64`);
      mkdirSync(join(this.directory, id));
      const server = new Server(id, host, join(this.directory, id));
      if (without !== "") server.launcher = [process.execPath, WITHOUT, without];
      return server;
    });
    this.seat = this.network.addHost(`${SEAT.ipv4}/16`, `${SEAT.ipv6}/64`);
  }

  get ids(): readonly string[] {
    return this.servers.map(({ id }) => id);
  }

  async watch(): Promise<AnswerWatch> {
    const servers = this.servers.map(({ host }) => ({
      port: host.port,
      hardware: host.hardwareAddress(),
    }));
    const order = { servers, vips: VIPS, seat: { hardware: this.seat.hardwareAddress(), ...SEAT } };
    this.watcher = await AnswerWatch.start(this.network.enter, order);
    return this.watcher;
  }

  start(server: number): void {
    this.at(server).start(this.table);
  }

  /**
   * Acts as an init system: a daemon that has ended, for instance because its predecessor still
   * held the interface, is restarted.
   */
  restartEnded(): void {
    for (const [index, server] of this.servers.entries()) if (!server.isRunning) this.start(index);
  }

  view(server: number): ServerView | null {
    return readServerView(join(this.at(server).runDirectory, "status"));
  }

  /** What enforces the leases of the servers, the kinds found among them. */
  leaseKinds(): LeaseKindName[] {
    const kinds = this.servers.map(({ runDirectory }) => {
      const snapshot = readSnapshot(join(runDirectory, "status"));
      return LEASE_KIND_NAMES[snapshot === null ? 0 : leaseKindIn(snapshot.flags)] as LeaseKindName;
    });
    return [...new Set(kinds)];
  }

  /** Every process of a server. */
  processes(server: number): number[] {
    return this.at(server).host.processes();
  }

  /** Carries one fault out, to its end. */
  async inflict({ kind, server, lengthMs }: Fault): Promise<void> {
    const { host } = this.at(server);
    const engine = (): number[] =>
      this.processes(server).filter((pid) => argumentsOf(pid)[1] === "engine");
    switch (kind) {
      case "pause engine":
        return await pause(engine(), lengthMs);
      case "pause supervisor":
        return await pause([this.at(server).pid], lengthMs);
      case "pause all":
        return await pause(this.processes(server), lengthMs);
      case "kill engine":
        return signalAll(engine(), "SIGKILL");
      case "kill supervisor":
        await this.at(server).stop("SIGKILL");
        await Bun.sleep(lengthMs);
        return this.start(server);
      case "kill all":
        signalAll(this.processes(server), "SIGKILL");
        await this.at(server).stop("SIGKILL");
        await Bun.sleep(lengthMs);
        return this.start(server);
      case "leave":
        await this.at(server).stop("SIGTERM");
        await Bun.sleep(lengthMs);
        return this.start(server);
      case "drain":
        this.at(server).land();
        await this.command(server, "drain", "--confirm", "--no-wait");
        await Bun.sleep(lengthMs);
        return await this.resume(server);
      case "unplug":
        host.plug(false);
        await Bun.sleep(lengthMs);
        return host.plug(true);
      case "block":
        host.block(true);
        await Bun.sleep(lengthMs);
        return host.block(false);
      case "deafen":
        host.dropMulticast();
        await Bun.sleep(lengthMs);
        return host.dropMulticast(false);
      case "flood":
        return await this.flood(server, lengthMs);
    }
  }

  /** The caller asks again: an engine that is just being restarted does not hear it. */
  private async resume(server: number): Promise<void> {
    const endMs = performance.now() + RESUME_DEADLINE_MS;
    while (performance.now() < endMs) {
      if ((await this.command(server, "resume", "--confirm")) === 0) return;
      await Bun.sleep(100);
    }
  }

  /**
   * An order by the operator. A server that cannot carry it out, because it is starting or cut off,
   * reports that; it is not a fault.
   * @returns its exit code
   */
  async command(server: number, ...args: string[]): Promise<number> {
    const child = Bun.spawn([WINGMAN, ...args, "--run-dir", this.at(server).runDirectory], {
      stdio: ["ignore", "ignore", "ignore"],
      timeout: COMMAND_DEADLINE_MS,
      killSignal: "SIGKILL",
    });
    return await child.exited;
  }

  /**
   * Garbage to one server's keep-alive port, from the seat: at most {@link FLOOD_PER_MS} datagrams
   * a ms.
   */
  private async flood(server: number, lengthMs: number): Promise<void> {
    const target = `10.44.0.${server + 1}`;
    const script = `const socket = require("node:dgram").createSocket("udp4");
      const end = performance.now() + ${lengthMs};
      const garbage = Buffer.alloc(692, 0x57);
      const timer = setInterval(() => {
        if (performance.now() > end) { clearInterval(timer); socket.close(); return; }
        for (let i = 0; i < ${FLOOD_PER_MS}; i++) socket.send(garbage, ${KEEP_ALIVE_PORT}, "${target}", () => {});
      }, 1);`;
    const enter = this.seat.enter;
    await Bun.spawn([...enter, process.execPath, "-e", script], {
      stdio: ["ignore", "ignore", "inherit"],
    }).exited;
  }

  async close(): Promise<void> {
    this.watcher?.kill();
    for (const [index, server] of this.servers.entries()) {
      signalAll(this.processes(index), "SIGKILL");
      await server.end();
    }
    this.network.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private at(server: number): Server {
    return this.servers[server] as Server;
  }
}

async function pause(processes: readonly number[], lengthMs: number): Promise<void> {
  signalAll(processes, "SIGSTOP");
  await Bun.sleep(lengthMs);
  signalAll(processes, "SIGCONT");
}
