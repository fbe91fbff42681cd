/**
 * Two servers and a client, each in a network namespace of its own, joined by a bridge in a fourth
 * one. The machine's own network is never touched, and everything vanishes with the namespaces,
 * whose names belong to this run.
 */
import { statSync } from "node:fs";
import { RuntimeError } from "../../src/commands/errors.ts";
import { runCommand, tryCommand } from "../../src/rig/command-run.ts";
import { waitFor } from "../../src/rig/condition.ts";
import { processesIn } from "../../src/rig/process-table.ts";
import { cleanEnvironment } from "../../src/supervisor/own-executable.ts";
import { runName } from "../../test/harness/run-mark.ts";
import { signalAll } from "../../test/harness/signals.ts";
import { AnswerWatch } from "../../test/harness/watch/answer-watch.ts";
import type { CleanUp } from "./clean-up.ts";

export const INTERFACE = "eth0";

const DEATH_DEADLINE_MS = 5000;
const UNKNOWN_NAMESPACE = "";
/** Benchmarks use IPv4 alone. */
const UNUSED_IPV6 = "::";

/** One end of a cable to the bridge. */
export class Machine {
  readonly namespace: string;
  /** The bridge's end of its cable. */
  readonly port: string;
  /** Its own address in the client network. */
  readonly address: string;
  /** Of its client interface. */
  readonly hardware: number[];
  private identity = UNKNOWN_NAMESPACE;

  constructor(
    readonly label: string,
    readonly number: number,
  ) {
    this.namespace = namespaceName(label);
    this.port = `port-${label}`;
    this.address = `10.99.0.${number}`;
    this.hardware = [0x02, 0x57, 0x42, 0, 0, number];
  }

  /**
   * Command prefix that runs a program on this machine; the program keeps the number of the
   * process.
   */
  get enter(): string[] {
    return ["nsenter", `--net=/run/netns/${this.namespace}`];
  }

  /** Every process on this machine. */
  processes(): number[] {
    if (this.identity === UNKNOWN_NAMESPACE) {
      this.identity = `net:[${statSync(`/run/netns/${this.namespace}`).ino}]`;
    }
    return processesIn(new Set([this.identity]));
  }

  /** Its namespace was made anew. */
  forgetIdentity(): void {
    this.identity = UNKNOWN_NAMESPACE;
  }

  /** Starts a program that stays; its output goes to `log`. */
  start(command: readonly string[], log: string): Bun.Subprocess {
    const output = Bun.file(log);
    return Bun.spawn([...this.enter, ...command], {
      stdio: ["ignore", output, output],
      env: cleanEnvironment(),
    });
  }

  /** Addresses on the client interface, without prefix length. */
  async addresses(): Promise<Set<string>> {
    const json = await runCommand([
      "ip",
      "-n",
      this.namespace,
      "-json",
      "-4",
      "addr",
      "show",
      "dev",
      INTERFACE,
    ]);
    const links = JSON.parse(json) as { addr_info?: { local?: string }[] }[];
    return new Set(
      links.flatMap(({ addr_info }) => (addr_info ?? []).flatMap(({ local }) => local ?? [])),
    );
  }

  /** SIGKILL to every process on this machine; waits until all are gone. */
  async killAll(): Promise<void> {
    signalAll(this.processes(), "SIGKILL");
    const areGone = await waitFor(DEATH_DEADLINE_MS, () => this.processes().length === 0);
    if (!areGone) throw new RuntimeError(`processes in ${this.namespace} outlived SIGKILL`);
  }
}

export class BenchNetwork {
  readonly client: Machine;
  readonly servers: readonly [Machine, Machine];
  private readonly bridge: string;

  private constructor(name: string) {
    this.servers = [new Machine(`${name}a`, 1), new Machine(`${name}b`, 2)];
    this.client = new Machine(`${name}c`, 100);
    this.bridge = namespaceName(`${name}n`);
  }

  /**
   * `name`: some letters, when there is to be more than one at a time.
   *
   * @throws RuntimeError when the machine does not let us
   */
  static async create(cleanUp: CleanUp, name = ""): Promise<BenchNetwork> {
    if (process.getuid?.() !== 0)
      throw new RuntimeError("network namespaces: this user is not root");
    const network = new BenchNetwork(name);
    for (const namespace of [
      network.bridge,
      ...network.machines.map((machine) => machine.namespace),
    ]) {
      await addNamespace(namespace);
      cleanUp.defer(() => removeNamespace(namespace));
    }
    cleanUp.defer(() => network.killAtOnce());
    // Without multicast snooping keep-alives reach every port at once; without spanning tree ports
    // forward at once.
    await network.onBridge(
      "link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
      "link set br0 addrgenmode none up",
    );
    for (const machine of network.machines) await network.connect(machine);
    return network;
  }

  get machines(): readonly Machine[] {
    return [...this.servers, this.client];
  }

  /** Watches which of the servers answers for each of `vips`. */
  async watch(vips: readonly string[]): Promise<AnswerWatch> {
    const enter = ["nsenter", `--net=/run/netns/${this.bridge}`];
    return await AnswerWatch.start(enter, {
      servers: this.servers.map(({ port, hardware }) => ({ port, hardware })),
      vips: [...vips],
      seat: { hardware: this.client.hardware, ipv4: this.client.address, ipv6: UNUSED_IPV6 },
    });
  }

  /**
   * As after a fresh boot of both servers: no process, no address but their own, no packet filter,
   * and nobody remembers them.
   */
  async renew(): Promise<void> {
    for (const server of this.servers) {
      await server.killAll();
      await this.onBridge(`link del ${server.port}`);
      await runCommand(["ip", "netns", "del", server.namespace]);
      await addNamespace(server.namespace);
      server.forgetIdentity();
      await this.connect(server);
    }
    await runCommand(["ip", "-n", this.client.namespace, "neigh", "flush", "all"]);
  }

  /**
   * Power off, as the network sees it: the cable is dead from one instant on, and no process of the
   * machine lives to send anything when it comes back. In that order: a program that is killed says
   * nothing, and one that notices the dead cable cannot be heard.
   */
  async powerOff(server: Machine): Promise<void> {
    const processes = server.processes();
    await this.onBridge(`link set ${server.port} down`);
    signalAll(processes, "SIGKILL");
    await server.killAll();
  }

  private async connect(machine: Machine): Promise<void> {
    const hardware = machine.hardware.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
    await this.onBridge(
      `link add ${machine.port} type veth peer name ${INTERFACE} address ${hardware} netns ${machine.namespace}`,
      `link set ${machine.port} addrgenmode none`,
      `link set ${machine.port} master br0 up`,
    );
    const lines = [
      `link set ${INTERFACE} addrgenmode none`,
      `addr add ${machine.address}/16 dev ${INTERFACE}`,
      `link set ${INTERFACE} up`,
    ];
    await runCommand(["ip", "-n", machine.namespace, "-batch", "-"], `${lines.join("\n")}\n`);
  }

  private async onBridge(...lines: string[]): Promise<void> {
    await runCommand(["ip", "-n", this.bridge, "-batch", "-"], `${lines.join("\n")}\n`);
  }

  private killAtOnce(): void {
    for (const machine of this.machines) signalAll(machine.processes(), "SIGKILL");
  }
}

/** Whether `program` can be started here. */
export async function isInstalled(program: string, ...probe: string[]): Promise<boolean> {
  if (Bun.which(program) === null) return false;
  return (await tryCommand([program, ...probe])).exitCode === 0;
}

const namespaceName = (label: string): string => runName(`${process.pid}${label}`);

async function addNamespace(namespace: string): Promise<void> {
  await runCommand(["ip", "netns", "add", namespace]);
  await runCommand(["ip", "-n", namespace, "link", "set", "lo", "up"]);
}

function removeNamespace(namespace: string): void {
  const { exitCode, stderr } = Bun.spawnSync(["ip", "netns", "del", namespace], { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(stderr.toString().trim());
}
