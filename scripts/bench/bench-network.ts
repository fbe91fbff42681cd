import { RuntimeError } from "../../src/command-line/errors.ts";
import { tryCommand } from "../../src/rig/command-run.ts";

/** Two servers and a client on one switch, and the benchmarks' actions on them. */

import { waitFor } from "../../src/rig/condition.ts";
import { cleanEnvironment } from "../../src/supervisor/own-executable.ts";
import { signalAll } from "../../test/harness/signals.ts";
import { type Host, VirtualNetwork } from "../../test/harness/virtual-network.ts";
import { AnswerWatch } from "../../test/harness/watch/answer-watch.ts";
import type { CleanUp } from "./clean-up.ts";

export const INTERFACE = "eth0";

const DEATH_DEADLINE_MS = 5000;
/** Benchmarks only use IPv4. */
const UNUSED_IPV6 = "::";

export class Machine {
  constructor(
    readonly label: string,
    readonly host: Host,
    /** Its own address in the client network. */
    readonly address: string,
  ) {}

  /** Command prefix that runs a program on this machine; the program keeps the process number. */
  get enter(): string[] {
    return this.host.enter;
  }

  /** Every process on this machine. */
  processes(): number[] {
    return this.host.processes();
  }

  /** Starts a background program; its output goes to `log`. */
  start(command: readonly string[], log: string): Bun.Subprocess {
    const output = Bun.file(log);
    return Bun.spawn([...this.enter, ...command], {
      stdio: ["ignore", output, output],
      env: cleanEnvironment(),
    });
  }

  /** Addresses on the client interface, without prefix length. */
  addresses(): Set<string> {
    return new Set(this.host.addresses(INTERFACE).map((address) => address.split("/")[0] ?? ""));
  }

  /** SIGKILL to every process on this machine; waits until all are gone. */
  async killAll(): Promise<void> {
    signalAll(this.processes(), "SIGKILL");
    const areGone = await waitFor(DEATH_DEADLINE_MS, () => this.processes().length === 0);
    if (!areGone) throw new RuntimeError(`processes in ${this.host.namespace} outlived SIGKILL`);
  }
}

export class BenchNetwork {
  readonly client: Machine;
  readonly servers: readonly [Machine, Machine];

  private constructor(private readonly network: VirtualNetwork) {
    const machine = (label: string, number: number): Machine => {
      const address = `10.99.0.${number}`;
      return new Machine(label, network.addHost(`${address}/16`), address);
    };
    this.servers = [machine("a", 1), machine("b", 2)];
    this.client = machine("c", 100);
  }

  /** @throws RuntimeError when the machine does not permit it */
  static create(cleanUp: CleanUp): BenchNetwork {
    if (process.getuid?.() !== 0)
      throw new RuntimeError("network namespaces: this user is not root");
    try {
      const network = new VirtualNetwork(false);
      cleanUp.defer(() => network.close());
      const bench = new BenchNetwork(network);
      cleanUp.defer(() => bench.killAtOnce());
      return bench;
    } catch (error) {
      throw new RuntimeError((error as Error).message);
    }
  }

  /** Watches which of the servers answers for each of `vips`. */
  async watch(vips: readonly string[]): Promise<AnswerWatch> {
    return await AnswerWatch.start(this.network.enter, {
      servers: this.servers.map(({ host }) => ({
        port: host.port,
        hardware: host.hardwareAddress(),
      })),
      vips: [...vips],
      seat: {
        hardware: this.client.host.hardwareAddress(),
        ipv4: this.client.address,
        ipv6: UNUSED_IPV6,
      },
    });
  }

  /**
   * State after a fresh boot of both servers: no process, only their own addresses, no packet
   * filter, and nobody has cached them.
   */
  async renew(): Promise<void> {
    for (const server of this.servers) {
      await server.killAll();
      this.network.renew(server.host, `${server.address}/16`);
    }
    this.client.host.ip("neigh", "flush", "all");
  }

  /**
   * Power off, as the network sees it: the cable is dead from one instant on, and no process of the
   * machine survives to send anything when it comes back. The cable goes first: a killed program
   * sends nothing, and one that notices the dead cable cannot be heard.
   */
  async powerOff(server: Machine): Promise<void> {
    const processes = server.processes();
    server.host.plug(false);
    signalAll(processes, "SIGKILL");
    await server.killAll();
  }

  private killAtOnce(): void {
    for (const machine of [...this.servers, this.client]) signalAll(machine.processes(), "SIGKILL");
  }
}

/** Whether `program` can be started here. */
export async function isInstalled(program: string, ...probe: string[]): Promise<boolean> {
  if (Bun.which(program) === null) return false;
  return (await tryCommand([program, ...probe])).exitCode === 0;
}
