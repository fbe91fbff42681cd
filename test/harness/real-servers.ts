/** Real `dist/wingman` daemons on a virtual network, as seen from outside. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StatusDocument } from "../../src/supervisor/status-document.ts";
import { MEASURING_PRIORITY } from "./measuring-priority.ts";
import { familyOf } from "./processes.ts";
import { scratchDirectory } from "./run-mark.ts";
import { signalAll } from "./signals.ts";
import { until } from "./until.ts";
import { type Host, VirtualNetwork } from "./virtual-network.ts";
import { AnswerWatch } from "./watch/answer-watch.ts";

export const WINGMAN = join(import.meta.dir, "../../dist/wingman");

/** No command takes longer, however busy the machine. */
const COMMAND_MS_MAX = 40_000;

/**
 * A table of four functions on two servers of 100: everything fits, and alone only the more
 * important half does.
 */
export const TABLE = {
  system: "system-test",
  keepAlive: { periodMs: 20, lostAfterPeriods: 10, recoveredAfterPeriods: 5, interfaces: ["eth0"] },
  servers: [
    { id: "a", resource: 100 },
    { id: "b", resource: 100 },
  ],
  functions: [
    { id: "announcements", required: 40, priority: 10, vips: ["10.44.1.1/16", "fd44:0:0:1::1/64"] },
    { id: "safety-video", required: 50, priority: 9, vips: ["10.44.1.2/16"] },
    { id: "map", required: 40, priority: 5, vips: ["10.44.1.3/16"] },
    { id: "games", required: 30, priority: 2, vips: ["10.44.1.4/16"] },
  ],
};

export const VIPS = TABLE.functions.flatMap(({ vips }) =>
  vips.map((vip) => vip.split("/")[0] as string),
);

const SEAT_IPV4 = "10.44.9.1";
const SEAT_IPV6 = "fd44:0:0:1::5";

/** Settings that a configuration may add to the flown one. */
interface Wanted {
  readonly maintenance?: object;
}

/** One head-end server: a namespace, its directories, and the daemon when it runs. */
export class Server {
  private daemon: Bun.Subprocess | null = null;
  /** What the kernel of this server reports about addresses, with the time of each change. */
  private monitor: Bun.Subprocess | null = null;
  /** Environment of the daemon from a service manager. */
  environment: Readonly<Record<string, string>> = {};
  /** The program that is started. */
  executable = WINGMAN;
  /** Starts the daemon in its place, with the daemon's command as its arguments. */
  launcher: readonly string[] = [];

  constructor(
    readonly id: string,
    readonly host: Host,
    private readonly directory: string,
  ) {
    mkdirSync(directory, { recursive: true });
  }

  /** Another box that is configured as the same server. */
  twin(host: Host): Server {
    return new Server(this.id, host, `${this.directory}-twin`);
  }

  get runDirectory(): string {
    return join(this.directory, "run");
  }

  get stateDirectory(): string {
    return join(this.directory, "state");
  }

  /** Its last start options. */
  get configFile(): string {
    return join(this.directory, "aircraft.json");
  }

  /** Output of the maintenance process. */
  get manageErrors(): string {
    return join(this.runDirectory, "manage.stderr");
  }

  private get logFile(): string {
    return join(this.directory, "log");
  }

  /** Its log has `text`, or gets it in time: a record may be written after what it tells of. */
  async logs(text: string): Promise<void> {
    await until(
      () => `${this.id} logs ${text}: ${this.log}`,
      () => this.log.includes(text),
    );
  }

  /** Output of the daemon. */
  get log(): string {
    return existsSync(this.logFile) ? readFileSync(this.logFile, "utf8") : "";
  }

  /** The file in which the changes of the addresses of this server are written down. */
  get addressLog(): string {
    return join(this.directory, "addresses");
  }

  /** At a measuring priority, where there is one: the times are those at which it is read. */
  watchAddresses(): void {
    const script = `chrt -f -p ${MEASURING_PRIORITY} $$ >&2; exec "$@"`;
    this.monitor = Bun.spawn(
      [
        ...[...this.host.enter, "sh", "-c", script, "sh"],
        ...["ip", "-ts", "-o", "monitor", "address"],
      ],
      { stdio: ["ignore", Bun.file(this.addressLog), "ignore"] },
    );
  }

  /** Without a console where the test names none: the machine's serial line is not the test's. */
  start(config: object, ...options: string[]): void {
    const file = this.configFile;
    const maintenance = { console: { device: null }, ...(config as Wanted).maintenance };
    writeFileSync(file, JSON.stringify({ ...config, maintenance }));
    this.daemon = Bun.spawn(
      [
        ...[...this.host.enter, ...this.launcher],
        ...[this.executable, "run", "--server", this.id, "--config", file],
        ...["--run-dir", this.runDirectory, "--state-dir", this.stateDirectory, ...options],
      ],
      {
        stdio: ["ignore", "ignore", Bun.file(this.logFile)],
        env: { ...process.env, ...this.environment },
      },
    );
  }

  /** Process id of the supervisor: `nsenter` replaces itself. */
  get pid(): number {
    if (this.daemon === null) throw new Error(`server ${this.id} does not run`);
    return this.daemon.pid;
  }

  /**
   * All processes of the daemon: the supervisor, the engine, the functions and what they started.
   */
  processes(): number[] {
    return familyOf(this.pid);
  }

  get enginePid(): number {
    return Number(/engine pid (\d+)/.exec(this.command("status").out)?.[1]);
  }

  /** Ends the daemon and gives its exit code; null when a signal killed it. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const { daemon } = this;
    if (daemon === null) return null;
    this.daemon = null;
    daemon.kill(signal);
    await daemon.exited;
    return daemon.signalCode === null ? daemon.exitCode : null;
  }

  async exited(): Promise<number | null> {
    await this.daemon?.exited;
    return this.daemon?.exitCode ?? null;
  }

  get isRunning(): boolean {
    return this.daemon !== null && this.daemon.exitCode === null && this.daemon.signalCode === null;
  }

  command(name: string, ...args: string[]): { code: number; out: string; err: string } {
    const command = [WINGMAN, name, "--run-dir", this.runDirectory, ...args];
    const limits = { timeout: COMMAND_MS_MAX, killSignal: "SIGKILL" } as const;
    const { exitCode, stdout, stderr, signalCode } = Bun.spawnSync(command, limits);
    if (signalCode === "SIGKILL") throw new Error(`${command.join(" ")} goes on for ever`);
    return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
  }

  /** The aircraft is on ground from now on. */
  land(): void {
    mkdirSync(this.runDirectory, { recursive: true });
    writeFileSync(join(this.runDirectory, "on-ground"), "1\n");
  }

  /** `wingman drain` by an operator on ground, even if functions stop. */
  drain(...options: string[]): { code: number; out: string; err: string } {
    this.land();
    return this.command("drain", "--confirm", ...options);
  }

  /** The state, or null while there is none to be had. */
  state(): StatusDocument | null {
    const { code, out } = this.command("status", "--json");
    return code === 0 ? (JSON.parse(out) as StatusDocument) : null;
  }

  /** VIPs of the table that are up in this server's kernel. */
  vips(): string[] {
    return this.host.addresses().flatMap((address) => {
      const [plain = ""] = address.split("/");
      return VIPS.includes(expand(plain)) || VIPS.includes(plain) ? [plain] : [];
    });
  }

  async end(): Promise<void> {
    const family = this.isRunning ? this.processes() : [];
    await this.stop("SIGKILL");
    signalAll(family, "SIGKILL"); // one that the test has stopped sees nothing of the others' end
    this.monitor?.kill();
    await this.monitor?.exited;
  }
}

function expand(address: string): string {
  return address === "fd44:0:0:1::1"
    ? address
    : address.replace("fd44::1:0:0:0:1", "fd44:0:0:1::1");
}

/** Two servers and a seat on one switch. */
export class Flight {
  private readonly network = new VirtualNetwork();
  private readonly directory = scratchDirectory("system");
  readonly a = new Server(
    "a",
    this.network.addHost("10.44.0.1/16", "fd44:0:0:1::a/64"),
    join(this.directory, "a"),
  );
  readonly b = new Server(
    "b",
    this.network.addHost("10.44.0.2/16", "fd44:0:0:1::b/64"),
    join(this.directory, "b"),
  );
  readonly seat = this.network.addHost(`${SEAT_IPV4}/16`, `${SEAT_IPV6}/64`);

  /** One more host on the switch. */
  addHost(...addresses: string[]): Host {
    return this.network.addHost(...addresses);
  }

  /** Both active, each seeing the other alive, and agreed about every owner. */
  async settled(): Promise<[StatusDocument, StatusDocument]> {
    const told = (): string => `both servers are active and agree${this.told()}`;
    return await until(told, () => {
      const [a, b] = [this.a.state(), this.b.state()];
      if (a === null || b === null || a.phase !== "active" || b.phase !== "active") return null;
      const starting = [...a.functions, ...b.functions].some(
        ({ state }) => state === "starting" || state === "stopping",
      );
      const agreed = JSON.stringify(ownersOf(a)) === JSON.stringify(ownersOf(b));
      return !starting && agreed ? ([a, b] as [StatusDocument, StatusDocument]) : null;
    });
  }

  /** The same, with function `id` on server `owner`. */
  async settledWith(id: string, owner: string): Promise<[StatusDocument, StatusDocument]> {
    await this.settled();
    return await until(
      () => `${id} is on ${owner}${this.told()}`,
      () => {
        const [a, b] = [this.a.state(), this.b.state()];
        if (a === null || b === null) return null;
        const isThere = [a, b].every((state) => ownersOf(state)[id] === owner);
        return isThere ? ([a, b] as [StatusDocument, StatusDocument]) : null;
      },
    );
  }

  /** The servers' own reports, for the error of a failed wait. */
  private told(): string {
    return [this.a, this.b]
      .map((server) => {
        const { code, out, err } = server.command("status");
        return `\n== ${server.id}: status ends with ${code}\n${out}${err}${server.log.slice(-4000)}`;
      })
      .join("");
  }

  /** Watches from now on which server answers for each of {@link VIPS}: server 0 is a, 1 is b. */
  async watchAnswers(): Promise<AnswerWatch> {
    const servers = [this.a, this.b].map(({ host }) => ({
      port: host.port,
      hardware: host.hardwareAddress(),
    }));
    const seat = { hardware: this.seat.hardwareAddress(), ipv4: SEAT_IPV4, ipv6: SEAT_IPV6 };
    return await AnswerWatch.start(this.network.enter, { servers, vips: VIPS, seat });
  }

  /** For a state that must be there. */
  fail(): never {
    throw new Error("a daemon gives no status");
  }

  async close(): Promise<void> {
    await this.a.end();
    await this.b.end();
    this.network.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function ownersOf(state: StatusDocument): Record<string, string | null> {
  return Object.fromEntries(state.functions.map(({ id, owner }) => [id, owner]));
}

/**
 * When each address was up on each server, from what their kernels reported; and every moment at
 * which one VIP was up on two. The reports carry the time of one clock in microseconds.
 */
export function addressesUpTwice(servers: readonly Server[]): string[] {
  const changes = servers.flatMap((server) =>
    readFileSync(server.addressLog, "utf8")
      .split("\n")
      .flatMap((line) => {
        const match = /^\[([^\]]+)\] (Deleted )?.*inet6? (\S+?)\/\d+/.exec(line);
        if (match === null) return [];
        const [, time = "", deleted, address = ""] = match;
        return [{ time, server: server.id, address, up: deleted === undefined }];
      }),
  );
  changes.sort((one, other) =>
    one.time < other.time ? -1 : one.time > other.time ? 1 : Number(one.up) - Number(other.up),
  );
  const holders = new Map<string, Set<string>>();
  const twice: string[] = [];
  for (const { time, server, address, up } of changes) {
    if (!VIPS.includes(address) && !VIPS.includes(expand(address))) continue;
    const set = holders.get(address) ?? new Set<string>();
    holders.set(address, set);
    if (up) set.add(server);
    else set.delete(server);
    if (set.size > 1) twice.push(`${time} ${address} on ${[...set].join(" and ")}`);
  }
  if (changes.length === 0) throw new Error("nothing was seen: the address monitor did not work");
  return twice;
}
