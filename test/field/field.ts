/**
 * A small aircraft as it stands in the field: real daemons on two or more servers, at the kernel's
 * default settings, with interface indexes as on hardware. Every server has `eth0` on the client
 * network and, where wanted, `eth1` on a second network for keep-alives; a seat asks.
 */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Server, TABLE } from "../harness/real-servers.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { until } from "../harness/until.ts";
import { type Host, INTERFACE_INDEX, VirtualNetwork } from "../harness/virtual-network.ts";
import { Answers } from "../system/answers.ts";

export const SEAT_ADDRESS = "10.44.9.1";

/**
 * Keep-alives every 20 ms and a detection time of 0.4 s: no neighbour on the machine stalls that,
 * and the lease of the product fits.
 */
export const FIELD_TABLE = { ...TABLE, keepAlive: { ...TABLE.keepAlive, lostAfterPeriods: 20 } };

/** The same with keep-alives on both networks. */
export const TWO_NETWORKS = {
  ...FIELD_TABLE,
  keepAlive: { ...FIELD_TABLE.keepAlive, interfaces: ["eth0", "eth1"] },
};

interface Wanted {
  readonly servers?: number;
  /** A second switch, with `eth1` of every server on it. */
  readonly secondNetwork?: boolean;
  readonly hasIpv6?: boolean;
}

export class Field {
  readonly directory = scratchDirectory("field");
  readonly network: VirtualNetwork;
  /** Joins the `eth1` of all servers; null: there is none. */
  readonly secondSwitch: Host | null;
  readonly servers: readonly Server[];
  readonly seat: Host;

  constructor({ servers = 2, secondNetwork = false, hasIpv6 = true }: Wanted = {}) {
    this.network = new VirtualNetwork(hasIpv6);
    this.seat = this.network.addHost(`${SEAT_ADDRESS}/16`);
    this.servers = Array.from({ length: servers }, (_, place) => {
      const id = String.fromCharCode(97 + place);
      const host = this.network.addHost(`10.44.0.${place + 1}/16`);
      mkdirSync(join(this.directory, id));
      return new Server(id, host, join(this.directory, id));
    });
    this.secondSwitch = secondNetwork ? this.addSecondNetwork() : null;
  }

  /** Server `a`, `b`, … */
  server(id: string): Server {
    const found = this.servers.find((server) => server.id === id);
    if (found === undefined) throw new Error(`there is no server ${id}`);
    return found;
  }

  get a(): Server {
    return this.server("a");
  }

  get b(): Server {
    return this.server("b");
  }

  start(config: object = FIELD_TABLE): void {
    for (const server of this.servers) server.start(config);
  }

  /**
   * All active, each function owned by the same server everywhere, nothing on its way, and each has
   * its console.
   */
  async settled(): Promise<void> {
    await until("all servers are active and agree", () => {
      const running = this.servers.filter(({ isRunning }) => isRunning);
      const hasConsole = (server: Server) => existsSync(join(server.runDirectory, "console.sock"));
      if (!running.every(hasConsole)) return null;
      const states = running.map((one) => one.state());
      const owners = new Set<string>();
      for (const state of states) {
        if (state?.phase !== "active") return null;
        const isMoving = state.functions.some(({ state: now }) => /^st\w+ing$/.test(now));
        if (isMoving) return null;
        owners.add(JSON.stringify(state.functions.map(({ id, owner }) => [id, owner])));
      }
      return owners.size === 1 ? true : null;
    });
  }

  /**
   * The server that all running ones report as the owner of the function; null: none, or they
   * disagree.
   */
  ownerOf(id: string): string | null {
    const owners = this.servers
      .filter(({ isRunning }) => isRunning)
      .map((server) => server.state()?.functions.find((one) => one.id === id)?.owner ?? null);
    return new Set(owners).size === 1 ? (owners[0] ?? null) : null;
  }

  /**
   * MAC addresses, as twelve hexadecimal digits, that answer the seat's question for each VIP. The
   * seat repeats it until each has an answer.
   */
  async answers(...vips: string[]): Promise<Map<string, Set<string>>> {
    const seat = new Answers(this.seat, SEAT_ADDRESS, vips);
    try {
      return await until(`an answer for each of ${vips.join(", ")}`, async () => {
        const heard = await seat.round();
        return [...heard.values()].every(({ size }) => size > 0) ? heard : null;
      });
    } finally {
      seat.close();
    }
  }

  /** Active faults of a server as its console shows them. */
  faults(server: Server): string {
    return server.command("console", "show faults").out;
  }

  /**
   * Waits until a server shows the fault, such as `WNG-0215` or `NO FAULTS`; gives all that it
   * shows.
   */
  async fault(server: Server, code: string): Promise<string> {
    return await until(`${server.id} shows ${code}`, () => {
      const shown = this.faults(server);
      return shown.includes(code) ? shown : null;
    });
  }

  /** Waits until a server shows no fault that is active. */
  async noFault(server: Server): Promise<void> {
    let shown = "";
    await until(
      () => `${server.id} has no fault, but: ${shown}`,
      () => {
        shown = this.faults(server);
        return /NO FAULTS|, 0 ACTIVE/.test(shown);
      },
    );
  }

  async close(): Promise<void> {
    for (const server of this.servers) await server.end();
    this.network.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private addSecondNetwork(): Host {
    const bridge = this.network.addHost();
    bridge.ip("link", "add", "br1", "type", "bridge", "mcast_snooping", "0");
    bridge.ip("link", "set", "br1", "up");
    for (const place of this.servers.keys()) this.layCable(bridge, place);
    return bridge;
  }
  /** Gives the server an `eth1` on the second network. */
  private layCable(bridge: Host, place: number): void {
    const { host } = this.servers[place] as Server;
    const port = `second${place}`;
    const index = String(2 * INTERFACE_INDEX + place);
    bridge.run(
      ...["ip", "link", "add", port, "index", index, "type", "veth"],
      ...["peer", "name", "eth1", "index", index, "netns", host.namespace],
    );
    bridge.ip("link", "set", port, "master", "br1", "up");
    host.ip("addr", "add", `10.45.0.${place + 1}/24`, "dev", "eth1");
    host.ip("link", "set", "eth1", "up");
  }

  /** Takes the `eth1` of a server out of the machine, or puts it in again. */
  fitSecondAdapter(server: Server, fitted: boolean): void {
    const place = this.servers.indexOf(server);
    if (fitted) this.layCable(this.requireSecond(), place);
    else server.host.ip("link", "del", "eth1");
  }

  /** The second switch forwards nothing for a server, or does again; its link stays up. */
  cutSecond(server: Server, cut: boolean): void {
    const port = `second${this.servers.indexOf(server)}`;
    this.requireSecond().run("bridge", "link", "set", "dev", port, "state", cut ? "0" : "3");
  }

  private requireSecond(): Host {
    if (this.secondSwitch === null) throw new Error("there is no second network");
    return this.secondSwitch;
  }
}
