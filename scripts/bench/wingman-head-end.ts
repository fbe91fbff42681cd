/** Wingman on both servers: the flight executable with its own scheduling. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VIPS_PER_FUNCTION_MAX } from "../../src/limits.ts";
import { runCommand } from "../../src/rig/command-run.ts";
import { readServerView, type ServerView } from "../../src/rig/status-file.ts";
import type { StatusDocument } from "../../src/supervisor/status-document.ts";
import { INTERFACE, type Machine } from "./bench-network.ts";
import {
  type HeadEnd,
  LOST_AFTER_PERIODS,
  LOST_AFTER_PERIODS_WITH_LEASE,
  lastLines,
  PERIOD_MS,
} from "./head-end.ts";

const IDS = ["a", "b"] as const;
const KEY_FILE = "keep-alive.key";
const KEY_BYTES = 32;

const WITHOUT = join(import.meta.dir, "../../test/children/without.ts");

export class WingmanHeadEnd implements HeadEnd {
  readonly system = `bench-${process.pid}`;
  private readonly configFile: string;
  private vips: readonly string[] = [];
  private starts = 0;
  private runDirectories: string[] = [];

  constructor(
    private readonly executable: string,
    private readonly directory: string,
    readonly name = "wingman",
    /** With the kernel's lease on its VIPs, which needs a longer detection time. */
    private readonly lease = false,
    /** Whether keep-alives are authenticated. */
    private readonly isKeyed = false,
  ) {
    this.configFile = join(directory, lease ? "wingman-lease.json" : "wingman.json");
  }

  prepare(vips: readonly string[]): void {
    this.vips = vips;
    const functions = [];
    for (let first = 0; first < vips.length; first += VIPS_PER_FUNCTION_MAX) {
      const own = vips.slice(first, first + VIPS_PER_FUNCTION_MAX).map((vip) => `${vip}/16`);
      functions.push({ id: `f${functions.length}`, required: 1, priority: 5, vips: own });
    }
    const lostAfterPeriods = this.lease ? LOST_AFTER_PERIODS_WITH_LEASE : LOST_AFTER_PERIODS;
    const config = {
      system: this.system,
      keepAlive: {
        ...{ periodMs: PERIOD_MS, lostAfterPeriods, interfaces: [INTERFACE] },
        keyFile: this.isKeyed ? KEY_FILE : null,
      },
      // No lease fits the detection time of 30 ms used for the comparison with keepalived.
      clients: { interface: INTERFACE, lease: this.lease ? "required" : "off" },
      // The first server always has more left than the second: it gets everything.
      servers: [
        { id: IDS[0], resource: 1_000_000 },
        { id: IDS[1], resource: 1_000 },
      ],
      functions,
    };
    writeFileSync(this.configFile, JSON.stringify(config));
    writeFileSync(
      join(this.directory, KEY_FILE),
      crypto.getRandomValues(new Uint8Array(KEY_BYTES)),
      { mode: 0o600 },
    );
  }

  start(machine: Machine, index: number): void {
    const own = join(this.directory, `${this.lease ? "l" : "w"}${this.starts++}`);
    mkdirSync(own);
    this.runDirectories[index] = own;
    const without = process.env.BENCH_WITHOUT ?? "";
    machine.start(
      [
        ...(without === "" ? [] : [process.execPath, WITHOUT, without]),
        ...[this.executable, "run", "--server", IDS[index] as string, "--config", this.configFile],
        ...["--run-dir", own, "--state-dir", join(own, "state")],
      ],
      join(own, "log"),
    );
  }

  async isSettled(machines: readonly Machine[]): Promise<boolean> {
    return this.isOwnedBy(0, machines);
  }

  async ownerIn(machines: readonly [Machine, Machine]): Promise<number | null> {
    const owner = this.view(0)?.functions[0]?.owner ?? -1;
    if (owner < 0 || !this.isOwnedBy(owner, machines)) return null;
    // The state may be the last one of an engine that has ended: its addresses went with it.
    return (machines[owner] as Machine).addresses().has(this.vips[0] as string) ? owner : null;
  }

  private isOwnedBy(server: number, machines: readonly Machine[]): boolean {
    const views = machines.map((_, index) => this.view(index));
    const all = views.every((view) =>
      view?.functions.every(({ owner, state }) => owner === server && state === "running"),
    );
    const heard =
      machines.length === 1 ||
      (views[0]?.servers[1] === "alive" && views[1]?.servers[0] === "alive");
    return all && heard && views.every((view) => view?.phase === "active");
  }

  lastWords(index: number): string {
    const view = this.view(index);
    const serving = view?.functions.filter(({ state }) => state === "running").length ?? 0;
    const seen =
      view === null
        ? "no status"
        : `phase ${view.phase}, ${serving} of ${view.functions.length} running`;
    return `${seen} | ${lastLines(join(this.runDirectories[index] as string, "log"))}`;
  }

  async depart(): Promise<void> {
    const runDirectory = this.runDirectories[0] as string;
    writeFileSync(join(runDirectory, "on-ground"), "1\n");
    await runCommand([this.executable, "drain", "--confirm", "--run-dir", runDirectory]);
  }

  /** Lateness in µs of the period begins of server `index`, since its start. */
  async lateness(index = 0): Promise<StatusDocument["keepAlive"]["lateUs"]> {
    const directory = this.runDirectories[index] as string;
    const text = await runCommand([this.executable, "status", "--json", "--run-dir", directory]);
    return (JSON.parse(text) as StatusDocument).keepAlive.lateUs;
  }

  private view(index: number): ServerView | null {
    return readServerView(join(this.runDirectories[index] as string, "status"));
  }
}
