/**
 * One head-end server of the virtual aircraft: its own network, process and mount namespaces, in
 * which the real `wingman run` works. Switching its power off ends the first process of its process
 * namespace: the kernel then kills all the others at once.
 */
import { mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../command-line/errors.ts";
import { cleanEnvironment } from "../supervisor/own-executable.ts";
import { signalProcess } from "../supervisor/process-group.ts";
import type { InterfaceAddresses } from "./address-plan.ts";
import { type CommandResult, runCommand, tryCommand } from "./command-run.ts";
import { waitFor } from "./condition.ts";
import { enterNetwork, type GroundNetwork } from "./ground-network.ts";
import { argumentsOf, childrenOf, namespaceOf, processesIn, programOf } from "./process-table.ts";
import { readServerView, type ServerView } from "./status-file.ts";

/**
 * Keeps the namespaces, and collects orphaned processes, like the first process of every machine.
 */
const FIRST_PROCESS = ["sh", "-c", "sleep 2147483647 & wait"];

const START_DEADLINE_MS = 10_000;
const STOP_DEADLINE_MS = 70_000;

/** `off`: no power; `stopped`: no wingman run; `paused`: its processes are stopped. */
export type MachineState = "off" | "stopped" | "paused" | "on";

export interface ServerSite {
  network: GroundNetwork;
  interfaces: readonly InterfaceAddresses[];
  /** Command of the flight executable. */
  wingman: readonly string[];
  configFile: string;
  /** Directory for all files of this server. */
  directory: string;
}

export class VirtualServer {
  readonly label: string;
  readonly runDirectory: string;
  readonly stateDirectory: string;
  readonly logFile: string;
  #holder: Bun.Subprocess | null = null;
  #firstPid = 0;
  #daemon: Bun.Subprocess | null = null;
  #isPaused = false;

  constructor(
    readonly id: string,
    readonly index: number,
    readonly site: ServerSite,
  ) {
    this.label = `s${index}`;
    this.runDirectory = join(site.directory, "run");
    this.stateDirectory = join(site.directory, "state");
    this.logFile = join(site.directory, "log");
    for (const directory of [this.runDirectory, this.stateDirectory])
      mkdirSync(directory, { recursive: true });
  }

  get isOn(): boolean {
    return this.#holder !== null;
  }

  /** Whether the daemon is running: its power is on and it was not stopped. */
  get isServing(): boolean {
    return this.#daemon !== null;
  }

  /** State of the machine: `on` does not describe the daemon. */
  get machine(): MachineState {
    if (!this.isOn) return "off";
    if (!this.isServing) return "stopped";
    return this.#isPaused ? "paused" : "on";
  }

  /** First process of the server, in all its namespaces. */
  get pid(): number {
    return this.#firstPid;
  }

  /** Makes the namespaces and connects the cables; {@link startDaemon} starts the daemon. */
  async powerOn(): Promise<void> {
    const holder = Bun.spawn(
      [
        "unshare",
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        ...FIRST_PROCESS,
      ],
      { stdio: ["ignore", "ignore", "ignore"], env: cleanEnvironment() },
    );
    this.#holder = holder;
    const isReady = await waitFor(START_DEADLINE_MS, () => {
      this.#firstPid = childrenOf(holder.pid)[0] ?? 0;
      // Only once it runs its own program does it have its own /proc.
      return this.#firstPid !== 0 && programOf(this.#firstPid) === FIRST_PROCESS[0];
    });
    if (!isReady) throw new RuntimeError(`server ${this.id}: its namespaces could not be made`);
    await this.site.network.connect({
      label: this.label,
      pid: this.#firstPid,
      interfaces: this.site.interfaces,
      number: this.index,
      routes: [],
    });
  }

  /** The ground rig is on ground: actions that stop functions are allowed. */
  standOnGround(): void {
    writeFileSync(join(this.runDirectory, "on-ground"), "1\n");
  }

  /** Until it is started again or put on ground. */
  takeOff(): void {
    writeFileSync(join(this.runDirectory, "on-ground"), "0\n");
  }

  /** Starts `wingman run`. */
  startDaemon(): void {
    this.#isPaused = false;
    this.standOnGround();
    const log = openSync(this.logFile, "a", 0o600);
    const daemon = Bun.spawn(
      [
        ...this.#enter(),
        ...this.site.wingman,
        "run",
        ...["--server", this.id, "--config", this.site.configFile],
        ...["--state-dir", this.stateDirectory, "--run-dir", this.runDirectory],
      ],
      { stdio: ["ignore", log, log], env: cleanEnvironment() },
    );
    this.#daemon = daemon;
    void daemon.exited.then(() => {
      if (this.#daemon === daemon) this.#daemon = null;
    });
  }

  /** Power off: the links go down, then every process is killed, and the machine is gone. */
  async powerOff(): Promise<void> {
    if (this.#holder === null) return;
    await this.site.network.unplug(this.label);
    this.cutPower();
    await this.awaitEnd();
  }

  /**
   * Sends SIGKILL to its first process: the kernel ends all the others. {@link awaitEnd} cleans up
   * the rest of the machine.
   */
  cutPower(): void {
    if (this.#firstPid > 1) signalProcess(this.#firstPid, "SIGKILL");
  }

  /** Waits until the machine whose power was cut is gone with its namespaces and cables. */
  async awaitEnd(): Promise<void> {
    const holder = this.#holder;
    if (holder === null) return;
    this.#wakeKeepers(); // the machine is not gone before they have noticed
    await holder.exited;
    this.#isPaused = false;
    await this.#daemon?.exited;
    this.#holder = null;
    this.#daemon = null;
    this.#firstPid = 0;
    await this.site.network.remove(this.label);
  }

  /** Orderly stop: SIGTERM to `wingman run`. Returns its exit code. */
  async stopDaemon(): Promise<number> {
    const daemon = this.#daemon;
    if (daemon === null) throw new RuntimeError(`server ${this.id} is not running`);
    const [pid] = childrenOf(daemon.pid);
    if (pid === undefined) throw new RuntimeError(`server ${this.id}: wingman run is not there`);
    signalProcess(pid, "SIGTERM");
    const isOver = await waitFor(
      STOP_DEADLINE_MS,
      () => daemon.exitCode !== null || daemon.signalCode !== null,
    );
    if (!isOver) throw new RuntimeError(`server ${this.id}: wingman run did not end after SIGTERM`);
    return await daemon.exited;
  }

  /** SIGSTOP to every process of the server: it neither runs nor ends, like a hung machine. */
  pause(): void {
    for (const pid of this.processes()) signalProcess(pid, "SIGSTOP");
    this.#isPaused = true;
  }

  /** SIGCONT to every process of the server. */
  goOn(): void {
    for (const pid of this.processes()) signalProcess(pid, "SIGCONT");
    this.#wakeKeepers();
    this.#isPaused = false;
  }

  /** SIGKILL to the engine only. Returns whether there was one. */
  killEngine(): boolean {
    const pid = this.processes().find((candidate) => argumentsOf(candidate).includes("engine"));
    if (pid === undefined) return false;
    signalProcess(pid, "SIGKILL");
    return true;
  }

  /** Every process of the server except the first and its keeper. */
  processes(): number[] {
    const namespace = namespaceOf(this.#firstPid, "pid");
    if (namespace === null) return [];
    return processesIn("pid", namespace).filter(
      (pid) => pid !== this.#firstPid && programOf(pid) !== "sleep",
    );
  }

  /** The engine's snapshot; null while the daemon is not running or has not written one. */
  view(): ServerView | null {
    return this.isServing ? readServerView(join(this.runDirectory, "status")) : null;
  }

  /** Runs a command of the flight executable with `--run-dir` on this server, such as `drain`. */
  async command(name: string, ...args: string[]): Promise<CommandResult> {
    return await this.run(...this.site.wingman, name, "--run-dir", this.runDirectory, ...args);
  }

  /** Runs any program on this server to its end. */
  async run(...command: string[]): Promise<CommandResult> {
    return await tryCommand([...this.#enter(), ...command]);
  }

  /** Addresses of the client interface in the kernel, without prefix length. */
  async addresses(interfaceName: string): Promise<string[]> {
    const json = await runCommand([
      ...enterNetwork(this.#firstPid),
      "ip",
      "-json",
      "addr",
      "show",
      "dev",
      interfaceName,
    ]);
    const links = JSON.parse(json) as { addr_info?: { local?: string }[] }[];
    return links.flatMap((link) =>
      (link.addr_info ?? []).flatMap(({ local }) => (local === undefined ? [] : [local])),
    );
  }

  /**
   * Each `nsenter` stops itself with its child, and does not notice the child's end until it is
   * continued itself.
   */
  #wakeKeepers(): void {
    const [program = "", ...target] = this.#enter();
    for (const pid of childrenOf(process.pid)) {
      const found = argumentsOf(pid);
      if (
        found[0] === program &&
        target.every((argument, index) => argument === found[index + 1])
      ) {
        signalProcess(pid, "SIGCONT");
      }
    }
  }

  #enter(): string[] {
    const pid = String(this.#firstPid);
    return ["nsenter", "--target", pid, "--net", "--mount", "--pid", "--"];
  }
}
